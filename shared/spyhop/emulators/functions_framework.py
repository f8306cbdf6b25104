"""Google Cloud Functions on this machine: Google's own functions-framework around our door."""

import http.client
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from spyhop.emulators import door_folder
from spyhop.emulators.process import ServerProcess, compile_bytecode, free_port

ANSWER_WITHIN_S = 60


class HttpReply(NamedTuple):
    """What came back over the wire; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class FunctionsFramework(ServerProcess):
    """The function `target` on http://127.0.0.1:`port`, with the variables `environ`.

    `signature` is what the function takes: "http" or "cloudevent".
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        port: int | None = None,
        target: str = "predict",
        signature: str = "http",
    ) -> None:
        folder = door_folder("gcp_function")
        compile_bytecode(folder)
        port = free_port() if port is None else port
        command = framework_command(folder, port, target, signature)
        super().__init__(command, port, folder, environ)

    def request(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> HttpReply:
        """Return the reply to one request, sent on a connection of its own."""
        return request_once(self.port, method, path, body, headers)


def request_once(
    port: int, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
) -> HttpReply:
    """Return the reply of the server on `port` to one request, on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_WITHIN_S)
    try:
        connection.request(method, path, body or None, dict(headers or {}))
        reply = connection.getresponse()
        named = {name.lower(): value for name, value in reply.getheaders()}
        return HttpReply(reply.status, named, reply.read())
    finally:
        connection.close()


def framework_command(
    folder: Path, port: int, target: str = "predict", signature: str = "http"
) -> list[str]:
    """Return the command that serves a function in `folder`/main.py on the loopback."""
    return [
        str(Path(sys.prefix) / "bin" / "functions-framework"),
        *("--target", target),
        *("--signature-type", signature),
        *("--source", str(folder / "main.py")),
        *("--host", "127.0.0.1"),  # the default is every interface
        *("--port", str(port)),
    ]
