"""Requests and replies as both APIs see them."""

import re
from collections.abc import Mapping
from email.message import Message
from email.utils import formatdate
from http import HTTPStatus
from typing import NamedTuple

from tests.servers.gcs.objects import Refused, StoredObject, not_written_here


class Request(NamedTuple):
    method: str
    parts: tuple[str, ...]  # of the path, decoded: an object's name is one part
    query: Mapping[str, str]
    headers: Message
    body: bytes
    base_url: str

    def only_takes(self, *parameters: str) -> None:
        """Raise if the query has another parameter than these."""
        unknown = set(self.query) - set(parameters)
        if unknown:
            raise not_written_here(f"{self.method} with {', '.join(sorted(unknown))}")

    def number(self, parameter: str) -> int | None:
        return int(self.query[parameter]) if parameter in self.query else None


class Reply(NamedTuple):
    status: HTTPStatus
    headers: Mapping[str, str]
    body: bytes = b""


def media(found: StoredObject, wanted_range: str | None) -> Reply:
    """Return the reply that has an object's bytes, all or the range `wanted_range`."""
    headers = {
        "Content-Type": found.content_type,
        "ETag": found.etag,
        "Last-Modified": formatdate(found.updated_s, usegmt=True),
        "Accept-Ranges": "bytes",
        "x-goog-generation": str(found.generation),
        "x-goog-metageneration": "1",
        "x-goog-hash": f"crc32c={found.crc32c},md5={found.md5}",
        "x-goog-stored-content-encoding": "identity",
        "x-goog-stored-content-length": str(len(found.body)),
    }
    if wanted_range is None:
        return Reply(HTTPStatus.OK, headers, found.body)
    start, end = _bounds(wanted_range, len(found.body))
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(found.body)}"
    return Reply(HTTPStatus.PARTIAL_CONTENT, headers, found.body[start:end])


def _bounds(wanted_range: str, size: int) -> tuple[int, int]:
    """Return the first byte and the one behind the last that a header Range names."""
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", wanted_range)
    if not match or match.group() == "bytes=-":
        raise not_written_here(f"the range {wanted_range}")
    first, last = match.groups()
    start = int(first) if first else max(0, size - int(last))
    end = min(int(last) + 1, size) if first and last else size
    if start >= end:
        raise Refused(
            HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
            "InvalidRange",
            "requestedRangeNotSatisfiable",
            "The requested range cannot be satisfied.",
        )
    return start, end
