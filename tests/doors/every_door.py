"""All doors at once: one request, asked at each of them, and what its caller sees there."""

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request as FlaskLikeRequest

from tests.doors.events import body_of, header_of, http_event
from tests.doors.test_doors import door

# Those that pass on an HTTP request; a direct invocation has a JSON value instead.
ENVELOPES = {"v2": "HTTP API", "v1": "REST API", "balancer": "load balancer"}
HTTP_DOORS = (*ENVELOPES, "google", "container")


class Sent(NamedTuple):
    """A POST: its body, its headers (names in lower case), its path."""

    body: bytes
    headers: Mapping[str, str] = {}
    path: str = "/predict"


class Seen(NamedTuple):
    """What came back."""

    status: int
    content_type: str | None
    body: bytes


Ask = Callable[[Sent], Seen]


def open_doors(environ: Mapping[str, str]) -> dict[str, Ask]:
    """Return each door by its name, opened in the environment of a deployed function."""
    handler = door("aws_lambda", "handler", environ).handler
    predict = door("gcp_function", "main", environ).predict
    client = door("container", "app", environ).app.test_client()

    def google(sent: Sent) -> Seen:
        builder = EnvironBuilder(sent.path, method="POST", data=sent.body, headers=_headers(sent))
        body, status, headers = predict(FlaskLikeRequest(builder.get_environ()))
        return Seen(status, headers["content-type"], body)

    def container(sent: Sent) -> Seen:
        reply = client.post(sent.path, data=sent.body, headers=_headers(sent))
        return Seen(reply.status_code, reply.headers["content-type"], reply.data)

    def direct(sent: Sent) -> Seen:
        answer = handler(json.loads(sent.body), None)
        return Seen(answer.get("status", 200), None, json.dumps(answer).encode())

    amazon = {name: _through(handler, envelope) for name, envelope in ENVELOPES.items()}
    return {**amazon, "google": google, "container": container, "direct": direct}


def _through(handler: Callable[[Any, Any], dict[str, Any]], envelope: str) -> Ask:
    def ask(sent: Sent) -> Seen:
        event = http_event(envelope, "POST", sent.path, b"", _headers(sent))
        try:
            event["body"] = sent.body.decode()
        except UnicodeDecodeError:  # gateways wrap what is no text
            event["body"], event["isBase64Encoded"] = base64.b64encode(sent.body).decode(), True
        reply = handler(event, None)
        return Seen(reply["statusCode"], header_of(reply, "content-type"), body_of(reply))

    return ask


def _headers(sent: Sent) -> dict[str, str]:
    return {"content-type": "application/json", "x-request-id": "bad-input", **sent.headers}
