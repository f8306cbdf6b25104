"""S3 and Google Cloud Storage for functions, through obstore: small, quick to import.

Credentials are what the platform gives (Lambda's environment, a container's endpoint, the
metadata server) and obstore renews them before they end.
"""

import re
import time
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

# Of a caller's patience: a store that is silent for the first part does not answer, and after the
# second there is no new attempt.  So one call takes seven tenths of it at the worst.
SILENCE = 0.3
TRY_FOR = 0.4
# An artefact may be large, and its pieces slow; this much is not the store's pace any more.
TRANSFER_S = 120
LIST_AGAIN_S = 0.2
PIECE_BYTES = 1024 * 1024

# For listings obstore has one error, whose text alone tells what the store said.
_NO_BUCKET = re.compile(r"<Code>NoSuchBucket|status: 404,")
# S3 calls a session that has ended a bad request.
_REFUSED = re.compile(r"status: 40[13],|<Code>(ExpiredToken|InvalidToken|TokenRefreshRequired)<")
_CODE = re.compile(r"<Code>(\w+)</Code>")
# obstore goes on with an object whose body breaks off, and not with a listing.
_BROKEN_OFF = "response body"


class LeanStore:
    """Objects below an obstore client's prefix; see `Store` for what each call promises."""

    def __init__(self, url: str, client: Any, patience_s: float) -> None:
        self.url = url
        self._client = client
        self._try_for_s = TRY_FOR * patience_s

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
        checked = checked_key(folder) if folder else None
        give_up_at = time.monotonic() + self._try_for_s
        while True:
            try:
                found = obstore.list(self._client, checked).collect()
                return sorted(o["path"] for o in found if o["path"].startswith(prefix))
            except (FileNotFoundError, BaseError) as error:
                if _BROKEN_OFF not in str(error) or time.monotonic() > give_up_at:
                    raise self._failure(prefix, error) from error
            time.sleep(LIST_AGAIN_S)

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
        where, said = key or "its root", _said(str(error))
        if isinstance(error, FileNotFoundError) or _NO_BUCKET.search(str(error)):
            return ConfigError(f"there is no bucket for {self.url}. Create it, or mend the URL.")
        refused = isinstance(error, PermissionDeniedError | UnauthenticatedError)
        if refused or _REFUSED.search(str(error)):
            return ConfigError(
                f"{self.url} refused us at {where}: {said}. Look whether the function's "
                "credentials are still good, and give its role what docs/security.md lists."
            )
        return StoreUnavailable(f"{self.url} does not answer at {where}: {said}")


def _said(text: str) -> str:
    """Return the first line of obstore's text, and the store's own word for it if that has none."""
    line, code = text.partition("\n")[0], _CODE.search(text)
    return line if code is None or code[1] in line else f"{line} {code[1]}"


def s3_client(bucket: str, prefix: str, environ: Mapping[str, str], patience_s: float) -> Any:
    """Return obstore's S3 client; region and credentials it finds in the environment itself."""
    endpoint = environ.get("AWS_ENDPOINT_URL_S3") or environ.get("AWS_ENDPOINT_URL")
    config: Any = {"endpoint": endpoint} if endpoint else {}
    return S3Store(
        bucket,
        prefix=prefix or None,
        config=config,
        client_options=_client_options(endpoint, patience_s),
        retry_config=_retry(patience_s),
    )


def gcs_client(bucket: str, prefix: str, environ: Mapping[str, str], patience_s: float) -> Any:
    """Return obstore's Google client; an emulator (STORAGE_EMULATOR_HOST) takes any token."""
    emulator = environ.get("STORAGE_EMULATOR_HOST")
    if emulator and "://" not in emulator:
        emulator = f"http://{emulator}"
    config: Any = {"base_url": emulator, "bearer_token": "emulator"} if emulator else {}
    return GCSStore(
        bucket,
        prefix=prefix or None,
        config=config,
        client_options=_client_options(emulator, patience_s),
        retry_config=_retry(patience_s),
    )


def _client_options(endpoint: str | None, patience_s: float) -> Any:
    silence = f"{int(SILENCE * patience_s * 1000)}ms"
    return {
        "allow_http": bool(endpoint and endpoint.startswith("http://")),
        "connect_timeout": silence,
        "read_timeout": silence,
        "timeout": f"{TRANSFER_S}s",
    }


def _retry(patience_s: float) -> Any:
    longest = timedelta(seconds=0.1 * patience_s)
    return {
        # Time is what ends it: a store that asks us to slow down needs more than a moment.
        "max_retries": 20,
        "retry_timeout": timedelta(seconds=TRY_FOR * patience_s),
        "backoff": {"init_backoff": timedelta(milliseconds=50), "max_backoff": longest},
    }
