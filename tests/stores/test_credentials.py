"""Credentials that end: a function's S3 driver asks for new ones by itself.

The endpoint is the one that EKS gives to a pod: an address and a file with a token.
"""

import json
import re
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from spyhop.stores import open_lean_store

# obstore waits 0.1 s before it asks a role again.
ASKS_AGAIN_S = 0.15

NOT_FOUND = b"<Error><Code>NoSuchKey</Code><Message>none</Message></Error>"


class Role:
    """A role's credentials endpoint, and an S3 without objects that notes who signed."""

    def __init__(self) -> None:
        self.lasts = timedelta(hours=6)
        self.given = 0
        self.signed_by: list[str] = []
        role = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                status, body = role.answer(self.path, self.headers["authorization"] or "")
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, path: str, authorization: str) -> tuple[int, bytes]:
        if path != "/role":
            self.signed_by += re.findall(r"Credential=(\w+)/", authorization)
            return 404, NOT_FOUND
        self.given += 1
        credentials = {
            "AccessKeyId": f"KEY{self.given}",
            "SecretAccessKey": "secret",
            "Token": "token",
            "Expiration": (datetime.now(UTC) + self.lasts).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        return 200, json.dumps(credentials).encode()


@pytest.fixture
def role(monkeypatch, tmp_path):
    """A role, in an environment without credentials of its own."""
    role = Role()
    Thread(target=role._server.serve_forever, daemon=True).start()
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(variable, raising=False)
    (tmp_path / "token").write_text("any")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{role.url}/role")
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", str(tmp_path / "token"))
    yield role
    role._server.shutdown()
    role._server.server_close()


def read_three_times(role):
    store = open_lean_store("s3://bucket", {"AWS_ENDPOINT_URL": role.url})
    for _ in range(3):
        assert store.get("key") is None
        time.sleep(ASKS_AGAIN_S)


def test_credentials_that_end_are_renewed_before_the_next_read(role):
    role.lasts = timedelta(seconds=1)

    read_three_times(role)

    assert role.signed_by == ["KEY1", "KEY2", "KEY3"]


def test_credentials_that_last_are_asked_for_once(role):
    read_three_times(role)

    assert role.signed_by == ["KEY1"] * 3
