"""One bucket is all the state: the small port that every store offers.

Objects are written once and never changed, which local folders, S3 and GCS can all promise;
whatever looks like a change (a promotion, a rollback) is one more object.

Two families of clients speak to the clouds.  Functions read through obstore (`lean.py`), which
is imported in a few milliseconds; people and training use the clouds' own SDKs (`s3.py`,
`gcs.py`), which know every way to find credentials.
"""

from collections.abc import Iterator, Mapping
from typing import Protocol

from spyhop.errors import ConfigError

# How long a caller may wait for what has to be read first.  Lambda gives ten seconds to a start.
DEFAULT_PATIENCE_S = 10


class Store(Protocol):
    """Objects under one root URL.  Keys use "/", have no empty, "." or ".." part.

    May be called by several threads at once.
    """

    url: str

    def get(self, key: str) -> bytes | None:
        """Return the object at `key`, or None if there is none."""

    def stream(self, key: str) -> Iterator[bytes] | None:
        """Return the object at `key` in pieces of some MiB, or None if there is none.

        Whoever reads it must reckon with StoreUnavailable between two pieces.
        """

    def head(self, key: str) -> int | None:
        """Return the size in bytes of the object at `key`, or None if there is none."""

    def list(self, prefix: str) -> list[str]:
        """Return the keys that start with `prefix`, in ascending order."""

    def create(self, key: str, body: bytes) -> bool:
        """Write `body` at `key` if nothing is there, whole or not at all.

        Returns False, and changes nothing, if there is an object already: of any number of
        writers at most one is told True.  A writer whose connection breaks after the store
        took its object may be told False: compare what is there with `body`.

        Raises:
            StoreUnavailable: from this and every other call, if the store does not answer.
            ConfigError: likewise, if it refuses us or the bucket does not exist.
        """


class ErasableStore(Store, Protocol):
    """A store that can also forget, for tidying up.  A function never sees one."""

    def delete(self, key: str) -> None:
        """Remove the object at `key`; nothing happens if there is none."""


def open_store(url: str) -> ErasableStore:
    """Return the store under `url`, for people and training: s3:// and gs:// by their SDKs.

    `url` is a folder's path, file:///path, s3://bucket/prefix or gs://bucket/prefix.

    Raises:
        ConfigError: no driver takes this kind of URL, or its SDK is not installed.
    """
    scheme, bucket, prefix = _parts(url)
    try:
        if scheme == "s3":
            from spyhop.stores.s3 import S3Store

            return S3Store(bucket, prefix)
        if scheme == "gs":
            from spyhop.stores.gcs import GCSStore

            return GCSStore(bucket, prefix)
    except ModuleNotFoundError as error:
        package, extra = {"s3": ("boto3", "aws"), "gs": ("google-cloud-storage", "gcp")}[scheme]
        raise ConfigError(
            f'{scheme}:// needs {package}. Install it with: pip install "spyhop[{extra}]"'
        ) from error
    return _local(url)


def open_lean_store(
    url: str, environ: Mapping[str, str], patience_s: float = DEFAULT_PATIENCE_S
) -> Store:
    """Return the store under `url` for a function: s3:// and gs:// by obstore.

    A call to a store that does not answer takes most of `patience_s`, and no more.
    `environ` may name other endpoints: AWS_ENDPOINT_URL, STORAGE_EMULATOR_HOST.

    Raises:
        ConfigError: no driver takes this kind of URL.
    """
    scheme, bucket, prefix = _parts(url)
    if scheme in ("s3", "gs"):
        from spyhop.stores.lean import LeanStore, gcs_client, s3_client

        client = s3_client if scheme == "s3" else gcs_client
        return LeanStore(_clean(url), client(bucket, prefix, environ, patience_s), patience_s)
    return _local(url)


def stream_revision(
    url: str, key: str, version: str, etag: str, environ: Mapping[str, str]
) -> Iterator[bytes] | None:
    """Return one revision of an object below s3:// or gs://, in pieces; None if it is gone.

    Raises:
        ConfigError: `url` is of neither kind, or the store refuses us.
        StoreUnavailable: the store does not answer.
    """
    store = open_lean_store(url, environ)
    from spyhop.stores.lean import LeanStore

    if not isinstance(store, LeanStore):
        raise ConfigError("objects to score come from s3:// or gs:// alone")
    return store.stream_revision(key, version, etag)


def _parts(url: str) -> tuple[str, str, str]:
    """Return scheme ("" for a path), bucket and prefix (without a slash at its end)."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme == "file":
        return "", "", ""
    if scheme not in ("s3", "gs"):
        raise ConfigError(
            f"got the store {scheme}://…, expected a folder's path, file:///path, "
            "s3://bucket/prefix or gs://bucket/prefix"
        )
    bucket, _, prefix = _clean(rest).partition("/")
    if not bucket:
        raise ConfigError(f"got {scheme}:// without a bucket, expected {scheme}://bucket/prefix")
    return scheme, bucket, checked_key(prefix) if prefix else ""


def _clean(url: str) -> str:
    return url.rstrip("/")


def _local(url: str) -> ErasableStore:
    from spyhop.stores.local import LocalStore

    scheme, separator, rest = url.partition("://")
    return LocalStore(_path_of(rest) if separator else scheme)


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
        ConfigError: it has an empty part, a part "." or "..", a backslash, a tilde, or a
            character that is not printable.
    """
    parts = key.split("/")
    if (
        any(part in ("", ".", "..") for part in parts)
        or set(key) & set("\\~")
        or (not key.isprintable())
    ):
        raise ConfigError(f"the key {key!r} does not stay inside the store; expected a/b/c")
    return key
