"""AWS Lambda's way in: API Gateway, function URLs, load balancers and direct invocation.

Envelopes only; rows are spyhop's matter.
"""

import os
from typing import Any

from spyhop.quick_start import prepare

prepare(os.environ)

from spyhop.envelopes.aws_http import http_reply, http_request
from spyhop.http import respond, respond_directly
from spyhop.service import released_service

SERVICE = released_service(os.environ)
SERVICE.warm()


def handler(event: Any, context: Any) -> dict[str, Any]:
    """Return the reply in the shape that the sender of `event` expects."""
    platform_id = getattr(context, "aws_request_id", None)
    request = http_request(event, platform_id)
    if request is None:
        return respond_directly(SERVICE, event, platform_id)
    return http_reply(event, respond(SERVICE, request))
