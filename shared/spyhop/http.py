"""The HTTP contract, once for every door: a request in, a reply out.

A door turns its platform's envelope into a `Request` and the `Reply` back into what the
platform expects; everything between is here.
"""

import binascii
import os
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from msgspec import Struct

from spyhop import codecs
from spyhop.codecs.json_document import decoded
from spyhop.compression import packed, unpacked
from spyhop.core.question import DEFAULT, Answered, parameters_in
from spyhop.errors import InvalidRequest
from spyhop.http_reply import Reply, error_reply, fault, json_reply, problem_of, reply_of
from spyhop.service import Service

# No route has more parts than this between slashes.
MOST_PARTS = 4

# Paths of the Open Inference Protocol, which end as some of ours do.
_V2 = re.compile(
    r"/v2(?P<path>/health/(live|ready)|/models/[^/]+(/versions/[^/]+)?(/(ready|infer))?)?"
)

_REQUEST_ID = re.compile(r"[\x21-\x7e]{1,128}")


class Limits(Struct, frozen=True):
    """How much goes through; `whose` limit it is, as we tell callers.

    API Gateway and Lambda let 6 MB through.  Lambda returns as much, but wraps the body in JSON
    once more.
    """

    body_bytes: int = 6 * 1024 * 1024
    reply_bytes: int = 4 * 1024 * 1024
    whose: str = ""


DEFAULT_LIMITS = Limits()
MOST_BODY_BYTES = DEFAULT_LIMITS.body_bytes


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
    limits: Limits = DEFAULT_LIMITS


def respond(service: Service, request: Request) -> Reply:
    """Return the reply to `request`.  Raises nothing: whatever goes wrong is a reply too."""
    return packed(_respond(service, request), request.headers.get("accept-encoding"))


def _respond(service: Service, request: Request) -> Reply:
    request_id = _request_id(request.headers.get("x-request-id"), request.platform_id)
    try:
        if "/v2" in request.path:
            parts = _parts_of_v2(request.path.rstrip("/"))
            if parts is not None:
                return _respond_v2(service, request, parts, request_id)
        route = _route_of(request.path)
        if route is None:
            known = ", ".join(_ROUTES)
            return fault(404, f"There is nothing at this path. Paths: {known}", request_id)
        if request.method not in route.methods:
            allowed = ", ".join(route.methods)
            detail = f"This path takes {allowed}, not {request.method[:20]}."
            return fault(405, detail, request_id, {"allow": allowed})
        reply = route.answer(service, request, request_id)
        _check_size(reply, request.limits)
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


def _predict(service: Service, request: Request, request_id: str) -> Reply:
    wanted = codecs.wanted(request.headers.get("accept"))
    answered = _answered(service, request, request_id)
    content_type, encoded = codecs.write(answered, wanted)
    reply = reply_of(content_type, encoded, request_id, len(answered.predictions))
    if content_type != codecs.JSON:  # which says so in its body
        reply.headers["x-spyhop-model"] = f"{answered.name}/{answered.version}"
    return reply


def _answered(service: Service, request: Request, request_id: str) -> Answered:
    media = codecs.media_of(request.headers.get("content-type"))
    content, key = _content(request), request.headers.get("x-spyhop-key")
    sent = request.headers.get("x-spyhop-parameters")
    if media.name == codecs.JSON and not sent:
        at_once = service.answer_json(content, request_id, key)
        if at_once is not None:
            return at_once
    parameters = parameters_in(decoded(sent.encode())) if sent else DEFAULT
    body = codecs.Body(content, media, service.most_rows, parameters)
    return service.answer(codecs.read(body), request_id, key)


def _predict_by_name(service: Service, request: Request, request_id: str) -> Reply:
    asked = request.path.rstrip("/").rpartition("/")[2].removesuffix(_BY_NAME[1])
    served = service.metadata()["name"]
    if asked != served:
        raise InvalidRequest(f'another model is served here: "{served}"', fault="name")
    return _predict(service, request, request_id)


def _respond_v2(service: Service, request: Request, parts: list[str], request_id: str) -> Reply:
    from spyhop.v2 import Call, respond_v2  # only who speaks the protocol pays for it

    body = _content(request)
    reply = respond_v2(service, Call(request.method, parts, request.headers, body, request_id))
    _check_size(reply, request.limits)
    return reply


