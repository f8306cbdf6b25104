"""Rows to answers for any door: what the channel serves, loaded once and kept up to date."""

import gc
import time
from collections.abc import Callable, Mapping
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any

from spyhop.capture import capture_shadow
from spyhop.core.journal import chosen_version
from spyhop.core.question import (
    Answered,
    Question,
    chosen_outputs,
    output_names,
    question_in,
    with_outputs,
)
from spyhop.core.schema import schema_to_json
from spyhop.errors import StoreUnavailable
from spyhop.log import log
from spyhop.serving import ReleasedModels, Serving
from spyhop.settings import patience_in, read_settings
from spyhop.stores import DEFAULT_PATIENCE_S, open_lean_store

if TYPE_CHECKING:
    from spyhop.bundle import Bundle
    from spyhop.core.answers import Prediction
    from spyhop.model import Model

DEFAULT_MOST_ROWS = 10_000

# After a failed start callers are told so at once for this long; then it is tried again.
START_AGAIN_S = 5

# Lambda gives a function ten seconds before its first caller, and starts it anew after that.
MOST_WARM_S = 8
# AWS gives a restored function ten seconds before its first caller.
MOST_REFRESH_S = 5

# Returns what serves from now on, given what serves now.
Load = Callable[[Serving | None], Serving]


def _in_a_thread(look: Callable[[], None]) -> None:
    Thread(target=look, daemon=True).start()


class Service:
    """Answers with what `load` returns; asks it again, aside, as often as that says."""

    def __init__(
        self,
        load: Load,
        *,
        most_rows: int = DEFAULT_MOST_ROWS,
        patience_s: float = DEFAULT_PATIENCE_S,
        clock: Callable[[], float] = time.monotonic,
        start_aside: Callable[[Callable[[], None]], None] = _in_a_thread,
        reconnect: Callable[[], None] = lambda: None,
    ) -> None:
        self._load = load
        self._start_aside = start_aside
        self._reconnect = reconnect
        self.most_rows = most_rows
        self._patience_s = patience_s
        self._clock = clock
        self._serving: Serving | None = None
        self._start: _Start | None = None
        self._looked_at = 0.0
        self._look_again_at = 0.0
        self._starting, self._looking = Lock(), Lock()

    def serving(self) -> Serving:
        """Return what serves now, loading it at the first call.

        Raises:
            StoreUnavailable: nothing serves yet, and this caller has waited `patience_s`.
            SpyhopError: nothing can serve now; a later call tries again.
        """
        now = self._serving
        if now is None:
            return self._started(self._patience_s)
        if now.look_again_s is not None and self._clock() >= self._look_again_at:
            self._look_aside()
        return now

    @property
    def now(self) -> Serving | None:
        """What serves now; None if nothing was loaded yet."""
        return self._serving

    def warm(self) -> None:
        """Load the model before the first caller waits for it; a failure waits for them."""
        try:
            self._started(min(self._patience_s, MOST_WARM_S))
        except Exception as error:  # a function that cannot start must still answer, with 503
            log(f"not ready: {type(error).__name__}: {error}")

    def refresh(self) -> None:
        """Take a newer release now, through new connections: this process was a snapshot."""
        self._reconnect()
        if self._serving is not None and self._looking.acquire(blocking=False):
            look = Thread(target=self._look, daemon=True)
            look.start()
            look.join(MOST_REFRESH_S)

    def predict(self, request: object, request_id: str, key: str | None = None) -> dict[str, Any]:
        """Return the answers to `{"instances": [row, …]}`, with model and request id.

        Where a release splits the traffic, callers with the same `key` get the same version.

        Raises:
            InvalidRequest: the request or a row is not what the model takes.
            SpyhopError: the model is not there.
        """
        question = question_in(request, self.most_rows)
        return self.answer(question, request_id, key).to_json()

    def answer(
        self,
        question: Question,
        request_id: str,
        key: str | None = None,
        version: str | None = None,
    ) -> Answered:
        """Return the answers to a question in any format; see `predict`.

        Who names a `version`, one of those that serve, gets no other.
        """
        serving = self.serving()
        asked = serving.models.get(version) if version is not None else None
        model = asked or self._model(serving, key or request_id)
        bundle, parameters = model.bundle, question.parameters
        outputs = chosen_outputs(parameters.outputs, bundle.answers)
        rows = question.rows_of(bundle.schema)
        each = parameters.on_error == "row"
        predictions = model.predict_each(rows) if each else model.predict(rows)
        if serving.shadow is not None:
            capture_shadow(serving.shadow, rows, predictions, bundle.version, request_id)
        if parameters.outputs is not None:
            predictions = with_outputs(predictions, outputs)
        return _answered(model, predictions, request_id, outputs)

    def answer_json(self, body: bytes, request_id: str, key: str | None = None) -> Answered | None:
        """Return what `answer` does for the JSON in `body`, sooner; None where it has to be asked.

        That is for anything unusual: parameters, a row that is a list, whatever would be refused,
        a shadow that wants to see the rows, a model that is not there yet.

        Raises:
            InvalidRequest: the model cannot compute a row.
        """
        if self._serving is None or self._serving.shadow is not None:
            return None
        model = self._model(self.serving(), key or request_id)
        found = model.predict_json(body, self.most_rows)
        if found is None:
            return None
        return _answered(model, found, request_id, output_names(model.bundle.answers))

    def readiness(self) -> dict[str, Any]:
        """Return what serves and since which release, and whether a newer one is held back."""
        serving = self.serving()
        bundle = serving.models[serving.release.version].bundle
        ready: dict[str, Any] = {
            "status": "ready",
            "model": {"name": bundle.name, "version": bundle.version},
            "release": serving.release.number,
            "weights": dict(serving.release.weights),
            "looked_s_ago": round(self._clock() - self._looked_at, 1),
        }
        if serving.held_back is not None:
            ready["held_back"] = serving.held_back
        return ready

    def bundle(self) -> "Bundle":
        """Return what serves, where several do the one that most callers get."""
        serving = self.serving()
        return serving.models[serving.release.version].bundle

    def metadata(self) -> dict[str, Any]:
        """Return what the model takes and answers, and which version it is."""
        bundle = self.bundle()
        return {
            "name": bundle.name,
            "version": bundle.version,
            "engine": bundle.engine,
            "answers": bundle.manifest["answers"],
            "schema": schema_to_json(bundle.schema),
        }

    def _model(self, serving: Serving, key: str) -> "Model":
        """Return the model that answers the caller with this key."""
        name = next(iter(serving.models.values())).bundle.name
        return serving.models[chosen_version(serving.release.weights, name, key)]

    def _started(self, within_s: float) -> Serving:
        """Return what serves once the start has ended; it goes on if that takes longer."""
        with self._starting:
            start = self._start
            if start is None or start.may_be_repeated():
                start = self._start = _Start(self._load_first, self._clock)
                start.start()
        start.join(within_s)
        if start.failure is not None:
            raise start.failure
        if self._serving is None:
            raise StoreUnavailable(f"the model is still being read after {within_s} seconds")
        return self._serving

    def _load_first(self) -> None:
        self._take(self._load(None))
        # What is loaded by now stays: the collector need not look through it again and again.
        gc.freeze()

    def _take(self, serving: Serving) -> None:
        """Serve this from now on; a request that is being answered keeps what it had."""
        self._serving = serving
        self._looked_at = self._clock()
        self._look_again_at = self._looked_at + (serving.look_again_s or 0)

    def _look_aside(self) -> None:
        """Look for a new release while callers are answered, one look at a time."""
        if not self._looking.acquire(blocking=False):
            return
        try:
            self._start_aside(self._look)
        except RuntimeError as error:  # no thread to be had: the caller must not notice
            self._looking.release()
            log(f"cannot look for a new release: {error}")

    def _look(self) -> None:
        now = self._serving
        assert now is not None
        try:
            self._take(self._load(now))
        except Exception as error:  # what serves goes on serving
            log(f"cannot look for a new release: {error}")
            self._look_again_at = self._clock() + (now.look_again_s or 0)
        finally:
            self._looking.release()


