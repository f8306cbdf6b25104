"""AWS Lambda's way in: HTTP, direct invocation, streams, queues, new objects, and a schedule.

Envelopes only; rows are spyhop's matter.
"""

import os
from typing import Any

from spyhop.quick_start import prepare

prepare(os.environ)

from spyhop.envelopes.aws_http import http_reply, http_request
from spyhop.envelopes.aws_records import delivery, is_schedule
from spyhop.http import respond, respond_directly
from spyhop.scoring import Scoring
from spyhop.service import released_service
from spyhop.snapshots import after_restore

SERVICE = released_service(os.environ)
SERVICE.warm()
SCORING = Scoring(SERVICE, os.environ)
after_restore(os.environ, SERVICE.refresh, SCORING.reconnect)


def handler(event: Any, context: Any) -> dict[str, Any]:
    """Return what the sender of `event` expects."""
    platform_id = getattr(context, "aws_request_id", None)
    request = http_request(event, platform_id)
    if request is not None:
        return http_reply(event, respond(SERVICE, request))
    if is_schedule(event):
        SERVICE.warm()
        return {"status": "warm"}
    records = delivery(event)
    if records is not None:
        return SCORING.score(records)
    return respond_directly(SERVICE, event, platform_id)
