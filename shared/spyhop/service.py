"""Rows to answers for any door: the model of one channel, loaded once, with its identity."""

import sys
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any

from spyhop.core.answers import Prediction
from spyhop.core.refusals import type_name
from spyhop.core.schema import schema_to_json
from spyhop.deployment import deployment
from spyhop.errors import InvalidRequest
from spyhop.model import Model, start
from spyhop.releases import current_release, open_version
from spyhop.settings import read_settings
from spyhop.stores import open_store

DEFAULT_MOST_ROWS = 10_000


class Service:
    """Answers with the model that `load` returns; `load` is called until it succeeds once."""

    def __init__(self, load: Callable[[], Model], most_rows: int = DEFAULT_MOST_ROWS) -> None:
        self._load = load
        self._loading = Lock()
        self._model: Model | None = None
        self._most_rows = most_rows

    def model(self) -> Model:
        """Return the model, loading it at the first call.

        Raises:
            SpyhopError: it cannot be loaded now; the next call tries again.
        """
        if self._model is None:
            with self._loading:
                if self._model is None:
                    self._model = self._load()
        return self._model

    def warm(self) -> None:
        """Load the model before the first caller waits for it; a failure waits for them."""
        try:
            self.model()
        except Exception as error:  # a function that cannot start must still answer, with 503
            print(f"spyhop: not ready: {type(error).__name__}: {error}", file=sys.stderr)

    def predict(self, request: object, request_id: str) -> dict[str, Any]:
        """Return the answers to `{"instances": [row, …]}`, with model and request id.

        Raises:
            InvalidRequest: the request or a row is not what the model takes.
            SpyhopError: the model is not there.
        """
        rows = self._rows(request)
        model = self.model()
        return _reply(model, model.predict(rows), request_id)

    def predict_json(self, body: bytes, request_id: str) -> dict[str, Any] | None:
        """Return what `predict` does for the JSON in `body`, sooner; None where it has to be asked.

        That is for anything unusual: a row that is a list, whatever would be refused, a model
        that is not there yet.

        Raises:
            InvalidRequest: the model cannot compute a row.
        """
        model = self._model
        found = None if model is None else model.predict_json(body, self._most_rows)
        return None if model is None or found is None else _reply(model, found, request_id)

    def metadata(self) -> dict[str, Any]:
        """Return what the model takes and answers, and which version it is."""
        bundle = self.model().bundle
        return {
            "name": bundle.name,
            "version": bundle.version,
            "engine": bundle.engine,
            "answers": bundle.manifest["answers"],
            "schema": schema_to_json(bundle.schema),
        }

    def _rows(self, request: object) -> list[Any]:
        expected = 'expected {"instances": [row, …]}'
        if not isinstance(request, dict):
            raise InvalidRequest(f"got {type_name(request)}, {expected}")
        if "instances" not in request:
            raise InvalidRequest(f'"instances" is absent; {expected}')
        rows = request["instances"]
        if not isinstance(rows, list):
            raise InvalidRequest(f'got {type_name(rows)} as "instances", {expected}')
        if len(rows) > self._most_rows:
            raise InvalidRequest(
                f"got {len(rows)} rows, expected at most {self._most_rows} a request. "
                "Send them in several requests.",
                fault="size",
            )
        return rows


def _reply(model: Model, answers: list[Prediction], request_id: str) -> dict[str, Any]:
    return {
        "predictions": answers,
        "model": {"name": model.bundle.name, "version": model.bundle.version},
        "request_id": request_id,
    }


def released_service(environ: Mapping[str, str]) -> Service:
    """Return the service for the channel that `environ` names (see `settings.py`).

    Nothing is read yet: a deployment that lacks a setting or a model still answers, with 503.
    """

    def load() -> Model:
        settings = read_settings(environ)
        store = open_store(settings.root)
        release = current_release(store, settings.model, settings.channel)
        bundle = open_version(store, settings.model, release.version)
        return start(bundle, deployment(settings.trusted_types, settings.features))

    return Service(load)
