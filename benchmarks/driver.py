"""One function's process: answer the first event, then time further calls when asked to.

    python driver.py FOLDER EVENTS FIRST

imports FOLDER/handler.py and prints two lines: the body of its reply to EVENTS/FIRST.json, and
the process's peak memory in MiB.  Then, for each line "NAME CALLS" on standard input, it
prints the nanoseconds that each call with EVENTS/NAME.json took, as a JSON list.

It imports nothing that Lambda's own runtime does not import too.
"""

import json
import sys
import time
from typing import Any


def main() -> None:
    """Serve the commands until standard input ends."""
    folder, events, first = sys.argv[1:]
    sys.path[0] = folder  # in place of this script's own
    event = read_event(events, first)
    from handler import handler

    print(handler(event, None)["body"], flush=True)
    print(peak_mib(), flush=True)
    for command in sys.stdin:
        name, calls = command.split()
        event = read_event(events, name)
        print([timed_ns(handler, event) for _ in range(int(calls))], flush=True)


def read_event(folder: str, name: str) -> Any:
    """Return the event NAME.json."""
    with open(f"{folder}/{name}.json", "rb") as file:
        return json.load(file)


def timed_ns(handler: Any, event: Any) -> int:
    """Return the time of one call."""
    started = time.perf_counter_ns()
    handler(event, None)
    return time.perf_counter_ns() - started


def peak_mib() -> float:
    """Return the most memory this program has held.

    Not from getrusage: its figure starts at that of the parent, which has scikit-learn loaded.
    """
    with open("/proc/self/status") as status:
        peak = next(line for line in status if line.startswith("VmHWM:"))
    return int(peak.split()[1]) / 1024


if __name__ == "__main__":
    main()
