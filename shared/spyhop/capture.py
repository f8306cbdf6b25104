"""Captures: records of answered rows, one JSON line each on standard output.

The platform keeps what a function prints, so nothing is lost when an instance freezes.
"""

import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from spyhop.errors import SpyhopError
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
        _print_all(_captures(shadow, rows, served, version, request_id))
    except SpyhopError as error:
        log(f"request {request_id}: the shadow failed: {error}")
    except Exception as error:  # a shadow fails nobody; what a stranger says may quote values
        log(f"request {request_id}: the shadow failed: {type(error).__name__}")


def _captures(
    shadow: "Model", rows: list[Any], served: "Sequence[Prediction]", version: str, request_id: str
) -> list[bytes]:
    # A bad row has its problems in its answer's place; it is no matter of any model's.
    answered = [i for i, answer in enumerate(served) if "error" not in answer]
    answers = shadow.predict([rows[i] for i in answered]) if answered else []
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    shared = {
        "capture": FORMAT,
        "at": at,
        "model": shadow.bundle.name,
        "version": shadow.bundle.version,
        "shadow_of": version,
    }
    return [
        msgspec.json.encode(
            {**shared, "id": f"{request_id}/{i}", "prediction": answer, "served": served[i]}
        )
        for i, answer in zip(answered, answers, strict=True)
    ]


def _print_all(lines: Sequence[bytes]) -> None:
    # One write, so that the lines of two requests do not mix.
    sys.stdout.write("".join(f"{line.decode()}\n" for line in lines))
    sys.stdout.flush()
