"""Records and objects to answers in the store: for streams, queues and batches.

Each record's answer is one object, created if absent under a name made from the record's id:
whatever is delivered twice is scored once.  A record that can never be scored is told in the log
and not repeated; where the model or the store is not there, the cloud is told to repeat.
"""

import hashlib
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from threading import Event
from typing import Any

import msgspec

from spyhop.errors import InvalidRequest, StoreUnavailable
from spyhop.http_reply import problem_of
from spyhop.records import Delivery, ObjectName, Record, items_to_repeat
from spyhop.service import Service
from spyhop.settings import Settings, read_settings
from spyhop.stores import Store, open_lean_store, stream_revision

FORMAT = 1

# A record costs two calls to the store and next to no computing.
MOST_AT_ONCE = 8

_UNAVAILABLE = 503


class Scoring:
    """Scores with `service`; `environ` says where answers go, `stream` reads what others wrote."""

    def __init__(
        self,
        service: Service,
        environ: Mapping[str, str],
        open_store: Callable[[str, Mapping[str, str]], Store] = open_lean_store,
        stream: Callable[..., Iterator[bytes] | None] = stream_revision,
    ) -> None:
        self._service = service
        self._environ = dict(environ)
        self._open_store = open_store
        self._stream = stream

    def score(self, delivery: Delivery) -> dict[str, Any]:
        """Return which records the cloud has to repeat, in the form that AWS takes.

        Raises:
            StoreUnavailable: some have to be, and this cloud can only repeat them all.
        """
        outage = Event()
        failed = _each(partial(self._has_to_be_repeated, outage), delivery.records)
        items = items_to_repeat(delivery, failed)
        if items and delivery.repeats == "all":
            raise StoreUnavailable("cannot score now; the log says why. Deliver the event again.")
        return {"batchItemFailures": [{"itemIdentifier": item} for item in items]}

    def reconnect(self) -> None:
        """Open the store anew when it is next needed: this process was a snapshot."""
        self.__dict__.pop("_answers", None)

    def _has_to_be_repeated(self, outage: Event, record: Record) -> bool:
        """Score `record`; return whether that can only succeed later."""
        if outage.is_set():  # waiting for the store once more would outlast the function
            return True
        try:
            if record.fault is not None:
                raise InvalidRequest(record.fault)
            if record.objects:
                for name in record.objects:
                    self._score_object(name)
            else:
                self._score_rows(record)
        except Exception as error:  # one record's fault must not be another's
            problem = problem_of(error, _name(record))
            if problem["status"] == _UNAVAILABLE:
                if isinstance(error, StoreUnavailable):
                    outage.set()
                return True
            _tell_refusal(record, problem)
        return False

    def _score_rows(self, record: Record) -> None:
        key = f"{record.source}/{_name(record)}.json"
        if self._answers.head(key) is not None:
            return
        answer = self._service.predict(self._request(record), _name(record))
        body = {"answer": FORMAT, "source": record.source, "record": record.id, **answer}
        self._answers.create(key, msgspec.json.encode(body))

    def _request(self, record: Record) -> Any:
        """Return `{"instances": …}` for a record that may be a bare row."""
        content = record.content
        if not isinstance(content, dict) or "instances" in content:
            return content
        if record.keys:
            columns = {c["name"] for c in self._service.metadata()["schema"]["columns"]}
            left_out = record.keys - columns
            content = {name: value for name, value in content.items() if name not in left_out}
        return {"instances": [content]}

    def _score_object(self, name: ObjectName) -> None:
        url, settings = f"{name.bucket}/{name.key}", self._settings
        if url.startswith((f"{settings.answers}/", f"{settings.home}/")):
            raise InvalidRequest("the object is spyhop's own; notify of your own prefix alone")
        from spyhop.batch import score_object  # only objects pay for it

        score_object(self._service, self._read, self._answers, name)

    def _read(self, name: ObjectName) -> Iterator[bytes] | None:
        return self._stream(name.bucket, name.key, name.version, name.etag, self._environ)

    @cached_property
    def _settings(self) -> Settings:
        return read_settings(self._environ)

    @cached_property
    def _answers(self) -> Store:
        return self._open_store(self._settings.answers, self._environ)


def _name(record: Record) -> str:
    """Return a name made from the record's id, which may be any text, for keys and the log."""
    return hashlib.sha256(record.id.encode("utf-8", "replace")).hexdigest()[:32]


def _each(has_failed: Callable[[Record], bool], records: Sequence[Record]) -> list[bool]:
    """Return what `has_failed` says of each record, some asked at once."""
    if len(records) == 1:
        return [has_failed(records[0])]
    from concurrent.futures import ThreadPoolExecutor  # only several records pay for it

    with ThreadPoolExecutor(MOST_AT_ONCE) as pool:
        return list(pool.map(has_failed, records))


def _tell_refusal(record: Record, problem: Mapping[str, Any]) -> None:
    """Print why a record is never scored, as one JSON line on standard output."""
    line = {
        "refused": FORMAT,
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "source": record.source,
        "record": record.id,
        "objects": [f"{name.bucket}/{name.key}" for name in record.objects],
        "reason": problem["detail"],
        "errors": problem.get("errors", []),
    }
    sys.stdout.write(msgspec.json.encode(line).decode() + "\n")
    sys.stdout.flush()
