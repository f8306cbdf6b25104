"""Google Cloud Functions' way in: targets `predict` (HTTP), `score_object`, `score_message`.

Envelopes only; rows are spyhop's matter.
"""

import os
from typing import Any

from spyhop.quick_start import prepare

prepare(os.environ)

from spyhop.envelopes.google import message_delivery, object_delivery
from spyhop.http import Request, respond
from spyhop.scoring import Scoring
from spyhop.service import released_service

SERVICE = released_service(os.environ)
# Google's server forks what it imported, and threads that read the store would not come along:
# each worker loads the model itself, and a server that does not fork loads it for its first caller.
os.register_at_fork(after_in_child=SERVICE.warm)
SCORING = Scoring(SERVICE, os.environ)


def predict(request: Any) -> tuple[bytes, int, dict[str, str]]:
    """Return body, status and headers for a Flask request of any method and path."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    reply = respond(SERVICE, Request(request.method, request.path, headers, request.get_data()))
    return reply.body, reply.status, reply.headers


def score_object(event: Any) -> None:
    """Score the new object in Cloud Storage that a CloudEvent tells of; an error repeats it."""
    SCORING.score(object_delivery(event.data))


def score_message(event: Any) -> None:
    """Score the Pub/Sub message that a CloudEvent brings; an error repeats it."""
    SCORING.score(message_delivery(event.data))
