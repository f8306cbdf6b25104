"""Google Cloud Functions' way in: an HTTP function, target `predict`.

Envelopes only; rows are spyhop's matter.
"""

import os
from typing import Any

from spyhop.quick_start import prepare

prepare(os.environ)

from spyhop.http import Request, respond
from spyhop.service import released_service

SERVICE = released_service(os.environ)
SERVICE.warm()


def predict(request: Any) -> tuple[bytes, int, dict[str, str]]:
    """Return body, status and headers for a Flask request of any method and path."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    reply = respond(SERVICE, Request(request.method, request.path, headers, request.get_data()))
    return reply.body, reply.status, reply.headers
