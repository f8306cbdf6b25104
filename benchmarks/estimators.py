"""Which of scikit-learn's classifiers and regressors are served, how, and how fast.

Every one is packed as a user would pack it, loaded, and asked its held-out rows beside the
pipeline itself.  Writes docs/estimators.md; only its latencies differ from run to run.
"""

import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import spyhop
from benchmarks.estimator_cases import Case, cases
from benchmarks.estimator_table import page
from spyhop.core.answers import predictions
from spyhop.core.parity import compare
from spyhop.engines.fitted import answer_spec
from spyhop.engines.sklearn import pipeline_outputs
from spyhop.tables import TableView

PAGE = Path(__file__).parent.parent / "docs" / "estimators.md"
CALLS = 25


@dataclass(frozen=True)
class Found:
    """What became of one case.

    `strategy` is empty where no engine serves it, `unfittable` where there is nothing to serve;
    `why` says why not, or why not by a graph.  Times are medians for one row, in ms.
    """

    case: Case
    strategy: str = ""
    worst: float = 0.0
    labels_equal: bool = False
    served_equal: bool = False
    why: str = ""
    unfittable: bool = False
    own_ms: float = 0.0
    served_ms: float = 0.0


def main() -> None:
    """Pack everything, say so line by line, and write the page."""
    chosen, found = set(sys.argv[1:]), []
    for case in cases():
        if chosen and case.name not in chosen:
            continue
        started = time.perf_counter()
        found.append(tried(case))
        took = time.perf_counter() - started
        last = found[-1]
        print(f"{case.name:32} {case.data:14} {last.strategy or '-':15} {took:5.1f} s  {last.why}")
    if not chosen:
        PAGE.write_text(page(found), encoding="utf-8")


def tried(case: Case) -> Found:
    """Return what became of `case`; whatever it raises becomes a line of the table."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            case.pipeline.fit(*case.train)
            answer_spec(case.pipeline)
        except Exception as error:  # an estimator raises what it likes
            return Found(case, why=first_line(error), unfittable=True)
        try:
            return served(case)
        except Exception as error:  # and one that fails must not stop the others
            return Found(case, why=first_line(error))


def served(case: Case) -> Found:
    """Return how the packed and loaded model answers the held-out rows, and how fast."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "bundle"
        bundle = spyhop.pack(
            case.pipeline, name="coverage", train=case.train, test=case.test, out=out
        )
        model = spyhop.load(out)
    view, answers = TableView(case.test[0]), bundle.answers
    rows = view.rows(range(len(view)))
    expected = predictions(pipeline_outputs(case.pipeline, case.test[0], answers), answers)
    assert bundle.parity is not None
    tolerance, scale = bundle.parity.tolerance, bundle.parity.scale
    parity = compare(expected, model.predict(rows), answers, tolerance, scale)
    ask = getattr(case.pipeline, "predict_proba", case.pipeline.predict)
    one = case.test[0][:1]
    return Found(
        case,
        strategy=bundle.strategy,
        worst=bundle.parity.worst_difference,
        labels_equal=not parity.labels_differ,
        served_equal=parity.holds,
        why=reasons(bundle),
        own_ms=median_ms(lambda: ask(one)),
        served_ms=median_ms(lambda: model.predict(rows[:1])),
    )


def reasons(bundle: spyhop.Bundle) -> str:
    """Return why the float64 graph was not taken, if it was not."""
    return bundle.not_chosen.get("onnx float64", "")


def first_line(error: Exception) -> str:
    """Return the beginning of what an exception says."""
    lines: Iterator[str] = iter(str(error).strip().splitlines())
    return f"{type(error).__name__}: {' '.join(lines)}"[:600]


def median_ms(call: Callable[[], Any]) -> float:
    """Return how long `call` usually takes, after one call to warm up."""
    call()
    times = []
    for _ in range(CALLS):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return statistics.median(times) * 1e3


if __name__ == "__main__":
    main()
