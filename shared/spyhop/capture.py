"""Captures: records of answered rows, one JSON line each on standard output.

The platform keeps what a function prints, so nothing is lost when an instance freezes.
"""

import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from spyhop.log import log

if TYPE_CHECKING:
    from spyhop.core.answers import Prediction
    from spyhop.model import Model

FORMAT = 1


def capture_shadow(
    shadow: "Model", rows: list[Any], served: "Sequence[Prediction]", version: str, request_id: str
) -> None:
    """Let `shadow` answer the rows that `version` answered with `served`, and print both.

    Whatever goes wrong in a shadow is logged and never reaches the caller.
    """
    try:
        answers = shadow.predict(rows)
    except Exception as error:  # a shadow answers nobody, and so it fails nobody
        log(f"request {request_id}: the shadow failed: {error}")
        return
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    shared = {
        "capture": FORMAT,
        "at": at,
        "model": shadow.bundle.name,
        "version": shadow.bundle.version,
        "shadow_of": version,
    }
    lines = [
        msgspec.json.encode(
            {**shared, "id": f"{request_id}/{i}", "prediction": answer, "served": served[i]}
        )
        for i, answer in enumerate(answers)
    ]
    sys.stdout.write(b"\n".join(lines).decode() + "\n")
    sys.stdout.flush()
