"""Google Cloud Storage through Google's SDK, with application default credentials: for people
and training."""

import re
from collections.abc import Iterator

import google.cloud.storage
from google.api_core.exceptions import (
    Forbidden,
    GoogleAPIError,
    NotFound,
    PreconditionFailed,
    Unauthorized,
)
from google.auth.exceptions import GoogleAuthError
from requests import RequestException

from spyhop.errors import ConfigError, StoreUnavailable
from spyhop.stores import checked_key

PIECE_BYTES = 4 * 1024 * 1024

_FAILURES = (GoogleAPIError, GoogleAuthError, RequestException)


_NO_BUCKET = re.compile(r"bucket (\S+ )?does not exist", re.IGNORECASE)


class GCSStore:
    """Objects below gs://bucket/prefix; see `Store` for what each call promises."""

    def __init__(self, bucket: str, prefix: str) -> None:
        self.url = f"gs://{bucket}/{prefix}".rstrip("/")
        self._prefix = f"{prefix}/" if prefix else ""
        try:
            # No project: reading and writing objects needs none.
            self._client = google.cloud.storage.Client(project=None)
        except GoogleAuthError as error:
            raise self._failure("", error) from error
        self._bucket = self._client.bucket(bucket)

    def get(self, key: str) -> bytes | None:
        try:
            return bytes(self._blob(key).download_as_bytes())
        except NotFound as error:
            self._check_bucket(error)
            return None
        except _FAILURES as error:
            raise self._failure(key, error) from error

    def stream(self, key: str) -> Iterator[bytes] | None:
        return None if self.head(key) is None else self._pieces(key)

    def head(self, key: str) -> int | None:
        blob = self._blob(key)
        try:
            blob.reload()
        except NotFound as error:
            self._check_bucket(error)
            return None
        except _FAILURES as error:
            raise self._failure(key, error) from error
        return int(blob.size or 0)

    def list(self, prefix: str) -> list[str]:
        try:
            found = list(self._bucket.list_blobs(prefix=f"{self._prefix}{prefix}"))
        except _FAILURES as error:
            raise self._failure(prefix, error) from error
        return sorted(blob.name[len(self._prefix) :] for blob in found)

    def create(self, key: str, body: bytes) -> bool:
        try:
            self._blob(key).upload_from_string(
                body, content_type="application/octet-stream", if_generation_match=0
            )
        except PreconditionFailed:
            return False
        except _FAILURES as error:
            raise self._failure(key, error) from error
        return True

    def delete(self, key: str) -> None:
        """Remove the object at `key`; nothing happens if there is none."""
        try:
            self._blob(key).delete()
        except NotFound as error:
            self._check_bucket(error)
        except _FAILURES as error:
            raise self._failure(key, error) from error

    def _blob(self, key: str) -> google.cloud.storage.Blob:
        return self._bucket.blob(f"{self._prefix}{checked_key(key)}")

    def _pieces(self, key: str) -> Iterator[bytes]:
        try:
            with self._blob(key).open("rb", chunk_size=PIECE_BYTES) as file:
                while piece := file.read(PIECE_BYTES):
                    yield piece
        except _FAILURES as error:
            raise self._failure(key, error) from error

    def _check_bucket(self, error: NotFound) -> None:
        if _NO_BUCKET.search(str(error)):
            raise self._failure("", error) from error

    def _failure(self, key: str, error: Exception) -> StoreUnavailable | ConfigError:
        where = key or "its root"
        if isinstance(error, NotFound):
            return ConfigError(f"there is no bucket for {self.url}. Create it, or mend the URL.")
        if isinstance(error, Forbidden | Unauthorized | GoogleAuthError):
            return ConfigError(
                f"{self.url} refused us at {where}: {error}. Sign in (gcloud auth "
                "application-default login), or give the account what docs/security.md lists."
            )
        return StoreUnavailable(f"{self.url} does not answer at {where}: {error}")
