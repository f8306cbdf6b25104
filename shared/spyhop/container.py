"""What a container adds to the HTTP contract: its platform's paths and limits, and metrics."""

import time
from collections.abc import Mapping
from functools import partial

from spyhop.alone import bundle_service
from spyhop.container_settings import read_container_settings
from spyhop.http import Request, respond
from spyhop.http_reply import Reply
from spyhop.metrics import CONTENT_TYPE, Metrics
from spyhop.service import released_service


class Container:
    """Answers what a platform sends to a container with the variables `environ`.

    A bundle on the disk is loaded at once, before workers are forked, which share it then.
    Whatever comes from a bucket is loaded by each worker: the bucket's client has threads, and
    threads do not live on in a fork.

    Raises:
        ConfigError: a variable is no such value.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        environ = dict(environ)  # what is loaded later is what was deployed now
        self._settings = read_container_settings(environ)
        where = self._settings.bundle
        self._new_service = (
            partial(released_service, environ)
            if where is None
            else partial(bundle_service, where, environ)
        )
        self.service = self._new_service()
        self.metrics = Metrics()
        if self._settings.is_near:
            self.service.warm()

    def start_worker(self, number: int) -> None:
        """Make this process, the worker with this number, ready."""
        self.metrics.as_worker(number)
        if self.service.now is None:
            # Anew: one that was still starting had a thread for it, which is not in the fork.
            self.service = self._new_service()
            self.service.warm()

    @property
    def most_bytes(self) -> int:
        """How many bytes of a body are worth reading: one more than it may have."""
        return self._settings.limits.body_bytes + 1

    def reply(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Return the reply to a request of any method and path.  Raises nothing."""
        if path == "/metrics" and method in ("GET", "HEAD"):
            text = self.metrics.text(self.service.now)
            return Reply(200, {"content-type": CONTENT_TYPE}, text.encode())
        path = self._settings.routes.get(path, path)
        started = time.perf_counter_ns()
        request = Request(method, path, headers, body, limits=self._settings.limits)
        reply = respond(self.service, request)
        if method == "POST":
            self.metrics.record(reply.status, reply.rows, time.perf_counter_ns() - started)
        return reply
