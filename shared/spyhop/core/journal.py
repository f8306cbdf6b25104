"""What a channel's journal says: which versions serve, and what going back means.

Every entry gives the whole state: the versions' weights and the shadow.  Going back undoes the
newest state that was not yet undone, so going back twice goes back twice as far.
"""

import hashlib
from collections.abc import Mapping, Sequence

from msgspec import Struct

ROLLBACK = "rollback"

# Parts of the traffic are told apart to a hundredth of a percent.
_POINTS = 10_000


class Release(Struct, frozen=True):
    """One entry in a channel's journal.

    `weights` gives each version's share of the traffic in percent, 100 together; `shadow` is a
    version that sees the same rows and answers nobody.  `action` is what made the entry
    (promote, rollback, canary, shadow); `by`, `at` (ISO 8601, UTC) and `why` say who, when and
    why.  `id` tells two entries apart that are otherwise alike.
    """

    number: int
    weights: Mapping[str, int]
    action: str
    by: str
    at: str
    why: str
    shadow: str | None = None
    id: str = ""

    @property
    def version(self) -> str:
        """The version that serves most of the traffic."""
        return max(self.weights, key=lambda version: self.weights[version])

    @property
    def versions(self) -> list[str]:
        """Every version that this release needs, the shadow last."""
        return list(dict.fromkeys([*self.weights, *([self.shadow] if self.shadow else [])]))

    def serves_as(self, other: "Release") -> bool:
        """Return whether the same versions serve and shadow in both, with the same shares."""
        return self.weights == other.weights and self.shadow == other.shadow


def states(journal: Sequence[Release]) -> list[Release]:
    """Return the entries that going back can return to, oldest first; the last one serves.

    A rollback takes away what came after the state it returned to, and the entry that first
    made that state stands.  An entry that changed nothing is no state of its own.
    """
    standing: list[Release] = []
    for release in journal:
        back = _place_of(release, standing) if release.action == ROLLBACK else None
        if back is not None:
            del standing[back + 1 :]
        elif not standing or not release.serves_as(standing[-1]):
            standing.append(release)
    return standing


def _place_of(release: Release, standing: Sequence[Release]) -> int | None:
    """Return where the newest state that is `release`'s stands."""
    places = range(len(standing) - 1, -1, -1)
    return next((i for i in places if release.serves_as(standing[i])), None)


def before_the_last(journal: Sequence[Release]) -> Release | None:
    """Return the entry whose state a rollback returns to, or None if there is none."""
    standing = states(journal)
    return standing[-2] if len(standing) > 1 else None


def fallbacks(journal: Sequence[Release], failed: int) -> list[Release]:
    """Return what may serve if release `failed` cannot, the nearest first.

    What people went back from is not among them: it was found to be bad.
    """
    tried = [release for release in journal if release.number == failed]
    standing = reversed(states(journal))
    return [r for r in standing if not any(r.serves_as(release) for release in tried)]


def chosen_version(weights: Mapping[str, int], model: str, key: str) -> str:
    """Return the version that answers the caller with this `key`.

    The same key gets the same version for as long as the weights stay, and a share that grows
    keeps the keys that it had: each version takes a stretch of 0 to 100 in the order given.
    """
    versions = list(weights)
    if len(versions) == 1:
        return versions[0]
    # The model's name salts it: a key that is first for one model is not first for all.
    digest = hashlib.sha256(f"{model}\0{key}".encode("utf-8", "surrogatepass")).digest()
    point = int.from_bytes(digest[:8], "big") % _POINTS * 100 / _POINTS
    reached = 0
    for version in versions:
        reached += weights[version]
        if point < reached:
            return version
    return versions[-1]
