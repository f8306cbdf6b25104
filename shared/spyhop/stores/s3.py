"""S3 through boto3, with all of its ways to find credentials: for people and training."""

from collections.abc import Iterator
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from spyhop.errors import ConfigError, StoreUnavailable
from spyhop.stores import checked_key

PIECE_BYTES = 4 * 1024 * 1024

_CONFIG = Config(
    connect_timeout=5, read_timeout=30, retries={"mode": "standard", "max_attempts": 4}
)
_ABSENT = {"NoSuchKey", "404"}
# S3 answers the second when two conditional writes of one key cross.
_LOST = {"PreconditionFailed", "412"}
_CROSSED = {"ConditionalRequestConflict", "409"}
_REFUSED = {"AccessDenied", "403", "InvalidAccessKeyId", "SignatureDoesNotMatch", "401"}
MOST_CROSSINGS = 10


class S3Store:
    """Objects below s3://bucket/prefix; see `Store` for what each call promises."""

    def __init__(self, bucket: str, prefix: str) -> None:
        self.url = f"s3://{bucket}/{prefix}".rstrip("/")
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._client: Any = boto3.Session().client("s3", config=_CONFIG)

    def get(self, key: str) -> bytes | None:
        pieces = self.stream(key)
        return None if pieces is None else b"".join(pieces)

    def stream(self, key: str) -> Iterator[bytes] | None:
        found = self._call("get_object", key)
        return None if found is None else self._pieces(key, found["Body"])

    def head(self, key: str) -> int | None:
        found = self._call("head_object", key)
        return None if found is None else int(found["ContentLength"])

    def list(self, prefix: str) -> list[str]:
        asked = {"Bucket": self._bucket, "Prefix": f"{self._prefix}{prefix}"}
        try:
            pages = list(self._client.get_paginator("list_objects_v2").paginate(**asked))
        except (ClientError, BotoCoreError) as error:
            raise self._failure(prefix, error) from error
        keys = (entry["Key"] for page in pages for entry in page.get("Contents", ()))
        return sorted(key[len(self._prefix) :] for key in keys)

    def create(self, key: str, body: bytes) -> bool:
        place = {"Bucket": self._bucket, "Key": f"{self._prefix}{checked_key(key)}"}
        for _ in range(MOST_CROSSINGS):
            try:
                self._client.put_object(**place, Body=body, IfNoneMatch="*")
                return True
            except ClientError as error:
                if _code(error) in _LOST:
                    return False
                if _code(error) not in _CROSSED:
                    raise self._failure(key, error) from error
            except BotoCoreError as error:
                raise self._failure(key, error) from error
        raise StoreUnavailable(f"{self.url}: too many writers at {key}. Try again.")

    def delete(self, key: str) -> None:
        """Remove the object at `key`; nothing happens if there is none."""
        self._call("delete_object", key)

    def _call(self, operation: str, key: str) -> Any:
        place = {"Bucket": self._bucket, "Key": f"{self._prefix}{checked_key(key)}"}
        try:
            return getattr(self._client, operation)(**place)
        except ClientError as error:
            if _code(error) in _ABSENT:
                return None
            raise self._failure(key, error) from error
        except BotoCoreError as error:
            raise self._failure(key, error) from error

    def _pieces(self, key: str, body: Any) -> Iterator[bytes]:
        try:
            yield from body.iter_chunks(PIECE_BYTES)
        except (BotoCoreError, OSError) as error:
            raise self._failure(key, error) from error

    def _failure(self, key: str, error: Exception) -> StoreUnavailable | ConfigError:
        code, where = _code(error), key or "its root"
        if code == "NoSuchBucket":
            return ConfigError(f"there is no bucket for {self.url}. Create it, or mend the URL.")
        if code in _REFUSED or type(error).__name__ == "NoCredentialsError":
            return ConfigError(
                f"{self.url} refused us at {where}: {error}. Sign in (aws configure, aws sso "
                "login), or give the role what docs/security.md lists."
            )
        return StoreUnavailable(f"{self.url} does not answer at {where}: {error}")


def _code(error: Exception) -> str:
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else ""
