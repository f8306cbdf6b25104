"""A folder as a store: for laptops, tests, mounted volumes, and functions with a baked model."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

from spyhop.errors import StoreUnavailable
from spyhop.stores import checked_key

PIECE_BYTES = 4 * 1024 * 1024

# Being written, and so not yet an object.  No key has a tilde: see checked_key.
_UNFINISHED = ".unfinished~"


class LocalStore:
    """Objects as files below `folder`; see `Store` for what each call promises.

    The file system must offer hard links: they are what makes a creation atomic.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._root = Path(folder).absolute()
        self.url = self._root.as_uri()

    def get(self, key: str) -> bytes | None:
        try:
            return self._path(key).read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except OSError as error:
            raise _unavailable(key, error) from error

    def stream(self, key: str) -> Iterator[bytes] | None:
        return None if self.head(key) is None else self._pieces(key)

    def head(self, key: str) -> int | None:
        path = self._path(key)
        try:
            return path.stat().st_size if path.is_file() else None
        except OSError as error:
            raise _unavailable(key, error) from error

    def list(self, prefix: str) -> list[str]:
        inside = prefix.rpartition("/")[0]
        folder = self._path(inside) if inside else self._root
        try:
            files = [path for path in folder.rglob("*") if path.is_file()]
        except OSError as error:
            raise _unavailable(prefix, error) from error
        keys = (path.relative_to(self._root).as_posix() for path in files)
        return sorted(k for k in keys if k.startswith(prefix) and _UNFINISHED not in k)

    def create(self, key: str, body: bytes) -> bool:
        path = self._path(key)
        unfinished = path.with_name(f"{_UNFINISHED}{uuid.uuid4().hex}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                _write_through(unfinished, body)
                return _is_first(unfinished, path)
            finally:
                unfinished.unlink(missing_ok=True)
        except OSError as error:
            raise _unavailable(key, error) from error

    def delete(self, key: str) -> None:
        """Remove the object at `key`; nothing happens if there is none."""
        try:
            self._path(key).unlink(missing_ok=True)
        except OSError as error:
            raise _unavailable(key, error) from error

    def _pieces(self, key: str) -> Iterator[bytes]:
        try:
            with self._path(key).open("rb") as file:
                while piece := file.read(PIECE_BYTES):
                    yield piece
        except OSError as error:
            raise _unavailable(key, error) from error

    def _path(self, key: str) -> Path:
        return self._root / checked_key(key)


def _is_first(unfinished: Path, path: Path) -> bool:
    """Give the finished file its name, or return False if the name is taken: the atomic step."""
    try:
        os.link(unfinished, path)
    except FileExistsError:
        return False
    return True


def _write_through(path: Path, body: bytes) -> None:
    with path.open("xb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())


def _unavailable(key: str, error: OSError) -> StoreUnavailable:
    return StoreUnavailable(
        f"the local store failed at {key}: {error.strerror}. Check the folder and its disk."
    )
