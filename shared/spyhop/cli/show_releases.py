"""What people read of a store: versions, journals and prunings, as terminal tables."""

from collections.abc import Mapping, Sequence

from rich.markup import escape
from rich.table import Table

from spyhop.cli.show import console
from spyhop.core.journal import Release
from spyhop.retention import Pruning

# Narrower terminals get dates and times on two lines.
_NARROW = 100


def show_versions(model: str, versions: Sequence[str], serving: Mapping[str, Release]) -> None:
    """Print a model's versions, newest last, with the channels that serve each."""
    table = _table(model, "serves in", "last release", "by whom, why")
    for version in versions:
        live = {c: r for c, r in serving.items() if version in r.versions}
        newest = max(live.values(), key=lambda release: release.at, default=None)
        about = ("", "") if newest is None else _about(newest)
        where = "\n".join(f"{c}{_share(r, version)}" for c, r in live.items())
        table.add_row(version, where, *about)
    console.print(table)


def show_journal(model: str, channel: str, journal: Sequence[Release]) -> None:
    """Print the entries of a channel, newest first."""
    console.print(f"{model} in {channel}", highlight=False)
    table = _table("", "", "serves", "at", "by whom, why")
    for release in reversed(journal):
        serves = "\n".join(f"{v}{_share(release, v)}" for v in release.versions)
        table.add_row(str(release.number), release.action, serves, *_about(release))
    console.print(table)


def show_pruning(model: str, plan: Pruning, *, done: bool) -> None:
    """Print what goes and what stays, and why."""
    table = _table(model, "")
    for version in plan.removed:
        table.add_row(version, "removed" if done else "would be removed")
    for version in plan.kept:
        channels = ", ".join(plan.needed.get(version, ()))
        table.add_row(version, f"kept for {channels}" if channels else "kept, among the newest")
    console.print(table)
    if plan.removed and not done:
        console.print("Nothing was removed. Remove them: --yes")


def _table(*headings: str) -> Table:
    """Return a table in which only what people wrote wraps."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in headings:
        table.add_column(heading, no_wrap="why" not in heading, overflow="fold")
    return table


def _about(release: Release) -> tuple[str, str]:
    """Return when (to the minute, UTC), and by whom and why."""
    day, _, time = release.at.partition("T")
    between = "\n" if console.width < _NARROW else " "
    said = f"{release.by}: {release.why}" if release.why else release.by
    return f"{day}{between}{time[:5]}", escape(said)


def _share(release: Release, version: str) -> str:
    if version not in release.weights:
        return " shadow"
    weight = release.weights[version]
    return "" if weight == 100 else f" {weight} %"
