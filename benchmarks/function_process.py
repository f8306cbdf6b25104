"""A function in a process of its own, started afresh and timed (the other end: driver.py)."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

from benchmarks.sides import Side, child_environment

DRIVER = Path(__file__).with_name("driver.py")


class FunctionProcess:
    """A process that has answered the event `first`; it ends with the `with` block.

    `cold_ms` is the time from its start to that answer, `reply` the answer's body, and
    `peak_mib` the most memory it held until then.  It runs on `core` alone, if one is given.
    """

    def __init__(self, side: Side, first: str = "one", core: int | None = None) -> None:
        command = [sys.executable, str(DRIVER), str(side.folder), str(side.events), first]
        started = time.perf_counter()
        self._process = subprocess.Popen(
            command,
            env=child_environment(side),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        if core is not None:
            os.sched_setaffinity(self._process.pid, {core})
        self._side = side
        self.reply = self._read_line()
        self.cold_ms = (time.perf_counter() - started) * 1e3
        self.peak_mib = float(self._read_line())

    @property
    def answers(self) -> list[dict[str, Any]]:
        """The predictions in the first answer."""
        return answers_in(self.reply, self._side)

    def times_ms(self, event: str, calls: int) -> list[float]:
        """Return how long each of `calls` further calls with the event took."""
        assert self._process.stdin is not None
        print(event, calls, file=self._process.stdin, flush=True)
        return [ns / 1e6 for ns in json.loads(self._read_line())]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()  # the end of its input ends it

    def _read_line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


def answers_in(body: str, side: Side) -> list[dict[str, Any]]:
    """Return the predictions in a reply's body; a reply without them ends the benchmark."""
    try:
        predictions: list[dict[str, Any]] = json.loads(body)["predictions"]
    except (ValueError, KeyError):
        raise SystemExit(f"{side.folder} did not answer: {body[:200]!r}") from None
    return predictions
