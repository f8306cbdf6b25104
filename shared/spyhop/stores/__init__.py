"""One bucket is all the state: the small port that every store offers.

Objects are written once and never changed, which local folders, S3 and GCS can all promise;
whatever looks like a change (a promotion, a rollback) is one more object.
"""

from typing import Protocol

from spyhop.errors import ConfigError


class Store(Protocol):
    """Objects under one root URL.  Keys use "/", have no empty, "." or ".." part."""

    url: str

    def get(self, key: str) -> bytes | None:
        """Return the object at `key`, or None if there is none."""

    def head(self, key: str) -> int | None:
        """Return the size in bytes of the object at `key`, or None if there is none."""

    def list(self, prefix: str) -> list[str]:
        """Return the keys that start with `prefix`, in ascending order."""

    def create(self, key: str, body: bytes) -> bool:
        """Write `body` at `key` if nothing is there, whole or not at all.

        Returns False, and changes nothing, if there is an object already: of any number of
        writers exactly one is told True.

        Raises:
            StoreUnavailable: from this and every other call, if the store does not answer.
        """


def open_store(url: str) -> Store:
    """Return the store under `url`: a folder's path, or file://….

    Raises:
        ConfigError: no driver takes this kind of URL.
    """
    scheme, separator, rest = url.partition("://")
    if not separator or scheme == "file":
        from spyhop.stores.local import LocalStore

        return LocalStore(_path_of(rest) if separator else url)
    raise ConfigError(
        f"got the store {scheme}://…, expected a folder's path or file://…. "
        "Drivers for s3:// and gs:// are not part of this version."
    )


def _path_of(rest: str) -> str:
    """Return the path in what follows file:// (RFC 8089); only this machine's files are here."""
    from urllib.parse import unquote

    host, slash, path = rest.partition("/")
    if host not in ("", "localhost") or not slash:
        raise ConfigError(f"got file://{host}…, expected file:/// and an absolute path")
    return slash + unquote(path)


def checked_key(key: str) -> str:
    """Return `key` if it stays inside the root.

    Raises:
        ConfigError: it has an empty part, a part "." or "..", a backslash, a tilde or a NUL.
    """
    if any(part in ("", ".", "..") for part in key.split("/")) or set(key) & set("\\~\0"):
        raise ConfigError(f"the key {key!r} does not stay inside the store; expected a/b/c")
    return key
