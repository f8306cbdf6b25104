"""S3 and Google Cloud Storage for functions, through obstore: small, quick to import.

Credentials are what the platform gives (Lambda's environment, a container's endpoint, the
metadata server) and obstore renews them before they end.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

import obstore
from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)
from obstore.store import GCSStore, S3Store

from spyhop.errors import ConfigError, StoreUnavailable
from spyhop.stores import checked_key

# A caller waits for a cold start: a store that is silent for this long is told as 503.
SILENCE_S = 4
# No new attempt after this: the worst case is this and one more silence.
TRY_FOR_S = 6
PIECE_BYTES = 1024 * 1024

# For listings obstore has one error, whose text alone tells what the store said.
_NO_BUCKET = re.compile(r"<Code>NoSuchBucket|status: 404,")
_REFUSED = re.compile(r"status: 40[13],")

_RETRY: Any = {
    "max_retries": 4,
    "retry_timeout": timedelta(seconds=TRY_FOR_S),
    "backoff": {"init_backoff": timedelta(milliseconds=50), "max_backoff": timedelta(seconds=1)},
}


class LeanStore:
    """Objects below an obstore client's prefix; see `Store` for what each call promises."""

    def __init__(self, url: str, client: Any) -> None:
        self.url = url
        self._client = client

    def get(self, key: str) -> bytes | None:
        found = self._ask(obstore.get, key)
        return None if found is None else b"".join(self._pieces(key, found))

    def stream(self, key: str) -> Iterator[bytes] | None:
        found = self._ask(obstore.get, key)
        return None if found is None else self._pieces(key, found)

    def stream_revision(self, key: str, version: str, etag: str) -> Iterator[bytes] | None:
        """Return one revision of an object, as `stream` does; None if there is another now.

        For objects of others, which change.  Without `version` and `etag` whatever is there.
        """
        options: Any = {"version": version} if version else {"if_match": f'"{etag}"'}
        options = options if version or etag else {}
        found = self._ask(partial(obstore.get, options=options), key)
        return None if found is None else self._pieces(key, found)

    def head(self, key: str) -> int | None:
        found = self._ask(obstore.head, key)
        return None if found is None else int(found["size"])

    def list(self, prefix: str) -> list[str]:
        folder = prefix.rpartition("/")[0]
        try:
            found = obstore.list(self._client, checked_key(folder) if folder else None).collect()
        except (FileNotFoundError, BaseError) as error:
            raise self._failure(prefix, error) from error
        return sorted(o["path"] for o in found if o["path"].startswith(prefix))

    def create(self, key: str, body: bytes) -> bool:
        path = checked_key(key)
        try:
            obstore.put(self._client, path, body, mode="create", use_multipart=False)
        except (AlreadyExistsError, PreconditionError):
            return False
        except (FileNotFoundError, BaseError) as error:
            raise self._failure(key, error) from error
        return True

    def _ask(self, call: Callable[[Any, str], Any], key: str) -> Any:
        """Return what `call` finds at `key`, or None if nothing is there."""
        try:
            return call(self._client, checked_key(key))
        except FileNotFoundError as error:
            if "NoSuchBucket" in str(error):
                raise self._failure(key, error) from error
            return None
        except PreconditionError:
            return None
        except BaseError as error:
            raise self._failure(key, error) from error

    def _pieces(self, key: str, found: Any) -> Iterator[bytes]:
        try:
            for piece in found.stream(PIECE_BYTES):
                yield bytes(piece)
        except BaseError as error:
            raise self._failure(key, error) from error

    def _failure(self, key: str, error: Exception) -> StoreUnavailable | ConfigError:
        where, said = key or "its root", str(error).partition("\n")[0]
        if isinstance(error, FileNotFoundError) or _NO_BUCKET.search(str(error)):
            return ConfigError(f"there is no bucket for {self.url}. Create it, or mend the URL.")
        refused = isinstance(error, PermissionDeniedError | UnauthenticatedError)
        if refused or _REFUSED.search(str(error)):
            return ConfigError(
                f"{self.url} refused us at {where}: {said}. Give the function's role what "
                "docs/security.md lists."
            )
        return StoreUnavailable(f"{self.url} does not answer at {where}: {said}")


def s3_client(bucket: str, prefix: str, environ: Mapping[str, str]) -> Any:
    """Return obstore's S3 client; region and credentials it finds in the environment itself."""
    endpoint = environ.get("AWS_ENDPOINT_URL_S3") or environ.get("AWS_ENDPOINT_URL")
    config: Any = {"endpoint": endpoint} if endpoint else {}
    return S3Store(
        bucket,
        prefix=prefix or None,
        config=config,
        client_options=_client_options(endpoint),
        retry_config=_RETRY,
    )


def gcs_client(bucket: str, prefix: str, environ: Mapping[str, str]) -> Any:
    """Return obstore's Google client; an emulator (STORAGE_EMULATOR_HOST) takes any token."""
    emulator = environ.get("STORAGE_EMULATOR_HOST")
    if emulator and "://" not in emulator:
        emulator = f"http://{emulator}"
    config: Any = {"base_url": emulator, "bearer_token": "emulator"} if emulator else {}
    return GCSStore(
        bucket,
        prefix=prefix or None,
        config=config,
        client_options=_client_options(emulator),
        retry_config=_RETRY,
    )


def _client_options(endpoint: str | None) -> Any:
    return {
        "allow_http": bool(endpoint and endpoint.startswith("http://")),
        "connect_timeout": f"{SILENCE_S}s",
        "read_timeout": f"{SILENCE_S}s",
        # An artefact may be large; silence is what ends a transfer, not its length.
        "timeout": "10m",
    }
