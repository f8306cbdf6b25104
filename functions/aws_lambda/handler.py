"""AWS Lambda's way in: API Gateway (HTTP API v2, REST v1) and direct invocation.

Envelopes only; rows are spyhop's matter.
"""

import os
from typing import Any

from spyhop.quick_start import prepare

prepare(os.environ)

from spyhop.http import Request, respond, respond_directly
from spyhop.service import released_service

SERVICE = released_service(os.environ)
SERVICE.warm()


def handler(event: Any, context: Any) -> dict[str, Any]:
    """Return the reply in the shape that the sender of `event` expects."""
    platform_id = getattr(context, "aws_request_id", None)
    gateway = event.get("requestContext") if isinstance(event, dict) else None
    if not isinstance(gateway, dict):
        return respond_directly(SERVICE, event, platform_id)
    method, path = _target(event, gateway)
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    body = str(event.get("body") or "").encode("utf-8", "surrogatepass")
    wrapped = bool(event.get("isBase64Encoded"))
    reply = respond(SERVICE, Request(method, path, headers, body, wrapped, platform_id))
    return {"statusCode": reply.status, "headers": reply.headers, "body": reply.body.decode()}


def _target(event: dict[str, Any], gateway: dict[str, Any]) -> tuple[str, str]:
    if "http" not in gateway:
        return str(event.get("httpMethod")), str(event.get("path"))
    path, stage = str(event.get("rawPath")), f"/{gateway.get('stage')}/"
    # A named stage comes first in rawPath, except behind a custom domain.
    path = path[len(stage) - 1 :] if path.startswith(stage) else path
    return str(gateway["http"].get("method")), path
