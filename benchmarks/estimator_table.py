"""The page docs/estimators.md: what was done, one line that sums up, the table."""

import platform
from collections.abc import Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING

from benchmarks.show import cpu_model

if TYPE_CHECKING:
    from benchmarks.estimators import Found

LIBRARIES = ("scikit-learn", "skl2onnx", "onnxruntime", "numpy")

INTRODUCTION = """\
# scikit-learn's estimators, one by one

Every classifier and regressor that `sklearn.utils.all_estimators()` lists was fitted behind a
StandardScaler (what takes counts or categories behind a MinMaxScaler or a KBinsDiscretizer) with
its defaults and the few arguments that these tables ask for, packed by `spyhop.pack` and loaded:
classifiers on breast cancer (two classes) and iris (three), regressors on diabetes; 250 rows, iris
150, a third of them held out. An estimator counts as fast if it is so on every table.

*worst* is the largest difference from scikit-learn's own answers that the gate saw on held-out
rows and probes; *equal* says that the loaded model gave all held-out rows scikit-learn's labels,
and its numbers within the engine's tolerance. Latencies are medians for one row: the pipeline's
own `predict_proba` (or `predict`) on a DataFrame, and the loaded model on a row of JSON values.

    make coverage
"""

HEADER = """\
| estimator | data | engine | worst | equal | scikit-learn, ms | served, ms | ratio | why no graph |
|---|---|---|---:|---|---:|---:|---:|---|"""


def page(found: Sequence["Found"]) -> str:
    """Return the page as Markdown."""
    served = [line(one) for one in found if not one.unfittable]
    parts = [INTRODUCTION, f"{machine()}\n", f"{summary(found)}\n", HEADER, *served, ""]
    return "\n".join([*parts, *unfittable(found)])


def machine() -> str:
    """Return what the figures hold for."""
    versions = ", ".join(f"{library} {version(library)}" for library in LIBRARIES)
    return f"{cpu_model()}, Python {platform.python_version()}, {versions}."


def summary(found: Sequence["Found"]) -> str:
    """Return how many estimators were served and how; each counts by its weakest line."""
    fittable = {one.case.name for one in found if not one.unfittable}
    not_fast = {one.case.name for one in found if not one.strategy.startswith("onnx")}
    unequal = {one.case.name for one in found if not one.served_equal}
    fast, equal = fittable - not_fast - unequal, fittable - unequal
    return (
        f"**{len(fittable)} estimators: {len(fast)} ({len(fast) / len(fittable):.1%}) on the fast "
        f"engine, {len(equal)} ({len(equal) / len(fittable):.1%}) served equal by some engine.**"
    )


def line(one: "Found") -> str:
    """Return one case as a row of the table."""
    cells: tuple[str, ...] = (one.case.name, one.case.data, one.strategy or "none")
    if one.strategy:
        cells += (f"{one.worst:.0e}", "yes" if one.served_equal else "**no**")
        ratio = one.own_ms / one.served_ms
        digits = 0 if ratio >= 10 else 1
        cells += (f"{one.own_ms:.2f}", f"{one.served_ms:.3f}", f"{ratio:.{digits}f} ×")
    else:
        cells += ("", "**no**", "", "", "")
    return "| " + " | ".join((*cells, short(one.why))) + " |"


def unfittable(found: Sequence["Found"]) -> list[str]:
    """Return the list of what there was nothing to serve of."""
    lines = [
        f"- {one.case.name} on {one.case.data}: {short(one.why)}" for one in found if one.unfittable
    ]
    return ["Not fittable here, or not with one output a row:", "", *lines, ""] if lines else []


def short(reason: str) -> str:
    """Return a reason fit for a cell."""
    text = " ".join(reason.replace("|", "/").split())
    return text if len(text) <= 160 else text[:159] + "…"