def _answered(
    model: "Model", predictions: "list[Prediction]", request_id: str, outputs: tuple[str, ...]
) -> Answered:
    bundle = model.bundle
    return Answered(predictions, outputs, bundle.answers, bundle.name, bundle.version, request_id)


class _Start(Thread):
    """The first load, aside: it may take longer than a caller waits, and goes on for the next."""

    def __init__(self, load: Callable[[], None], clock: Callable[[], float]) -> None:
        super().__init__(daemon=True)
        self.failure: Exception | None = None
        self._failed_at: float | None = None
        self._load = load
        self._clock = clock

    def run(self) -> None:
        try:
            self._load()
        except BaseException as error:  # whoever waits raises it; a panic in Rust is no Exception
            self.failure = error if isinstance(error, Exception) else RuntimeError(repr(error))
            self._failed_at = self._clock()

    def may_be_repeated(self) -> bool:
        failed_at = self._failed_at
        return failed_at is not None and self._clock() >= failed_at + START_AGAIN_S


def released_service(
    environ: Mapping[str, str], clock: Callable[[], float] = time.monotonic
) -> Service:
    """Return the service for the channel that `environ` names (see `settings.py`).

    Nothing is read yet: a deployment that lacks a setting or a model still answers, with 503.
    """
    environ = dict(environ)
    released: ReleasedModels | None = None

    def load(now: Serving | None) -> Serving:
        nonlocal released
        if released is None:
            settings = read_settings(environ)
            store = open_lean_store(settings.root, environ, settings.patience_s)
            released = ReleasedModels(store, settings, clock)
        return released.newest(now)

    def reconnect() -> None:
        nonlocal released
        released = None

    return Service(load, patience_s=patience_in(environ), clock=clock, reconnect=reconnect)
