"""AWS Lambda's SnapStart: one started process is kept and becomes many, days later.

What it had then is there: the model, but also connections that have ended, a release that may
have been rolled back, and the state of random numbers, the same in each copy.
"""

from collections.abc import Callable, Mapping


def after_restore(environ: Mapping[str, str], *refreshed: Callable[[], object]) -> None:
    """Have all of `refreshed` called whenever AWS restores this process; elsewhere nothing."""
    if environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") != "snap-start":
        return
    import random

    from snapshot_restore_py import register_after_restore  # AWS's runtime brings it

    for refresh in (random.seed, *refreshed):
        register_after_restore(refresh)
