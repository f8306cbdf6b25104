"""Answers and errors as HTTP replies: the one table from error to status.

Errors are RFC 9457 problem documents.  They name rows, columns and reasons, never values.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from spyhop.errors import InvalidRequest, SpyhopError, StoreUnavailable
from spyhop.log import log

RETRY_AFTER_S = 5

_STATUS_OF_FAULT = {
    "body": 400,
    "name": 404,
    "accept": 406,
    "size": 413,
    "type": 415,
    "rows": 422,
}


class Reply(Struct, frozen=True):
    """One HTTP reply; `headers` have lower-case names and tell what `body` is.

    `rows` is how many rows were answered.
    """

    status: int
    headers: dict[str, str]
    body: bytes
    rows: int = 0


def json_reply(value: Mapping[str, Any], request_id: str) -> Reply:
    """Return `value` with status 200."""
    return reply_of("application/json", msgspec.json.encode(value), request_id)


def reply_of(content_type: str, body: bytes, request_id: str, rows: int = 0) -> Reply:
    """Return `body` with status 200."""
    return Reply(200, {"content-type": content_type, "x-request-id": request_id}, body, rows)


def fault(
    status: int, detail: str, request_id: str, headers: Mapping[str, str] | None = None
) -> Reply:
    """Return a problem document with `status`."""
    return _problem_reply(_document(status, detail, request_id), headers or {})


def error_reply(error: Exception, request_id: str) -> Reply:
    """Return the reply that tells the caller of `error`."""
    document = problem_of(error, request_id)
    retry = {"retry-after": str(RETRY_AFTER_S)} if document["status"] == 503 else {}
    return _problem_reply(document, retry)


def problem_of(error: Exception, request_id: str) -> dict[str, Any]:
    """Return the problem document for `error`.  What is not the caller's to know is logged."""
    if isinstance(error, InvalidRequest):
        document = _document(_STATUS_OF_FAULT[error.fault], str(error), request_id)
        if error.problems:
            document["errors"] = [problem._asdict() for problem in error.problems]
            document["more_errors"] = error.more
        return document
    if isinstance(error, SpyhopError):
        log(f"request {request_id}: not ready: {error}")
        gone = isinstance(error, StoreUnavailable)
        what = "The store does not answer" if gone else "The model is not ready"
        return _document(503, f"{what}. The function's log says why.", request_id)
    log(f"request {request_id}: a fault of spyhop's own:")
    import traceback  # only a fault pays for it

    traceback.print_exception(error)
    return _document(500, "A fault of the server. Its log has the details.", request_id)


def _document(status: int, detail: str, request_id: str) -> dict[str, Any]:
    from http import HTTPStatus  # only a fault pays for it

    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "request_id": request_id,
    }


def _problem_reply(document: Mapping[str, Any], headers: Mapping[str, str]) -> Reply:
    base = {
        "content-type": "application/problem+json",
        "x-request-id": document["request_id"],
    }
    return Reply(document["status"], {**base, **headers}, msgspec.json.encode(document))
