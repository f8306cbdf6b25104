"""A server process on the loopback: started with a log of its own, and always stopped."""

import compileall
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import spyhop
from spyhop.errors import ConfigError, StoreUnavailable

START_WITHIN_S = 30
STOP_WITHIN_S = 5


class ServerProcess:
    """A program listening on `port`, until the `with` block ends; its output is in `log()`.

    Raises:
        ConfigError: the program is not installed.
        StoreUnavailable: it does not listen in time; the message has its output.
    """

    def __init__(
        self, command: Sequence[str], port: int, folder: Path, environ: Mapping[str, str]
    ) -> None:
        self.port = port
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        try:
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                env=_function_environment(environ),
                stdout=self._log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except FileNotFoundError as error:
            raise ConfigError(
                f"{command[0]} is not there. `make demo` and `make test` fetch it; without them: "
                'pip install "spyhop[local]"'
            ) from error
        try:
            self._wait_until_listening(command[0])
        except BaseException:
            self.stop()
            raise

    @property
    def pid(self) -> int:
        """The program's process."""
        return self._process.pid

    def log(self) -> str:
        """Return what the program has printed so far."""
        self._log.seek(0)
        return self._log.read().decode("utf-8", "replace")

    def stop(self) -> None:
        """End the program and everything it started."""
        for signal_number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self._process.pid, signal_number)
                self._process.wait(STOP_WITHIN_S)
            except ProcessLookupError:
                break
            except subprocess.TimeoutExpired:
                continue
        self._process.wait()
        self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _wait_until_listening(self, program: str) -> None:
        deadline = time.monotonic() + START_WITHIN_S
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.002)
        raise StoreUnavailable(f"{program} did not start:\n{self.log()}")


def free_port() -> int:
    """Return a port of the loopback that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def compile_bytecode(folder: Path) -> None:
    """Compile spyhop and the sources in `folder`, as a deployed package is; a start then reads
    bytecode instead of compiling."""
    for source in (Path(spyhop.__file__).parent, folder):
        compileall.compile_dir(source, quiet=2)


def _function_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment without its Python switches, and with `environ`."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "SPYHOP_"))}
    return {**kept, **environ}
