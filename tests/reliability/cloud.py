"""A function and its store, with a proxy between them that can be told to fail."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from spyhop.http import Reply, Request, respond
from spyhop.promotion import Channel
from spyhop.publishing import publish
from spyhop.service import START_AGAIN_S, released_service
from spyhop.stores import ErasableStore, open_store
from tests.forgery import another_version
from tests.models import Packed
from tests.servers.faulty_proxy import FaultyProxy

REFRESH_S = 60

# What names the endpoint to both families of clients.
ENDPOINTS = {"s3": "AWS_ENDPOINT_URL", "gs": "STORAGE_EMULATOR_HOST"}


class Asked(NamedTuple):
    """What a caller got, and after how many seconds."""

    reply: Reply
    seconds: float

    @property
    def version(self) -> str:
        return json.loads(self.reply.body)["model"]["version"]


class Function:
    """A deployed function: the real service, and a clock that can be put forward."""

    def __init__(self, environ: dict[str, str], row: dict) -> None:
        self._ahead_s = 0.0
        self._service = released_service(environ, lambda: time.monotonic() + self._ahead_s)
        self._body = json.dumps({"instances": [row]}).encode()

    def ask(self) -> Asked:
        started = time.perf_counter()
        reply = respond(self._service, Request("POST", "/predict", body=self._body))
        return Asked(reply, time.perf_counter() - started)

    def look_again(self) -> Asked:
        """Ask when the time has come to look for a new release, or to start once more."""
        self._ahead_s += max(REFRESH_S, START_AGAIN_S)
        return self.ask()

    def ready(self) -> dict:
        return json.loads(respond(self._service, Request("GET", "/ready")).body)

    def reaches(self, version: str, within_s: float = 10) -> bool:
        """Return whether `version` answers once the function looks for it again."""
        until = time.monotonic() + within_s
        found = self.look_again()
        while time.monotonic() < until:
            if found.reply.status == 200 and found.version == version:
                return True
            time.sleep(0.01)
            found = self.look_again()
        return False


class Cloud(NamedTuple):
    """A store with two versions of the whales, `old` and `new`, behind `proxy`."""

    url: str
    store: ErasableStore
    proxy: FaultyProxy
    environ: dict[str, str]
    row: dict
    old: str
    new: str

    def channel(self, name: str) -> Channel:
        return Channel(self.store, "whales", name, by="a test", at="2026-11-23T10:00:00")

    def function(self, channel: str, temporary: Path, **more: str) -> Function:
        """Return a function that serves `channel`; `more` are settings of its environment."""
        settings = {
            "SPYHOP_ROOT": self.url,
            "SPYHOP_MODEL": "whales",
            "SPYHOP_CHANNEL": channel,
            "SPYHOP_REFRESH_S": str(REFRESH_S),
            "SPYHOP_CACHE_BYTES": "100000000",
            "TMPDIR": str(temporary),
        }
        return Function({**self.environ, **settings, **more}, self.row)


@contextmanager
def open_cloud(scheme: str, server: Any, whales: Packed, folder: Path) -> Iterator[Cloud]:
    """Publish two versions on `server`, whose clients' settings are in the environment inside."""
    url = f"{scheme}://{server.new_bucket()}/models"
    with pytest.MonkeyPatch.context() as patch, FaultyProxy(server.endpoint) as proxy:
        for name, value in server.environ.items():
            patch.setenv(name, value)
        store = open_store(url)  # the people who release are not behind the proxy
        old = publish(store, whales.folder)
        new = publish(store, another_version(whales.folder, folder / "new", 1))
        environ = {**os.environ, ENDPOINTS[scheme]: proxy.endpoint}
        yield Cloud(url, store, proxy, environ, whales.rows[0], old, new)
