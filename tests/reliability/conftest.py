"""The clouds as fixtures, and the log."""

import time
from collections.abc import Callable, Iterator

import pytest

from tests.reliability.cloud import Cloud, open_cloud

SERVERS = {"s3": "moto_s3", "gs": "gcs_server"}


@pytest.fixture(scope="module", params=SERVERS)
def cloud(request, whales, tmp_path_factory) -> Iterator[Cloud]:
    server = request.getfixturevalue(SERVERS[request.param])
    with open_cloud(request.param, server, whales, tmp_path_factory.mktemp("new")) as opened:
        yield opened


@pytest.fixture
def said(capsys) -> Callable[[str], str]:
    """Return a function that waits until the log has a text, and returns the log so far."""
    lines: list[str] = []

    def until(text: str, within_s: float = 10) -> str:
        end = time.monotonic() + within_s
        while True:
            lines.append(capsys.readouterr().err)
            log = "".join(lines)
            if text in log or time.monotonic() > end:
                return log
            time.sleep(0.01)

    return until
