"""How the JSON API writes objects: in one request of two parts, or in pieces (resumable)."""

import json
import re
import threading
import uuid
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urlencode

from tests.servers.gcs.json_api import as_json, conditions, resource
from tests.servers.gcs.objects import (
    Buckets,
    Conditions,
    Refused,
    StoredObject,
    check_digests,
    digests_in,
    not_written_here,
)
from tests.servers.gcs.wire import Reply, Request

PIECE_BYTES = 256 * 1024  # every piece but the last is a multiple of this


@dataclass
class Session:
    """A resumable upload: the bytes that have come so far, and what they shall become."""

    bucket: str
    name: str
    described: dict[str, str]
    conditions: Conditions
    received: bytearray = field(default_factory=bytearray)
    finished: StoredObject | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


class Uploads:
    def __init__(self, buckets: Buckets) -> None:
        self._buckets = buckets
        self._sessions: dict[str, Session] = {}

    def answer(self, request: Request) -> Reply:
        """Return the reply to one request below /upload/storage/v1."""
        if request.parts[::2] != ("b", "o") or len(request.parts) != 3:
            raise not_written_here(f"an upload to /{'/'.join(request.parts)}")
        parameters = ("uploadType", "name", "ifGenerationMatch", "ifGenerationNotMatch")
        request.only_takes(*parameters, "upload_id", "alt", "fields", "prettyPrint", "projection")
        kind = request.query.get("uploadType")
        match request.method, kind, request.query.get("upload_id"):
            case "POST", "multipart", None:
                return self._in_one_request(request)
            case "POST", "resumable", None:
                return self._begin(request)
            case "PUT", _, str(identifier) if identifier in self._sessions:
                return self._continue(self._sessions[identifier], request)
        raise not_written_here(f"{request.method} with uploadType={kind}")

    def _in_one_request(self, request: Request) -> Reply:
        description, body = _two_parts(request)
        described = json.loads(description)
        name = described.get("name") or request.query["name"]
        new = _object(name, body, described)
        bucket = request.parts[1]
        check_digests(new, _described_digests(described))
        self._buckets.write(bucket, new, conditions(request))
        return as_json(resource(bucket, new))

    def _begin(self, request: Request) -> Reply:
        described = json.loads(request.body or b"{}")
        name = described.get("name") or request.query["name"]
        described.setdefault("contentType", request.headers.get("x-upload-content-type"))
        session = Session(request.parts[1], name, described, conditions(request))
        self._buckets.check_write(session.bucket, name, session.conditions)
        identifier = uuid.uuid4().hex
        self._sessions[identifier] = session
        query = urlencode({"uploadType": "resumable", "upload_id": identifier})
        path = f"/upload/storage/v1/b/{session.bucket}/o?{query}"
        return Reply(HTTPStatus.OK, {"Location": request.base_url + path})

    def _continue(self, session: Session, request: Request) -> Reply:
        with session.lock:
            if session.finished is None and not _take_piece(session, request):
                return _what_came(session)
            if session.finished is None:
                new = _object(session.name, bytes(session.received), session.described)
                digests = digests_in(request.headers.get("x-goog-hash", ""))
                check_digests(new, _described_digests(session.described) | digests)
                self._buckets.write(session.bucket, new, session.conditions)
                session.finished = new
            return as_json(resource(session.bucket, session.finished))


def _take_piece(session: Session, request: Request) -> bool:
    """Append the request's piece to the session; True if that was the last one."""
    span = request.headers.get("content-range", f"bytes 0-*/{len(request.body)}")
    match = re.fullmatch(r"bytes (?:(\d+)-(?:\d+|\*)|\*)/(\d+|\*)", span)
    if not match:
        raise Refused(HTTPStatus.BAD_REQUEST, "InvalidArgument", "invalid", "bad Content-Range")
    start, total = match.groups()
    if start is not None:
        if int(start) > len(session.received):
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, "", "backendError", "a piece is missing")
        session.received[int(start) :] = request.body
    whole = total != "*" and len(session.received) == int(total)
    if not whole and len(session.received) % PIECE_BYTES:
        raise Refused(HTTPStatus.BAD_REQUEST, "", "badRequest", "a piece is no multiple of 256 KiB")
    return whole


def _what_came(session: Session) -> Reply:
    """Return 308 with the range of the bytes that are here; no range if there are none."""
    last = len(session.received) - 1
    headers = {"Range": f"bytes=0-{last}"} if session.received else {}
    return Reply(HTTPStatus.PERMANENT_REDIRECT, headers)


def _two_parts(request: Request) -> tuple[bytes, bytes]:
    """Return the contents of the two parts of a multipart/related body (RFC 2387)."""
    boundary = request.headers.get_param("boundary")
    pieces = (b"\r\n" + request.body).split(b"\r\n--" + str(boundary).encode())
    if len(pieces) != 4 or not pieces[3].startswith(b"--"):
        raise Refused(
            HTTPStatus.BAD_REQUEST, "", "badRequest", "the body has not the two parts expected"
        )
    description, body = (piece.partition(b"\r\n\r\n")[2] for piece in pieces[1:3])
    return description, body


def _object(name: str, body: bytes, described: dict[str, str]) -> StoredObject:
    return StoredObject(name, body, described.get("contentType") or "application/octet-stream")


def _described_digests(described: dict[str, str]) -> dict[str, str]:
    fields = {"crc32c": "crc32c", "md5Hash": "md5"}
    return {kind: described[name] for name, kind in fields.items() if name in described}
