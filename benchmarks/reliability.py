"""What callers see while the store fails, measured: `python -m benchmarks.reliability`.

Writes the table into docs/reliability.md, between its markers.  Takes some minutes: the faults
last as long as the limits that a deployed function has.
"""

import re
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from statistics import median
from typing import NamedTuple

from tests.models import Packed, whales_model
from tests.reliability.cloud import Asked, Cloud, Function, open_cloud
from tests.servers import faults
from tests.servers.gcs import GcsServer
from tests.servers.s3 import MotoS3

from benchmarks.estimator_table import machine

PAGE = Path(__file__).parent.parent / "docs" / "reliability.md"
MARKED = re.compile(r"(<!-- figures -->\n).*(<!-- end of figures -->)", re.DOTALL)

REFRESH_S = 2
ASK_EVERY_S = 0.005
AT_LEAST_S = 3
GIVE_UP_S = 60

HEADER = """\
| fault | cold: the caller gets | after, s | hot: ms a request | worst, ms | again, cold, s | again, hot, s |
|---|---|---:|---:|---:|---:|---:|"""  # noqa: E501 - a row of Markdown is one line

Break = Callable[[Cloud], AbstractContextManager[None]]


def spoiling(fault: faults.Fault, where: str = "", first: int = 1_000_000) -> Break:
    """Return what spoils the requests for `where`, in which NEW is the new version."""
    return lambda cloud: cloud.proxy.failing(fault, where.replace("NEW", cloud.new), first)


REFUSING = faults.refusing
FAULTS: dict[str, Break] = {
    "every reply 1 s late": spoiling(faults.slow(1)),
    "every reply 2.5 s late": spoiling(faults.slow(2.5)),
    "no reply": spoiling(faults.silent),
    "packets dropped": lambda cloud: cloud.proxy.unreachable(),
    "connection refused": lambda cloud: cloud.proxy.gone(),
    "500": spoiling(REFUSING(500, "InternalError")),
    "503, Retry-After 60": spoiling(REFUSING(503, "SlowDown", 60)),
    "429": spoiling(REFUSING(429, "TooManyRequests")),
    "503, five times": spoiling(REFUSING(503, "SlowDown"), "", 5),
    "listing reset halfway": spoiling(faults.reset_halfway, "list-type"),
    "listing reset halfway, twice": spoiling(faults.reset_halfway, "list-type", 2),
    "model cut short, twice": spoiling(faults.cut_short, "model.onnx", 2),
    "model stalls halfway": spoiling(faults.stalling, "model.onnx"),
    "a byte every 0.1 s": spoiling(faults.trickling),
    "wrong bytes in the new model": spoiling(faults.wrong_bytes, "NEW/model.onnx"),
    "wrong bytes in every model": spoiling(faults.wrong_bytes, "model.onnx"),
    "empty listing": spoiling(faults.empty_listing),
    "400 ExpiredToken": spoiling(REFUSING(400, "ExpiredToken")),
    "401": spoiling(REFUSING(401, "AuthenticationRequired")),
    "403 RequestTimeTooSkewed": spoiling(REFUSING(403, "RequestTimeTooSkewed")),
}


class Measured(NamedTuple):
    """`cold` is the first caller's reply of a function that starts while the fault lasts; `hot_ms`
    the times of those who ask one that serves.  The rest says how long after the fault's end a
    caller gets an answer of the newest release."""

    cold: Asked
    cold_is_new: bool
    hot_ms: list[float]
    cold_again_s: float
    hot_again_s: float


def measure(cloud: Cloud, number: int, failing: Break, folder: Path) -> Measured:
    """Return what both kinds of function do while `failing` lasts, and after."""
    name = f"production/{number}"
    settings = {"SPYHOP_REFRESH_S": str(REFRESH_S)}
    cloud.channel(name).promote(cloud.old, "")
    running = cloud.function(name, folder / "running", **settings)
    assert running.ask().reply.status == 200
    cloud.channel(name).promote(cloud.new, "")
    starting = cloud.function(name, folder / "starting", **settings)
    time.sleep(REFRESH_S)  # from here on the next request makes it look
    with ThreadPoolExecutor(3) as pool:
        with failing(cloud):
            cold = pool.submit(starting.ask)
            hot_ms = asked_until(running, cold)
        again = [pool.submit(seconds_to, f, cloud.new) for f in (starting, running)]
        first = cold.result()
        is_new = first.reply.status == 200 and first.version == cloud.new
        return Measured(first, is_new, hot_ms, *(one.result() for one in again))


def asked_until(running: Function, cold: "Future[Asked]") -> list[float]:
    """Return the times of requests to what serves, in ms; each of them must be answered."""
    times_ms, started = [], time.monotonic()
    while not cold.done() or time.monotonic() < started + AT_LEAST_S:
        asked = running.ask()
        if asked.reply.status != 200:
            raise SystemExit(f"a function that served answered {asked.reply.status}")
        times_ms.append(asked.seconds * 1e3)
        time.sleep(ASK_EVERY_S)
    return times_ms


def seconds_to(function: Function, version: str) -> float:
    """Return after how many seconds `version` answers."""
    started = time.monotonic()
    while time.monotonic() < started + GIVE_UP_S:
        asked = function.ask()
        if asked.reply.status == 200 and asked.version == version:
            return time.monotonic() - started
        time.sleep(ASK_EVERY_S)
    raise SystemExit(f"{version} does not answer {GIVE_UP_S} s after the fault")


def seen(found: Measured) -> str:
    """Return what the first caller of a function that starts gets."""
    reply = found.cold.reply
    if reply.status != 200:
        return f"{reply.status}, Retry-After {reply.headers['retry-after']}"
    return "200" if found.cold_is_new else "200, the last known good"


def line(name: str, found: Sequence[Measured]) -> str:
    """Return one row of the table: the figures of each store in turn."""
    figures = [
        [f"{one.cold.seconds:.2f}" for one in found],
        [f"{median(one.hot_ms):.2f}" for one in found],
        [f"{max(one.hot_ms):.0f}" for one in found],
        [f"{one.cold_again_s:.1f}" for one in found],
        [f"{one.hot_again_s:.1f}" for one in found],
    ]
    (what,) = {seen(one) for one in found}  # the stores do not differ in what callers see
    return f"| {' | '.join((name, what, *(' / '.join(cells) for cells in figures)))} |"


def measured_on(scheme: str, server: MotoS3 | GcsServer, whales: Packed) -> dict[str, Measured]:
    """Return what is found on one store, by fault."""
    found = {}
    folder = Path(tempfile.mkdtemp())
    with open_cloud(scheme, server, whales, folder) as cloud:
        for number, (name, failing) in enumerate(FAULTS.items()):
            found[name] = measure(cloud, number, failing, folder / str(number))
            print(line(f"{name} ({scheme})", [found[name]]), flush=True)
    return found


def main() -> None:
    folder = Path(tempfile.mkdtemp())
    whales = whales_model(folder / "bundle")
    with MotoS3(folder) as s3, GcsServer() as gs:
        stores = [measured_on("s3", s3, whales), measured_on("gs", gs, whales)]
    rows = [line(name, [found[name] for found in stores]) for name in FAULTS]
    table = "\n".join([f"{machine()}\n", HEADER, *rows])
    PAGE.write_text(MARKED.sub(lambda marks: f"{marks[1]}{table}\n{marks[2]}", PAGE.read_text()))


if __name__ == "__main__":
    main()
