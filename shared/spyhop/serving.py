"""What a function serves: the models of its channel's newest release that can serve.

A release that fails verification or replay is not taken.  A running function then goes on with
what it has, and one that starts takes what served before: the last known good.
"""

import time
from collections.abc import Callable, Mapping
from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from spyhop.cache import Cache
from spyhop.core.journal import Release, fallbacks
from spyhop.errors import ArtifactError, ConfigError, SpyhopError, StoreUnavailable
from spyhop.log import log
from spyhop.releases import entry, last_number, nothing_released
from spyhop.settings import Settings
from spyhop.stores import Store
from spyhop.verified import Trust
from spyhop.versions import read_version

if TYPE_CHECKING:
    from spyhop.model import Model

# A release that was held back is tried again, after this at the latest: its objects may still be
# arriving.  First it is tried much sooner: it may have been damaged on its way to us alone.
TRY_HELD_BACK_S = 600

# How far a starting function looks back for something that can serve.
MOST_ENTRIES_BACK = 50
MOST_FALLBACKS = 3


class Serving(Struct, frozen=True):
    """A release and its loaded models by version.

    `held_back` is the number of a newer release that was not taken.  `look_again_s` says how
    soon a newer release is worth looking for; None means never.
    """

    release: Release
    models: Mapping[str, "Model"]
    shadow: "Model | None" = None
    held_back: int | None = None
    look_again_s: float | None = None


def serving_alone(model: "Model") -> Serving:
    """Return what serves `model` by itself, without a store."""
    version = model.bundle.version
    release = Release(0, {version: 100}, "alone", "", "", "")
    return Serving(release, {version: model})


class ReleasedModels:
    """Loads what the channel in `settings` serves; called again, what is new in it."""

    def __init__(
        self, store: Store, settings: Settings, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._settings = settings
        cache = Cache(settings.cache_folder, settings.cache_bytes) if settings.cache_bytes else None
        self._trust = Trust(settings.trusted_keys, cache)
        self._where = (settings.model, settings.channel)
        self._clock = clock
        self._held_back_s = 0
        self._try_held_back_at = 0.0
        self._bad: set[str] = set()

    def newest(self, now: Serving | None) -> Serving:
        """Return what serves from now on; `now` itself if nothing is new.

        Raises:
            SpyhopError: nothing can serve.  If `now` is given: the store does not answer.
        """
        if now is None:
            self._bad.clear()
            Thread(target=_import_ahead, daemon=True).start()
        number = last_number(self._store, *self._where)
        if now is not None and self._is_known(number, now):
            return now
        if number == 0:
            raise nothing_released(self._store, *self._where)
        try:
            serving = self._loaded(entry(self._store, *self._where, number), now)
        except (ArtifactError, ConfigError) as error:
            log(f"release {number} of {self._settings.model} is held back: {error}")
            serving = self._fallback(number, now, error)
            before_s = max(self._held_back_s, self._settings.refresh_s, 1)
            self._held_back_s = min(before_s * 2, TRY_HELD_BACK_S)
            self._try_held_back_at = self._clock() + self._held_back_s
        else:
            self._held_back_s = 0
        return serving

    def _is_known(self, number: int, now: Serving) -> bool:
        # An empty listing is a store's mistake: entries are never removed.
        if number <= now.release.number:
            return True
        return number == now.held_back and self._clock() < self._try_held_back_at

    def _fallback(self, failed: int, now: Serving | None, error: SpyhopError) -> Serving:
        if now is not None:
            return replace(now, held_back=failed)
        tried = 0
        for release in fallbacks(self._journal(failed), failed):
            # A canary makes many entries of one version: what just failed is not read again.
            if tried == MOST_FALLBACKS or self._bad & set(release.weights):
                continue
            tried += 1
            try:
                return replace(self._loaded(release, None), held_back=failed)
            except (ArtifactError, ConfigError) as its_error:
                log(f"release {release.number} cannot serve either: {its_error}")
        raise error

    def _journal(self, last: int) -> list[Release]:
        """Return the newest entries that can be read."""
        found = []
        for number in range(max(1, last - MOST_ENTRIES_BACK), last + 1):
            try:
                found.append(entry(self._store, *self._where, number))
            except ArtifactError:
                continue
        return found

    def _loaded(self, release: Release, now: Serving | None) -> Serving:
        known = _known(now)
        models = {v: known.get(v) or self._model(v) for v in release.weights}
        shadow = None
        if release.shadow is not None:
            try:
                shadow = known.get(release.shadow) or self._model(release.shadow)
            except SpyhopError as error:  # callers do not need it
                log(f"the shadow of release {release.number} cannot run: {error}")
        log(f"release {release.number} of {self._settings.model} serves: {', '.join(models)}")
        return Serving(release, models, shadow, look_again_s=self._settings.refresh_s)

    def _model(self, version: str) -> "Model":
        try:
            return self._started(version)
        except StoreUnavailable:
            raise
        except SpyhopError:
            self._bad.add(version)
            raise
        except Exception as error:  # whatever a strange bundle makes our code raise
            self._bad.add(version)
            raise ArtifactError(
                f"{version} cannot be started ({type(error).__name__}). Pack the model again."
            ) from error

    def _started(self, version: str) -> "Model":
        verified = read_version(self._store, self._settings.model, version, self._trust)
        # Late, for numpy and the engine are being imported while the store is read.
        from spyhop.bundle import open_bundle
        from spyhop.deployment import deployment
        from spyhop.model import start

        brought = self._settings
        return start(
            open_bundle(verified),
            deployment(brought.trusted_types, brought.features, brought.allow_pickle),
        )


def _known(now: Serving | None) -> dict[str, "Model"]:
    if now is None:
        return {}
    shadow = {} if now.shadow is None else {now.shadow.bundle.version: now.shadow}
    return {**shadow, **now.models}


def _import_ahead() -> None:
    """Import what every model on the fast engine needs; whoever needs it then finds it there."""
    try:
        for module in ("spyhop.model", "spyhop.engines.onnx"):
            import_module(module)
    except Exception as error:  # whoever needs it raises it again, where it can be told
        log(f"cannot import the fast engine: {error}")
