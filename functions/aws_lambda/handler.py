"""AWS Lambda's way in: API Gateway (HTTP API v2, REST v1) and direct invocation.

`handler.handler` is the function's entry point.  Envelopes only; rows are spyhop's matter.
"""

import os
from typing import Any

from spyhop.http import Request, respond, respond_directly
from spyhop.service import released_service

SERVICE = released_service(os.environ)
SERVICE.warm()


def handler(event: Any, context: Any) -> dict[str, Any]:
    """Return the reply in the shape that the sender of `event` expects."""
    platform_id = getattr(context, "aws_request_id", None)
    if not (isinstance(event, dict) and "requestContext" in event):
        return respond_directly(SERVICE, event, platform_id)
    method, path = _target(event)
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    body = (event.get("body") or "").encode("utf-8", "surrogatepass")
    wrapped = bool(event.get("isBase64Encoded"))
    reply = respond(SERVICE, Request(method, path, headers, body, wrapped, platform_id))
    return {
        "statusCode": reply.status,
        "headers": dict(reply.headers),
        "body": reply.body.decode(),
        "isBase64Encoded": False,
    }


def _target(event: dict[str, Any]) -> tuple[str, str]:
    if event.get("version") == "2.0":
        stage = f"/{event['requestContext']['stage']}"  # rawPath starts with a named stage
        return event["requestContext"]["http"]["method"], event["rawPath"].removeprefix(stage)
    return event["httpMethod"], event["path"]
