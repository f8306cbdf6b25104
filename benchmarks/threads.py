"""How scoring a large batch scales with threads: `python -m benchmarks.threads`.

Each model scores the same rows on one thread and on as many as there are processors, in turns;
the answers must be equal to the last bit.
"""

import os
import tempfile
import time
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from rich.table import Table
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline

import spyhop
from benchmarks.models import FittedModel, fitted, fitted_models, gradient_boosting, mixed_table
from benchmarks.show import console, show_machine
from spyhop.core.rows import parse_rows
from spyhop.engines.onnx import OnnxEngine
from spyhop.model import Model

ROWS = 100_000
ROUNDS = 7


def main() -> None:
    """Measure every model and print what was found; ends with 1 if answers differ."""
    show_machine()
    threads = len(os.sched_getaffinity(0))
    table = Table(f"{ROWS:,} rows", box=None, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("1 thread", f"{threads} threads", "ratio"):
        table.add_column(heading, justify="right")
    with tempfile.TemporaryDirectory() as folder:
        for model in (*fitted_models(), forest()):
            for what, (one, several) in measured(model, Path(folder), threads).items():
                ratio = f"{one / several:.2f} ×"
                table.add_row(what, f"{one * 1e3:.0f} ms", f"{several * 1e3:.0f} ms", ratio)
    console.print(table)


def forest() -> FittedModel:
    """Return a random forest on the table of the mixed model."""
    columns = gradient_boosting()[0]
    pipeline = make_pipeline(columns, RandomForestClassifier(random_state=0))
    return fitted("forest", "same table → random forest", pipeline, *mixed_table())


def measured(model: FittedModel, folder: Path, threads: int) -> dict[str, tuple[float, float]]:
    """Return the seconds on one thread and on `threads`, of the engine alone and of the rows."""
    bundle = spyhop.pack(
        model.pipeline, name=model.name, train=model.train, test=model.test, out=folder / model.name
    )
    artefact = bundle.files[bundle.artefact]
    engines = [OnnxEngine(artefact, bundle.blocks, bundle.answers, n) for n in (1, threads)]
    rows = [model.rows[i % len(model.rows)] for i in range(ROWS)]
    columns = parse_rows(rows, bundle.schema)
    if not all(map(np.array_equal, *(e.run(columns)[:2] for e in engines))):
        raise SystemExit(f"{model.name}: the answers differ; nothing was measured.")
    served = [Model(bundle, engine) for engine in engines]
    return {
        model.title: in_turns([partial(engine.run, columns) for engine in engines]),
        "  with checking and answers": in_turns([partial(one.predict, rows) for one in served]),
    }


def in_turns(calls: Any) -> tuple[float, float]:
    """Return the medians of both calls."""
    rounds = [[seconds(call) for call in calls] for _ in range(ROUNDS)]
    one, several = (median(times) for times in zip(*rounds, strict=True))
    return one, several


def seconds(call: Any) -> float:
    """Return the time of one call."""
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
