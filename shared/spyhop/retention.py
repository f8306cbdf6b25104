"""Which versions may go: all but the newest few and those that production can still need."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

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
    found = _by_age(store, model)
    needed: dict[str, tuple[str, ...]] = {}
    for channel in channels(store, model):
        for version in still_needed(releases(store, model, channel)):
            needed[version] = (*needed.get(version, ()), channel)
    newest = set(found[-keep:]) if keep else set()
    removed = tuple(v for v in found if v not in newest and v not in needed)
    return Pruning(removed, tuple(v for v in found if v not in removed), needed)


def still_needed(journal: Sequence[Release]) -> list[str]:
    """Return the versions that serve now, and all down to the last that others served before."""
    standing, found = states(journal), []
    for release in reversed(standing):
        found += release.versions
        if set(release.weights) - set(standing[-1].weights):
            break
    return list(dict.fromkeys(found))


def prune(store: ErasableStore, model: str, keep: int) -> Pruning:
    """Remove what `plan_pruning` names; return what was removed and what stays after all."""
    plan = plan_pruning(store, model, keep)
    kept, needed = list(plan.kept), dict(plan.needed)
    for version in plan.removed:
        # Once more, for somebody may have promoted it since; then it stays.
        now = plan_pruning(store, model, keep)
        if version in now.removed:
            _remove(store, version_prefix(model, version))
        else:
            kept.append(version)
            needed.update(now.needed)
    return Pruning(tuple(v for v in plan.removed if v not in kept), tuple(kept), needed)


def _remove(store: ErasableStore, prefix: str) -> None:
    # The manifest goes first: without it the version does not exist.
    store.delete(f"{prefix}{MANIFEST}")
    for key in store.list(prefix):
        store.delete(key)


def _by_age(store: Store, model: str) -> list[str]:
    """Return the model's versions, oldest first; a name alone tells the days apart only."""

    def created(version: str) -> tuple[str, str]:
        body = store.get(f"{version_prefix(model, version)}{MANIFEST}") or b""
        try:
            return msgspec.json.decode(body, type=_Created).created, version
        except msgspec.DecodeError:  # a damaged one is as old as its name says
            return version[:10], version

    return sorted(versions(store, model), key=created)


class _Created(msgspec.Struct):
    created: str
