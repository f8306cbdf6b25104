"""HTTP as AWS wraps it: API Gateway (REST or payload 1.0, HTTP or payload 2.0), function URLs,
load balancers.

Which of them sent an event is told by what is in it.  Paths come with or without a stage or the
base path of a custom domain in front; `spyhop.http` finds the route at their end.
"""

import json
from collections.abc import Mapping
from typing import Any

from spyhop.http import Request
from spyhop.http_reply import Reply, fault

# A load balancer takes 1 MB of JSON from a function, and else tells its caller 502.
MOST_BALANCED_BYTES = 1_000_000
_HEADERS_BYTES = 4_000


def http_request(event: object, platform_id: str | None) -> Request | None:
    """Return the HTTP request in `event`, or None if it is something else."""
    if not isinstance(event, dict):
        return None
    gateway = _mapping(event.get("requestContext"))
    http = gateway.get("http")
    if isinstance(http, dict):
        method, path = http.get("method"), event.get("rawPath") or http.get("path")
    elif "httpMethod" in event or "elb" in gateway:
        method, path = event.get("httpMethod"), event.get("path")
    else:
        return None
    return Request(
        str(method),
        str(path or "/"),
        _headers(event),
        _body(event.get("body")),
        bool(event.get("isBase64Encoded")),
        platform_id,
    )


def http_reply(event: Mapping[str, Any], reply: Reply) -> dict[str, Any]:
    """Return `reply` in the shape that the sender of `event` takes."""
    gateway = _mapping(event.get("requestContext"))
    shaped: dict[str, Any] = {"statusCode": reply.status, **_encoded(reply.body)}
    many = {name: [value] for name, value in reply.headers.items()}
    if "elb" in gateway:
        if len(json.dumps(shaped["body"])) > MOST_BALANCED_BYTES - _HEADERS_BYTES:
            return http_reply(event, _too_much(reply))
        shaped["statusDescription"] = _status_in_words(reply.status)
        # A load balancer that sends many values per header reads no others, and the reverse.
        if "multiValueHeaders" in event:
            return {**shaped, "multiValueHeaders": many}
    elif "http" not in gateway:
        shaped["multiValueHeaders"] = many
    return {**shaped, "headers": dict(reply.headers)}


def _too_much(reply: Reply) -> Reply:
    detail = (
        f"the answers are more than the {MOST_BALANCED_BYTES} bytes that a load balancer takes. "
        "Accept gzip, or send the rows in several requests."
    )
    return fault(413, detail, reply.headers.get("x-request-id", ""))


def _headers(event: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers with lower-case names; of many values all, as RFC 9110 joins them."""
    single = _mapping(event.get("headers")).items()
    found = {name.lower(): value for name, value in single if isinstance(value, str)}
    for name, values in _mapping(event.get("multiValueHeaders")).items():
        if isinstance(values, list):
            found[name.lower()] = ", ".join(v for v in values if isinstance(v, str))
    if _sends_text_only(event):
        found.pop("accept-encoding", None)
    return found


def _sends_text_only(event: Mapping[str, Any]) -> bool:
    """Return whether bytes in a reply might arrive as base64.

    A REST API decodes base64 only where it was given binary media types; then it sends bodies
    as base64 itself.  Everyone else decodes what is marked so.
    """
    gateway = _mapping(event.get("requestContext"))
    rest = "http" not in gateway and "elb" not in gateway
    return rest and not event.get("isBase64Encoded")


def _body(sent: object) -> bytes:
    """Return the body as bytes; test consoles send JSON itself instead of its text."""
    if sent is None:
        return b""
    if isinstance(sent, str):
        return sent.encode("utf-8", "surrogatepass")
    return json.dumps(sent).encode()


def _status_in_words(status: int) -> str:
    from http import HTTPStatus  # only load balancers pay for it

    return f"{status} {HTTPStatus(status).phrase}"


def _encoded(body: bytes) -> dict[str, Any]:
    try:
        return {"body": body.decode(), "isBase64Encoded": False}
    except UnicodeDecodeError:
        import base64  # only bytes pay for it

        return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
