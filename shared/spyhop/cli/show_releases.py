"""What people read of a store: versions, journals and prunings, as terminal tables."""

from collections.abc import Mapping, Sequence

from rich.table import Table

from spyhop.cli.show import console
from spyhop.core.journal import Release
from spyhop.retention import Pruning


def show_versions(model: str, versions: Sequence[str], serving: Mapping[str, Release]) -> None:
    """Print a model's versions, newest last, with the channels that serve each."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column(model, no_wrap=True)
    for heading in ("serves in", "since", "by", "why"):
        table.add_column(heading)
    for version in versions:
        live = {c: r for c, r in serving.items() if version in r.versions}
        newest = max(live.values(), key=lambda release: release.at, default=None)
        about = ("", "", "") if newest is None else (newest.at, newest.by, newest.why)
        where = ", ".join(f"{c}{_share(r, version)}" for c, r in live.items())
        table.add_row(version, where, *about)
    console.print(table)


def show_journal(model: str, channel: str, journal: Sequence[Release]) -> None:
    """Print the entries of a channel, newest first."""
    table = Table(
        box=None, padding=(0, 2, 0, 0), title=f"{model} in {channel}", title_justify="left"
    )
    table.add_column("release", justify="right")
    table.add_column("", no_wrap=True)
    table.add_column("serves", no_wrap=True)
    for heading in ("at", "by", "why"):
        table.add_column(heading)
    for release in reversed(journal):
        serves = "\n".join(f"{v}{_share(release, v)}" for v in release.versions)
        about = (release.at, release.by, release.why)
        table.add_row(str(release.number), release.action, serves, *about)
    console.print(table)


def show_pruning(model: str, plan: Pruning, *, done: bool) -> None:
    """Print what goes and what stays, and why."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column(model, no_wrap=True)
    table.add_column("")
    for version in plan.removed:
        table.add_row(version, "removed" if done else "would be removed")
    for version in plan.kept:
        channels = ", ".join(plan.needed.get(version, ()))
        table.add_row(
            version, f"kept: {channels} needs it" if channels else "kept: among the newest"
        )
    console.print(table)
    if plan.removed and not done:
        console.print("Nothing was removed. Remove them: --yes")


def _share(release: Release, version: str) -> str:
    if version not in release.weights:
        return " (shadow)"
    weight = release.weights[version]
    return "" if weight == 100 else f" ({weight} %)"
