"""The log: lines on standard error, which both clouds keep."""

import sys


def log(message: str) -> None:
    """Write one line; no value of a caller's row and no secret belongs into it."""
    print(f"spyhop: {message}", file=sys.stderr, flush=True)
