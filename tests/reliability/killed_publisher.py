"""A publisher that is killed at a write: `python -m … ROOT FOLDER` prints a line a victim.

Each write gets two victims, one killed right before it and one right after, each with a root of
its own below ROOT.  They are forks of this process, which starts no threads: imports cost most.
"""

import os
import signal
import sys
from typing import Any

from spyhop.publishing import publish
from spyhop.stores import open_store

MOMENTS = ("before", "after")


class Deadly:
    """A store at whose write number `deadly` this process dies, by a signal it cannot catch."""

    def __init__(self, store: Any, deadly: int, moment: str) -> None:
        self._store = store
        self._left = deadly
        self._moment = moment

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def create(self, key: str, body: bytes) -> bool:
        self._left -= 1
        if self._left == 0 and self._moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        created = self._store.create(key, body)
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return created


def main(root: str, folder: str, writes: int) -> None:
    for deadly in range(1, writes + 1):
        for moment in MOMENTS:
            victim = os.fork()
            if victim == 0:
                publish(Deadly(open_store(f"{root}/{deadly}-{moment}"), deadly, moment), folder)
                os._exit(0)
            _, status = os.waitpid(victim, 0)
            print(deadly, moment, os.WTERMSIG(status), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