def _health(service: Service, request: Request, request_id: str) -> Reply:
    return json_reply({"status": "alive"}, request_id)


def _ready(service: Service, request: Request, request_id: str) -> Reply:
    return json_reply(service.readiness(), request_id)


def _metadata(service: Service, request: Request, request_id: str) -> Reply:
    return json_reply(service.metadata(), request_id)


def _openapi(service: Service, request: Request, request_id: str) -> Reply:
    from spyhop.openapi import openapi  # only who reads about the model pays for it

    return json_reply(openapi(service.bundle(), service.most_rows), request_id)


def _docs(service: Service, request: Request, request_id: str) -> Reply:
    from spyhop.docs_page import POLICY, docs_page

    page = docs_page(service.bundle(), service.most_rows)
    reply = reply_of("text/html; charset=utf-8", page.encode(), request_id)
    reply.headers["content-security-policy"] = POLICY
    return reply


class _Route(NamedTuple):
    methods: tuple[str, ...]
    answer: Callable[[Service, Request, str], Reply]


_BY_NAME = ("/v1/models/", ":predict")
_POST, _GET = ("POST",), ("GET", "HEAD")

_ROUTES = {
    "/predict": _Route(_POST, _predict),
    "/health": _Route(_GET, _health),
    "/ready": _Route(_GET, _ready),
    "/metadata": _Route(_GET, _metadata),
    "/openapi.json": _Route(_GET, _openapi),
    "/docs": _Route(_GET, _docs),
    # What other servers call the same: SageMaker's, and TensorFlow's with the model's name.
    "/": _Route(_POST, _predict),
    "/invocations": _Route(_POST, _predict),
    "/ping": _Route(_GET, _ready),
    "{model}".join(_BY_NAME): _Route(_POST, _predict_by_name),
}


def _route_of(path: str) -> _Route | None:
    """Return the route that `path` ends in: gateways leave a stage or a base path in front."""
    parts = path.rstrip("/").split("/")
    ends = (f"/{'/'.join(parts[first:])}" for first in range(-min(MOST_PARTS, len(parts)), 0))
    routes = (_ROUTES.get(_without_name(end)) for end in ends)
    return next((route for route in routes if route is not None), None)


def _without_name(path: str) -> str:
    if path.startswith(_BY_NAME[0]) and path.endswith(_BY_NAME[1]):
        return "{model}".join(_BY_NAME)
    return path


def _parts_of_v2(path: str) -> list[str] | None:
    """Return what follows /v2 in a path of the Open Inference Protocol, None if it is none."""
    start = path.find("/v2")
    while start >= 0:
        found = _V2.fullmatch(path, start)
        if found is not None:
            return (found["path"] or "").split("/")[1:]
        start = path.find("/v2", start + 1)
    return path.split("/")[2:] if path.startswith("/v2/") and _route_of(path) is None else None


def _content(request: Request) -> bytes:
    """Return the body as it was sent.

    Raises:
        InvalidRequest: it is too large, or not what the platform says it is.
    """
    body = request.body
    if request.body_is_base64:
        try:
            body = binascii.a2b_base64(body)
        except binascii.Error as error:
            raise InvalidRequest(
                "the body is marked as base64 and is not. Send it as it is."
            ) from error
    most = request.limits.body_bytes
    if len(body) > most:
        raise InvalidRequest(
            f"got a larger body, expected at most {most} bytes{request.limits.whose}. "
            "Send the rows in several requests.",
            fault="size",
        )
    return unpacked(body, request.headers.get("content-encoding", ""), most)


def _check_size(reply: Reply, limits: Limits) -> None:
    if len(reply.body) > limits.reply_bytes:
        raise InvalidRequest(
            f"the answers to these rows are more than {limits.reply_bytes} bytes{limits.whose}. "
            "Send the rows in several requests.",
            fault="size",
        )


def _request_id(sent: object, platform_id: str | None) -> str:
    if isinstance(sent, str) and _REQUEST_ID.fullmatch(sent):
        return sent
    return platform_id or os.urandom(16).hex()
