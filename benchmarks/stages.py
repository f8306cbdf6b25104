"""Where the time of a warm call goes: `python -m benchmarks.stages`.

Times each stage of a request in this process, on the models of `make bench`.  The stages take
turns, so that a busy machine slows all of them; figures are medians, with the least beside.
"""

import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

# As the doors do, before numpy is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import msgspec
from rich.table import Table

import spyhop
from benchmarks.models import MANY, FittedModel, fitted_models
from benchmarks.show import console, show_machine
from spyhop.bundle import Bundle
from spyhop.core.answers import predictions
from spyhop.core.blocks import block_feed
from spyhop.core.rows import parse_rows
from spyhop.engines import start_engine
from spyhop.http import Request, respond
from spyhop.http_reply import json_reply
from spyhop.model import start
from spyhop.row_reader import RowReader
from spyhop.service import Service
from spyhop.serving import serving_alone

ROUNDS = 50
CALLS_A_ROUND = {1: 40, MANY: 2}

Stages = dict[str, Callable[[], Any]]


def main() -> None:
    """Measure every model and print what was found."""
    show_machine()
    with tempfile.TemporaryDirectory() as folder:
        for model in fitted_models():
            out = Path(folder) / model.name
            show_stages(
                model,
                spyhop.pack(
                    model.pipeline, name=model.name, train=model.train, test=model.test, out=out
                ),
            )


def show_stages(model: FittedModel, bundle: Bundle) -> None:
    """Print the stages of one model, for one row and for many."""
    console.print(f"[bold]{model.title}")
    table = Table("stage", box=None, padding=(0, 2, 0, 0), header_style="dim")
    found = [in_turns(stages(bundle, model.rows[:n]), CALLS_A_ROUND[n]) for n in (1, MANY)]
    for heading in ("1 row", f"{MANY:,} rows"):
        table.add_column(heading, justify="right")
    for name in found[0]:
        cells = (f"{median(f[name]):.1f} µs [dim](least {min(f[name]):.1f})[/]" for f in found)
        table.add_row(name, *cells)
    console.print(table, "")


def stages(bundle: Bundle, rows: list[dict[str, Any]]) -> Stages:
    """Return each stage as a call, with what the stage before it hands over."""
    model = start(bundle)
    service = Service(lambda now: serving_alone(model))
    request = Request("POST", "/predict", body=json.dumps({"instances": rows}).encode())
    engine = start_engine(
        bundle.engine,
        bundle.artefact_body,
        schema=bundle.inputs,
        blocks=bundle.blocks,
        answers=bundle.answers,
    )
    reader = RowReader(bundle.schema)
    read, table = reader.rows(request.body), parse_rows(rows, bundle.schema)
    outputs = engine.run(table)
    answer = service.predict({"instances": rows}, "id")
    return {
        "whole request": lambda: respond(service, request),
        "  JSON to rows of known types": lambda: reader.rows(request.body),
        "  bounds checked, to columns": lambda: reader.table(read),
        "  engine": lambda: engine.run(table),
        "    of it: columns to tensors": lambda: [block_feed(table, b) for b in bundle.blocks],
        "  outputs to answers": lambda: predictions(outputs, bundle.answers),
        "  answers to JSON": lambda: json_reply(answer, "id"),
        "other forms: JSON to rows": lambda: msgspec.json.decode(request.body),
        "other forms: rows checked": lambda: parse_rows(rows, bundle.schema),
    }


def in_turns(calls: Stages, times: int) -> dict[str, list[float]]:
    """Return how many µs each call took, every time."""
    found: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name, call in calls.items():
            call()  # into the caches
            for _ in range(times):
                started = time.perf_counter_ns()
                call()
                found[name].append((time.perf_counter_ns() - started) / 1e3)
    return found


if __name__ == "__main__":
    main()
