"""Which versions may go: all but the newest few and those that production can still need."""

from collections.abc import Sequence
from dataclasses import dataclass

from spyhop.core.journal import Release, states
from spyhop.releases import channels, releases
from spyhop.stores import ErasableStore, Store
from spyhop.verified import MANIFEST
from spyhop.versions import version_prefix, versions


@dataclass(frozen=True)
class Pruning:
    """What goes and what stays of a model, oldest first; `needed` says by which channels."""

    removed: tuple[str, ...]
    kept: tuple[str, ...]
    needed: dict[str, tuple[str, ...]]


def plan_pruning(store: Store, model: str, keep: int) -> Pruning:
    """Return what `prune` would remove: nothing among the newest `keep` versions, nothing that
    a channel serves, shadows, or would go back to.
    """
    found = versions(store, model)
    needed: dict[str, tuple[str, ...]] = {}
    for channel in channels(store, model):
        for version in still_needed(releases(store, model, channel)):
            needed[version] = (*needed.get(version, ()), channel)
    newest = set(found[-keep:]) if keep else set()
    removed = tuple(v for v in found if v not in newest and v not in needed)
    return Pruning(removed, tuple(v for v in found if v not in removed), needed)


def still_needed(journal: Sequence[Release]) -> list[str]:
    """Return the versions that serve now, and the last known good before them."""
    return list(dict.fromkeys(v for release in states(journal)[-2:] for v in release.versions))


def prune(store: ErasableStore, model: str, keep: int) -> Pruning:
    """Remove what `plan_pruning` names, and return it."""
    plan = plan_pruning(store, model, keep)
    for version in plan.removed:
        # Once more, for somebody may have promoted it since; then it stays.
        if version not in plan_pruning(store, model, keep).removed:
            continue
        prefix = version_prefix(model, version)
        # The manifest goes first: without it the version does not exist.
        store.delete(f"{prefix}{MANIFEST}")
        for key in store.list(prefix):
            store.delete(key)
    return plan
