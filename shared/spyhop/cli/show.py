"""What people read: bundles and progress, as terminal tables."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from spyhop.bundle import Bundle
from spyhop.core.refusals import expected_value

console = Console()


@contextmanager
def working(first: str) -> Iterator[Callable[[str], None]]:
    """Show a spinner while the block runs; the function it gives says what is going on."""
    status = Console(stderr=True).status(f"{first} …")
    with status:
        yield lambda step: status.update(f"{step} …")


def show_bundle(bundle: Bundle, folder: Path) -> None:
    """Print what a bundle is, how it was proved and how good it is."""
    facts = _plain_table()
    facts.add_row("bundle", str(folder))
    facts.add_row("model", f"{bundle.name}  {bundle.version}")
    facts.add_row("engine", f"{bundle.strategy}, {size(bundle.bytes_of(bundle.artefact))}")
    for strategy, reason in bundle.not_chosen.items():
        facts.add_row("", f"[dim]not {strategy}: {_short(reason)}[/dim]")
    if bundle.parity is not None:
        facts.add_row("proof", _proof(bundle))
    for score, value in bundle.metrics["test"].items():
        trained = bundle.metrics["train"].get(score)
        beside = "" if trained is None else f"   [dim]{trained:.4g} on train rows[/dim]"
        facts.add_row(score, f"{value:.4g} on test rows{beside}")
    console.print(facts)


def show_columns(bundle: Bundle) -> None:
    """Print the columns that the model takes."""
    table = Table("column", "takes", "missing", "unknown", box=None, padding=(0, 2, 0, 0))
    for column in bundle.schema.columns:
        unknown = ("ok" if column.accepts_unknown else "refused") if column.categories else ""
        missing = "ok" if column.accepts_missing else "refused"
        table.add_row(column.name, f"{column.kind}: {expected_value(column)}", missing, unknown)
    console.print(table)


def show_files(bundle: Bundle) -> None:
    """Print the files of the bundle and their sizes."""
    table = Table("file", "size", box=None, padding=(0, 2, 0, 0))
    for name in bundle.files:
        table.add_row(name, size(bundle.bytes_of(name)))
    console.print(table)


def size(n_bytes: int) -> str:
    """Return a size as people read it: 912 B, 4.1 kB, 52 MB."""
    amount = float(n_bytes)
    for unit in ("B", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.3g} {unit}"
        amount /= 1000
    return f"{amount:.3g} GB"


def _proof(bundle: Bundle) -> str:
    parity = bundle.parity
    assert parity is not None
    undecided = f" ({parity.undecided} more undecided)" if parity.undecided else ""
    return (
        f"equal to scikit-learn on {parity.rows} held-out rows and {parity.probes} probes"
        f"{undecided}, "
        f"worst difference {parity.worst_difference:.1e} (tolerance {parity.tolerance:.0e})"
    )


def _plain_table() -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    return table


def _short(reason: str) -> str:
    return reason if len(reason) <= 160 else f"{reason[:157]}…"
