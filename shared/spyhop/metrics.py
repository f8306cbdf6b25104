"""Counters of a process that lives long, as Prometheus reads them.

Workers are forked from one process and each request for the metrics reaches one of them, so all
count in memory that they share: a place for each worker, that no lock is held between them.
"""

import mmap
from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate
from threading import Lock

from spyhop.serving import Serving

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
STATUSES = (200, 400, 404, 405, 406, 413, 415, 422, 500, 503)

# Two workers share a place only if so many others came and went between them.
MOST_WORKERS = 256

_ROWS, _NANOSECONDS = 0, 1
_STATUS = 2
_BUCKET = _STATUS + len(STATUSES) + 1  # the last is any other status
_WIDTH = _BUCKET + len(BUCKETS_S) + 1  # the last is anything slower


class Metrics:
    """What was asked and how it went, of this process and the workers forked from it."""

    def __init__(self) -> None:
        self._counts = memoryview(mmap.mmap(-1, 8 * _WIDTH * MOST_WORKERS)).cast("q")
        self._start = 0
        self._lock = Lock()

    def as_worker(self, number: int) -> None:
        """Count in the place of this worker from now on."""
        self._start = number % MOST_WORKERS * _WIDTH

    def record(self, status: int, rows: int, nanoseconds: int) -> None:
        """Count one request for predictions."""
        counts, start = self._counts, self._start
        place = STATUSES.index(status) if status in STATUSES else len(STATUSES)
        with self._lock:
            counts[start + _ROWS] += rows
            counts[start + _NANOSECONDS] += nanoseconds
            counts[start + _STATUS + place] += 1
            counts[start + _BUCKET + bisect_left(BUCKETS_S, nanoseconds / 1e9)] += 1

    def text(self, serving: Serving | None) -> str:
        """Return everything counted, and what serves."""
        totals = [sum(self._counts[i::_WIDTH]) for i in range(_WIDTH)]
        return "\n".join([*_requests(totals), *_latency(totals), *_serving(serving), ""])


def _requests(totals: list[int]) -> Iterator[str]:
    yield "# HELP spyhop_requests_total Requests for predictions, by status of the reply."
    yield "# TYPE spyhop_requests_total counter"
    for status, count in zip((*STATUSES, "other"), totals[_STATUS:_BUCKET], strict=True):
        yield f'spyhop_requests_total{{status="{status}"}} {count}'
    yield "# HELP spyhop_rows_total Rows that were answered."
    yield "# TYPE spyhop_rows_total counter"
    yield f"spyhop_rows_total {totals[_ROWS]}"


def _latency(totals: list[int]) -> Iterator[str]:
    yield "# HELP spyhop_request_seconds Time from the whole request to the whole reply."
    yield "# TYPE spyhop_request_seconds histogram"
    counts = list(accumulate(totals[_BUCKET:]))
    for bound, count in zip((*BUCKETS_S, "+Inf"), counts, strict=True):
        yield f'spyhop_request_seconds_bucket{{le="{bound}"}} {count}'
    yield f"spyhop_request_seconds_sum {totals[_NANOSECONDS] / 1e9}"
    yield f"spyhop_request_seconds_count {counts[-1]}"


def _serving(serving: Serving | None) -> Iterator[str]:
    yield "# HELP spyhop_ready Whether a model is loaded, in the worker that answers this."
    yield "# TYPE spyhop_ready gauge"
    yield f"spyhop_ready {int(serving is not None)}"
    if serving is None:
        return
    yield "# HELP spyhop_release The release that serves; 0 is a bundle without a channel."
    yield "# TYPE spyhop_release gauge"
    yield f"spyhop_release {serving.release.number}"
    yield "# HELP spyhop_held_back The newer release that was not taken; 0 is none."
    yield "# TYPE spyhop_held_back gauge"
    yield f"spyhop_held_back {serving.held_back or 0}"
    yield "# HELP spyhop_version_weight How much of the traffic a version gets, in per cent."
    yield "# TYPE spyhop_version_weight gauge"
    for version, weight in serving.release.weights.items():
        name = serving.models[version].bundle.name
        yield f'spyhop_version_weight{{model="{name}",version="{version}"}} {weight}'
