"""What was measured, as tables for a terminal of 80 columns."""

import os
import platform
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.measure import Measured, Pair
from benchmarks.models import MANY, FittedModel
from spyhop.bundle import Bundle

COLD_TARGET = 7
WARM_TARGET = 30
LIBRARIES = ("scikit-learn", "pandas", "numpy", "joblib", "onnxruntime", "awslambdaric")

console = Console(width=80, highlight=False)


def show_machine() -> None:
    """Print what the figures below hold for."""
    versions = ", ".join(f"{library} {version(library)}" for library in LIBRARIES)
    cores = os.cpu_count()
    console.print(f"[dim]{cpu_model()}, {cores} cores, Python {platform.python_version()}")
    console.print(f"[dim]{versions}\n")


def cpu_model() -> str:
    """Return the processor's name, or its architecture where Linux gives none."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def show_model(model: FittedModel, bundle: Bundle, difference: float, found: Measured) -> None:
    """Print the figures of one model; `difference` is the worst of a probability."""
    console.print(f"[bold]{model.name}: {model.title}")
    served = f"{bundle.strategy}; {MANY:,} rows: labels equal, probabilities to {difference:.0e}"
    console.print(f"[dim]served by {served}")
    if bundle.engine != "onnx":
        for strategy, reason in bundle.not_chosen.items():
            console.print(f"[dim]  not {strategy}: {reason}", no_wrap=True, overflow="ellipsis")
    table = Table("what", box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in ("plain", "spyhop", "ratio"):
        table.add_column(heading, justify="right")
    table.add_row("cold start, process", *cells(found.cold_process, "ms", 0))
    table.add_row("cold start, AWS's Lambda runtime", *cells(found.cold_runtime, "ms", 0))
    table.add_row("warm call, 1 row", *cells(found.warm_one, "ms", 3))
    table.add_row(f"warm call, {MANY:,} rows", *cells(found.warm_many, "ms", 2))
    table.add_row("peak memory, first answer", *cells(found.peak_mib, "MiB", 0))
    console.print(table, "")


def cells(pair: Pair, unit: str, digits: int) -> Iterator[str]:
    """Yield both figures and their ratio."""
    for figure in pair:
        yield f"{figure:.{digits}f} {unit}"
    yield f"{pair.ratio:.1f} ×"


def show_targets(found: dict[str, Measured]) -> None:
    """Print whether this project's targets were reached, by model name."""
    table = Table("target", box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("measured", justify="right")
    table.add_column("reached")
    for name, one in found.items():
        table.add_row(*judged(f"cold, {name}, process", one.cold_process, COLD_TARGET))
        table.add_row(*judged(f"cold, {name}, Lambda runtime", one.cold_runtime, COLD_TARGET))
    table.add_row(*judged("warm, mixed, 1 row", found["mixed"].warm_one, WARM_TARGET))
    console.print(table)


def judged(what: str, pair: Pair, least: int) -> tuple[str, str, str]:
    """Return the cells for one target."""
    reached = "[green]yes[/]" if pair.ratio >= least else "[red]no[/]"
    return f"{what}: ≥ {least} ×", f"{pair.ratio:.1f} ×", reached
