"""Platform events as their documentation shows them, from `tests/events/`, and changed ones."""

import base64
import json
from pathlib import Path
from typing import Any

EVENTS = Path(__file__).parent.parent / "events"


def event(name: str) -> dict[str, Any]:
    return json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))


# Every HTTP envelope, and how a stage or a base path shows in it.
HTTP = {
    "REST API": ("rest_api", ""),
    "REST API, custom domain": ("rest_api", "/whales"),
    "HTTP API": ("http_api", ""),
    "HTTP API, stage": ("http_api", "/dev"),
    "HTTP API, stage and base path": ("http_api", "/dev/whales"),
    "function URL": ("function_url", ""),
    "load balancer": ("load_balancer", ""),
    "load balancer, path prefix": ("load_balancer", "/models/whales"),
    "load balancer, multi-value headers": ("load_balancer_multi_value", ""),
}


def http_event(
    envelope: str,
    method: str = "POST",
    path: str = "/predict",
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    wrapped: bool = False,
) -> dict[str, Any]:
    """Return the event that a request becomes; `wrapped` bodies are base64."""
    name, base = HTTP[envelope]
    sent = event(name)
    http = sent["requestContext"].get("http")
    if http is None:
        sent["httpMethod"], sent["path"] = method, base + path
    else:
        sent["rawPath"] = base + path
        http.update(method=method, path=base + path)
    sent["body"] = base64.b64encode(body).decode() if wrapped else body.decode()
    sent["isBase64Encoded"] = wrapped
    for key, value in (headers or {}).items():
        if "headers" in sent:
            sent["headers"][key] = value
        if "multiValueHeaders" in sent:
            sent["multiValueHeaders"][key] = [value]
    return sent


def body_of(reply: dict[str, Any]) -> bytes:
    """Return the body of a Lambda's reply as the caller gets it."""
    body = reply["body"]
    return base64.b64decode(body) if reply["isBase64Encoded"] else body.encode()


def header_of(reply: dict[str, Any], name: str) -> str | None:
    if "headers" in reply:
        return reply["headers"].get(name)
    return reply["multiValueHeaders"].get(name, [None])[0]
