"""The objects of all buckets, and the rules under which they are read and written."""

import base64
import hashlib
import itertools
import threading
import time
from dataclasses import dataclass, field
from http import HTTPStatus

import google_crc32c

# A generation is a number that grows; in the cloud it is microseconds, too.
_GENERATIONS = itertools.count(time.time_ns() // 1000)


class Refused(Exception):
    """A request that is answered with an error; each API has its own word for the reason."""

    def __init__(self, status: HTTPStatus, xml_code: str, json_reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.xml_code = xml_code
        self.json_reason = json_reason


def not_written_here(what: str) -> Refused:
    return Refused(
        HTTPStatus.NOT_IMPLEMENTED, "NotImplemented", "notImplemented", f"the test server: {what}"
    )


@dataclass(frozen=True)
class StoredObject:
    """One generation of an object; it never changes."""

    name: str
    body: bytes
    content_type: str
    generation: int = field(default_factory=lambda: next(_GENERATIONS))
    updated_s: float = field(default_factory=time.time)

    @property
    def crc32c(self) -> str:
        return _base64(google_crc32c.Checksum(self.body).digest())

    @property
    def md5(self) -> str:
        return _base64(hashlib.md5(self.body).digest())

    @property
    def etag(self) -> str:
        return f'"{hashlib.md5(self.body).hexdigest()}"'


@dataclass(frozen=True)
class Conditions:
    """What a request asks of the generation that is there; a generation of 0 means: none."""

    if_match: int | None = None
    if_not_match: int | None = None

    def check_write(self, found: StoredObject | None) -> None:
        generation = found.generation if found else 0
        if self.if_match not in (None, generation) or self.if_not_match == generation:
            raise _precondition_failed()

    def check_read(self, found: StoredObject) -> None:
        if self.if_match not in (None, found.generation):
            raise _precondition_failed()
        if self.if_not_match == found.generation:
            raise Refused(HTTPStatus.NOT_MODIFIED, "NotModified", "notModified", "not modified")


@dataclass(frozen=True)
class Page:
    objects: list[StoredObject]
    next_token: str | None


class Buckets:
    """Every bucket and its objects.  One lock: of any number of creators exactly one wins."""

    def __init__(self, page_size: int) -> None:
        self._page_size = page_size
        self._buckets: dict[str, dict[str, StoredObject]] = {}
        self._lock = threading.Lock()

    def create(self, bucket: str) -> None:
        with self._lock:
            if bucket in self._buckets:
                raise Refused(
                    HTTPStatus.CONFLICT, "BucketAlreadyExists", "conflict", "the bucket exists"
                )
            self._buckets[bucket] = {}

    def check(self, bucket: str) -> None:
        """Raise unless there is such a bucket."""
        with self._lock:
            self._of(bucket)

    def check_write(self, bucket: str, name: str, conditions: Conditions) -> None:
        """Raise if the object could not be written now."""
        with self._lock:
            conditions.check_write(self._of(bucket).get(name))

    def write(self, bucket: str, new: StoredObject, conditions: Conditions) -> None:
        with self._lock:
            objects = self._of(bucket)
            conditions.check_write(objects.get(new.name))
            objects[new.name] = new

    def read(
        self, bucket: str, name: str, conditions: Conditions, generation: int | None = None
    ) -> StoredObject:
        """Return the object, if there is one and it is of `generation`, where one is asked for."""
        with self._lock:
            found = self._of(bucket).get(name)
        if found is None or generation not in (None, found.generation):
            raise Refused(HTTPStatus.NOT_FOUND, "NoSuchKey", "notFound", "No such object")
        conditions.check_read(found)
        return found

    def delete(self, bucket: str, name: str) -> None:
        with self._lock:
            if self._of(bucket).pop(name, None) is None:
                raise Refused(HTTPStatus.NOT_FOUND, "NoSuchKey", "notFound", "No such object")

    def page(
        self,
        bucket: str,
        prefix: str,
        token: str | None = None,
        after: str = "",
        at_least: str = "",
        limit: int | None = None,
    ) -> Page:
        """Return the next objects in the order of their names' UTF-8, at most `limit`.

        Only names beyond `after`, and not before `at_least`, count; `token` continues a listing.
        """
        after = max(after, _name_in(token), key=str.encode)
        with self._lock:
            names = sorted(self._of(bucket), key=str.encode)
            wanted = [
                self._of(bucket)[name]
                for name in names
                if name.startswith(prefix)
                and name.encode() > after.encode()
                and name.encode() >= at_least.encode()
            ]
        count = min(self._page_size, limit or self._page_size)
        more = len(wanted) > count
        return Page(wanted[:count], _base64(wanted[count - 1].name.encode()) if more else None)

    def _of(self, bucket: str) -> dict[str, StoredObject]:
        if bucket not in self._buckets:
            message = "The specified bucket does not exist."
            raise Refused(HTTPStatus.NOT_FOUND, "NoSuchBucket", "notFound", message)
        return self._buckets[bucket]


def check_digests(new: StoredObject, digests: dict[str, str]) -> None:
    """Raise if the body lacks one of the digests ("crc32c", "md5"; base64) that it came with."""
    own = {"crc32c": new.crc32c, "md5": new.md5}
    for kind, expected in digests.items():
        if expected != own.get(kind):
            message = f"the {kind} does not match the body"
            raise Refused(HTTPStatus.BAD_REQUEST, "BadDigest", "invalid", message)


def digests_in(header: str) -> dict[str, str]:
    """Return the digests that a header x-goog-hash names: "crc32c=…,md5=…"."""
    pairs = (part.strip().partition("=") for part in header.split(",") if part.strip())
    return {kind: digest for kind, _, digest in pairs}


def _precondition_failed() -> Refused:
    return Refused(
        HTTPStatus.PRECONDITION_FAILED,
        "PreconditionFailed",
        "conditionNotMet",
        "At least one of the pre-conditions you specified did not hold.",
    )


def _name_in(token: str | None) -> str:
    """Return the last name of the page before; a token that no page gave is refused."""
    try:
        return base64.b64decode(token or "", validate=True).decode()
    except ValueError:
        raise Refused(
            HTTPStatus.BAD_REQUEST, "InvalidArgument", "invalid", "the page token is not ours"
        ) from None


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
