"""Large files on the local disk, by digest: shared by versions and processes, and bounded.

A function may write to /tmp alone.  A file there is verified while it arrives, gets its name
when it is whole, and is verified again by whoever finds it later.
"""

import fcntl
import hashlib
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from spyhop.errors import ArtifactError
from spyhop.log import log

# Somebody may be about to load a file that was asked for so recently.
IN_USE_S = 600
_UNFINISHED = ".unfinished"
_LOCK = ".lock"
_PIECE_BYTES = 4 * 1024 * 1024

# Makes the error of a file with another digest and size than promised.
Mismatch = Callable[[str, int], ArtifactError]


class Cache:
    """Files below `folder`, at most `most_bytes` together; the least recently used one goes."""

    def __init__(self, folder: str, most_bytes: int) -> None:
        self._folder = folder
        self._most_bytes = most_bytes

    def keep(
        self,
        digest: str,
        size: int,
        stream: Callable[[], Iterator[bytes] | None],
        mismatch: Mismatch,
    ) -> str | None:
        """Return the path of the file with this sha256, read from `stream` if it is not here.

        Returns None if it has no room here, or the disk fails: keep it in memory then.

        Raises:
            ArtifactError: what `stream` gave is another file.
            StoreUnavailable: the stream broke.  Either way nothing of it stays.
        """
        try:
            self._claim_folder()
            path = f"{self._folder}/{digest}"
            if self._is_here(path, digest, size):
                return path
            unfinished = self._reserved(size)
            if unfinished is None:
                return None
            try:
                pieces = stream()
                if pieces is None:
                    return None
                _write_verified(unfinished, pieces, digest, size, mismatch)
                # Who counts the bytes must not see it under neither name.
                with _locked(f"{self._folder}/{_LOCK}"):
                    os.replace(unfinished, path)
            finally:
                _remove(unfinished)
        except OSError as error:
            log(f"the cache {self._folder} fails: {error}")
            return None
        return path

    def _claim_folder(self) -> None:
        """Make the folder, or refuse one in which others could change what was verified."""
        os.makedirs(self._folder, mode=0o700, exist_ok=True)
        found = os.lstat(self._folder)
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
            raise OSError("it is a link, or others may write in it")

    def _is_here(self, path: str, digest: str, size: int) -> bool:
        try:
            os.utime(path)
            if os.stat(path).st_size == size and _digest_of(path) == digest:
                return True
            _remove(path)
        except FileNotFoundError:
            pass
        return False

    def _reserved(self, size: int) -> str | None:
        """Return a new file that holds `size` bytes' room, or None if there is no room."""
        if size > self._most_bytes:
            return None
        with _locked(f"{self._folder}/{_LOCK}"):
            if not self._made_room(size):
                return None
            unfinished = f"{self._folder}/{os.urandom(16).hex()}{_UNFINISHED}"
            with open(unfinished, "xb") as file:
                file.truncate(size)
            return unfinished

    def _made_room(self, size: int) -> bool:
        by_use = sorted(_files(self._folder))
        held = sum(held_size for _, held_size, _ in by_use)
        for used, held_size, path in by_use:
            if held + size <= self._most_bytes or time.time() - used < IN_USE_S:
                break
            _remove(path)
            held -= held_size
        return held + size <= self._most_bytes


def _files(folder: str) -> Iterator[tuple[float, int, str]]:
    """Yield when each file was last used, its size and its path."""
    for file in os.scandir(folder):
        try:
            found = file.stat()
        except FileNotFoundError:  # another process gave it up just now
            continue
        if file.name != _LOCK:
            yield found.st_mtime, found.st_size, file.path


def _write_verified(
    path: str, pieces: Iterator[bytes], digest: str, size: int, mismatch: Mismatch
) -> None:
    found, written = hashlib.sha256(), 0
    with open(path, "r+b") as file:
        for piece in pieces:
            written += len(piece)
            if written > size:
                break
            found.update(piece)
            file.write(piece)
    if written != size or found.hexdigest() != digest:
        raise mismatch(found.hexdigest(), written)


def _digest_of(path: str) -> str:
    found = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(_PIECE_BYTES):
            found.update(piece)
    return found.hexdigest()


def _remove(path: str) -> None:
    with suppress(FileNotFoundError):
        os.remove(path)


@contextmanager
def _locked(path: str) -> Iterator[None]:
    with open(path, "ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
