"""Generated bad requests at every door: `python -m benchmarks.bad_input --requests 100000`.

Counts the statuses; one that is 500 or above, or an exception, ends it with exit code 1.  The
requests are the same in every run with the same seed.
"""

import argparse
import gc
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

from tests.conftest import release
from tests.doors.bad_requests import generated
from tests.doors.every_door import HTTP_DOORS, Ask, open_doors
from tests.models import whales_model

from spyhop.stores.local import LocalStore

SEED = 20261124
# Before memory is looked at: caches, the allocator's arenas and late imports are there then.
WARM_UP = 2_000


def resident_mib() -> float:
    """Return how much memory this process holds (Linux)."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def statuses(ask: Ask, rows: list[dict[str, Any]], requests: int, seed: int) -> Counter[int]:
    """Return how often each status came back; an exception that escapes counts as 599."""
    random, found = Random(seed), Counter[int]()
    for number in range(requests):
        sent = generated(random, rows)
        try:
            status = ask(sent).status
        except Exception as error:  # the platform would tell the caller 502
            print(f"request {number}: {type(error).__name__}: {error}\n  {sent}")
            status = 599
        if 500 <= status < 599:
            print(f"request {number}: {status}\n  {sent}")
        found[status] += 1
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=100_000, help="at each door")
    parser.add_argument("--seed", type=int, default=SEED)
    asked = parser.parse_args(arguments)
    folder, faults = Path(tempfile.mkdtemp()), 0
    whales = whales_model(folder / "bundle")
    store = LocalStore(folder / "store")
    release(store, whales.folder)
    doors = open_doors({"SPYHOP_ROOT": store.url, "SPYHOP_MODEL": "whales"})
    print(f"{asked.requests} requests a door, seed {asked.seed}")
    for name in HTTP_DOORS:
        statuses(doors[name], whales.rows, min(WARM_UP, asked.requests), asked.seed + 1)
        gc.collect()
        before, started = resident_mib(), time.monotonic()
        found = statuses(doors[name], whales.rows, asked.requests, asked.seed)
        gc.collect()
        seconds, after = time.monotonic() - started, resident_mib()
        bad = sum(count for status, count in found.items() if status >= 500)
        faults += bad
        counts = ", ".join(f"{status}: {count}" for status, count in sorted(found.items()))
        memory = f"RSS {before:.1f} to {after:.1f} MiB ({after - before:+.1f})"
        print(f"{name}: {counts}; 500 or above: {bad}; {memory}; {seconds:.0f} s", flush=True)
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
