"""A container's server on this machine: gunicorn, or Flask alone, around our door."""

import sys
from collections.abc import Mapping
from pathlib import Path

from spyhop.emulators import door_folder
from spyhop.emulators.functions_framework import HttpReply, request_once
from spyhop.emulators.process import ServerProcess, compile_bytecode


class ContainerServer(ServerProcess):
    """What a platform starts in a container, with its variables `environ`; it listens on `port`.

    `environ` must name that port as the platform does.
    """

    def __init__(self, environ: Mapping[str, str], port: int) -> None:
        folder = door_folder("container")
        compile_bytecode(folder)
        command = [str(Path(sys.prefix) / "bin" / "gunicorn"), "app:app"]
        super().__init__(command, port, folder, {"SPYHOP_HOST": "127.0.0.1", **environ})

    def request(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> HttpReply:
        """Return the reply to one request, sent on a connection of its own."""
        return request_once(self.port, method, path, body, headers)


def flask_command(port: int) -> list[str]:
    """Return the command that serves the app with Flask alone, on the loopback."""
    app = door_folder("container") / "app.py"
    return [sys.executable, "-m", "flask", "--app", str(app), "run", "--port", str(port)]
