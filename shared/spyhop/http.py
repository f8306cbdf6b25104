"""The HTTP contract, once for every door: a request in, a reply out.

A door turns its platform's envelope into a `Request` and the `Reply` back into what the
platform expects; everything between is here.
"""

import binascii
import os
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from spyhop.compression import packed, unpacked
from spyhop.errors import InvalidRequest
from spyhop.http_reply import Reply, error_reply, fault, json_reply, problem_of
from spyhop.service import Service

# What API Gateway and Lambda let through at the most (6 MB for one invocation).
MOST_BODY_BYTES = 6 * 1024 * 1024

# Lambda returns 6 MB at the most, and wraps the body in JSON once more.
MOST_REPLY_BYTES = 4 * 1024 * 1024
_TOO_MUCH = (
    f"the answers to these rows are more than {MOST_REPLY_BYTES} bytes. "
    "Send the rows in several requests."
)

# No route has more parts than this between slashes.
MOST_PARTS = 4

_REQUEST_ID = re.compile(r"[\x21-\x7e]{1,128}")


class Request(Struct, frozen=True):
    """One HTTP request.  Header names are in lower case; `path` has no query; a stage or
    base path may be in front of it.

    `body_is_base64` says that the platform wrapped the body so.  `platform_id` is the
    platform's own id for the request, used where the caller sent none in x-request-id.
    """

    method: str
    path: str
    headers: Mapping[str, str] = {}
    body: bytes = b""
    body_is_base64: bool = False
    platform_id: str | None = None


def respond(service: Service, request: Request) -> Reply:
    """Return the reply to `request`.  Raises nothing: whatever goes wrong is a reply too."""
    return packed(_respond(service, request), request.headers.get("accept-encoding"))


def _respond(service: Service, request: Request) -> Reply:
    request_id = _request_id(request.headers.get("x-request-id"), request.platform_id)
    try:
        route = _route_of(request.path)
        if route is None:
            known = ", ".join(_ROUTES)
            return fault(404, f"There is nothing at this path. Paths: {known}", request_id)
        if request.method not in route.methods:
            allowed = ", ".join(route.methods)
            detail = f"This path takes {allowed}, not {request.method[:20]}."
            return fault(405, detail, request_id, {"allow": allowed})
        reply = json_reply(route.answer(service, request, request_id), request_id)
        if len(reply.body) > MOST_REPLY_BYTES:
            raise InvalidRequest(_TOO_MUCH, fault="size")
        return reply
    except Exception as error:  # the outermost place: no stack trace may reach a caller
        return error_reply(error, request_id)


def respond_directly(service: Service, event: object, platform_id: str | None) -> dict[str, Any]:
    """Return the answer to an event that is no HTTP request: a body, or a problem document."""
    request_id = _request_id(None, platform_id)
    try:
        return service.predict(event, request_id)
    except Exception as error:  # the outermost place: no stack trace may reach a caller
        return problem_of(error, request_id)


def _predict(service: Service, request: Request, request_id: str) -> dict[str, Any]:
    key = request.headers.get("x-spyhop-key")
    encoding = request.headers.get("content-encoding", "")
    body = unpacked(_unwrapped(request), encoding, MOST_BODY_BYTES)
    _check_size(body)
    at_once = service.predict_json(body, request_id, key)
    return service.predict(_decoded(body), request_id, key) if at_once is None else at_once


def _health(service: Service, request: Request, request_id: str) -> dict[str, Any]:
    return {"status": "alive"}


def _ready(service: Service, request: Request, request_id: str) -> dict[str, Any]:
    return service.readiness()


def _metadata(service: Service, request: Request, request_id: str) -> dict[str, Any]:
    return service.metadata()


class _Route(NamedTuple):
    methods: tuple[str, ...]
    answer: Callable[[Service, Request, str], dict[str, Any]]


_ROUTES = {
    "/predict": _Route(("POST",), _predict),
    "/health": _Route(("GET", "HEAD"), _health),
    "/ready": _Route(("GET", "HEAD"), _ready),
    "/metadata": _Route(("GET", "HEAD"), _metadata),
}


def _route_of(path: str) -> _Route | None:
    """Return the route that `path` ends in: gateways leave a stage or a base path in front."""
    parts = path.rstrip("/").split("/")
    ends = (f"/{'/'.join(parts[first:])}" for first in range(-min(MOST_PARTS, len(parts)), 0))
    return next((_ROUTES[end] for end in ends if end in _ROUTES), None)


def _unwrapped(request: Request) -> bytes:
    if not request.body_is_base64:
        return request.body
    try:
        return binascii.a2b_base64(request.body)
    except binascii.Error as error:
        raise InvalidRequest(
            "the body is marked as base64 and is not. Send it as it is."
        ) from error


def _check_size(body: bytes) -> None:
    if len(body) > MOST_BODY_BYTES:
        raise InvalidRequest(
            f"got a body of {len(body)} bytes, expected at most {MOST_BODY_BYTES}. "
            "Send the rows in several requests.",
            fault="size",
        )


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequest(
            f'the body is not JSON ({_reason(error)}), expected {{"instances": [row, …]}}. '
            "NaN and Infinity are not JSON; send null where the model accepts missing values."
        ) from error


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"byte {error.start} of a text is not UTF-8"
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return str(error)


def _request_id(sent: object, platform_id: str | None) -> str:
    if isinstance(sent, str) and _REQUEST_ID.fullmatch(sent):
        return sent
    return platform_id or os.urandom(16).hex()
