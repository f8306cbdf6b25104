"""Releases made: promote, rollback, canary, shadow, each one more entry in a channel's journal."""

import uuid
from collections.abc import Mapping

import msgspec
from msgspec.structs import asdict

from spyhop.core.journal import ROLLBACK, Release, before_the_last
from spyhop.errors import ArtifactError, ConfigError, Conflict
from spyhop.releases import FORMAT, entry_key, last_number, nothing_released, releases
from spyhop.stores import Store
from spyhop.versions import read_version


class Channel:
    """One model's channel in a store, and who writes to its journal now.

    `by` says who, `at` when (ISO 8601, UTC).  Each method adds one entry and returns it, and
    raises Conflict if someone else released to the channel at the same moment.
    """

    def __init__(self, store: Store, model: str, channel: str, *, by: str, at: str) -> None:
        self._store = store
        self._model = model
        self._channel = channel
        self._by = by
        self._at = at

    def promote(self, version: str, why: str) -> Release:
        """Make `version` serve all of the traffic, without a shadow.

        Raises:
            ArtifactError: there is no such version, it is damaged, or was never proved.
        """
        last = self._last_number()
        self._check_version(version)
        return self._add(last, {version: 100}, None, "promote", why)

    def rollback(self, why: str) -> Release:
        """Return to what served before the newest release; again, to what served before that.

        Raises:
            ConfigError: nothing else served before.
        """
        journal = self._journal()
        before = before_the_last(journal)
        if before is None:
            raise ConfigError(
                f"there is nothing to go back to: {self._where()} never served anything else. "
                f"Promote another version: spyhop versions {self._model}"
            )
        # A damaged shadow must not keep anybody from going back: it answers no one.
        for version in before.weights:
            self._check_version(version)
        return self._add(journal[-1].number, before.weights, before.shadow, ROLLBACK, why)

    def canary(self, version: str, weight: int, why: str) -> Release:
        """Give `version` a share of `weight` percent, and what serves now the rest.

        Raises:
            ConfigError: the weight is not between 1 and 99, or another canary serves already.
        """
        if not 1 <= weight <= 99:
            raise ConfigError(f"got the weight {weight}, expected 1 to 99 percent")
        now = self._journal()[-1]
        stable = [serving for serving in now.weights if serving != version]
        if len(stable) != 1:
            raise ConfigError(
                f"{self._where()} serves {_shares(now)}; expected one other version beside the "
                "canary. Promote one of them or roll back first."
            )
        self._check_version(version)
        shares = {version: weight, stable[0]: 100 - weight}
        # A version that serves already keeps its place, for a share that grows must not give
        # up a key that it had (`journal.py`).
        order = list(now.weights) if version in now.weights else list(shares)
        shadow = None if now.shadow == version else now.shadow
        return self._add(now.number, {v: shares[v] for v in order}, shadow, "canary", why)

    def shadow(self, version: str | None, why: str) -> Release:
        """Let `version` see the same rows and answer nobody; None ends it.

        Raises:
            ConfigError: the version answers callers already, or there is none to end.
        """
        now = self._journal()[-1]
        if version is None and now.shadow is None:
            raise ConfigError(f"{self._where()} has no shadow; there is nothing to end")
        if version in now.weights:
            raise ConfigError(f"{version} serves {self._where()} already; a shadow answers nobody")
        if version is not None:
            self._check_version(version)
        return self._add(now.number, now.weights, version, "shadow", why)

    def _journal(self) -> list[Release]:
        journal = releases(self._store, self._model, self._channel)
        if not journal:
            raise nothing_released(self._store, self._model, self._channel)
        return journal

    def _last_number(self) -> int:
        return last_number(self._store, self._model, self._channel)

    def _check_version(self, version: str) -> None:
        if read_version(self._store, self._model, version).manifest.get("parity") is None:
            raise ArtifactError(
                f"{version} of {self._model} was never proved; pack and publish it again."
            )

    def _add(
        self, last: int, weights: Mapping[str, int], shadow: str | None, action: str, why: str
    ) -> Release:
        release = Release(
            number=last + 1,
            weights=weights,
            action=action,
            by=self._by,
            at=self._at,
            why=why,
            shadow=shadow,
            id=uuid.uuid4().hex,
        )
        key = entry_key(self._model, self._channel, release.number)
        body = msgspec.json.encode({"format": FORMAT, **asdict(release)})
        # A store whose answer was lost may say no to an entry that it did take.
        if self._store.create(key, body) or self._store.get(key) == body:
            return release
        raise Conflict(
            f"someone else made release {release.number} of {self._model} in {self._channel} "
            "first. Nothing was changed by this call; look at what serves now, then try again."
        )

    def _where(self) -> str:
        return f'channel "{self._channel}" of {self._model}'


def _shares(release: Release) -> str:
    return ", ".join(f"{version} ({weight} %)" for version, weight in release.weights.items())
