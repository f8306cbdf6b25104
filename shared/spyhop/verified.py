"""A version's files, every byte checked before any format's reader sees it.

A version's name ends in the first 16 hex digits of the sha256 of its manifest; the manifest
holds size and sha256 of every other file.  So a version names exactly one content.  Where the
deployer trusts keys, one of them must have signed the manifest.

Nothing here needs numpy: a function reads its model while numpy is being imported.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from threading import Thread
from typing import Any, Protocol, TypeVar

import msgspec
from msgspec import Struct

from spyhop.cache import Cache
from spyhop.core.names import is_file_name, is_version
from spyhop.errors import ArtifactError

FORMAT = 1
MANIFEST = "manifest.json"

_DIGEST = re.compile(r"[0-9a-f]{64}")

# Smaller files are quicker without a way over the disk.
LARGE_BYTES = 32 * 1024 * 1024

T = TypeVar("T")


class Source(Protocol):
    """Where the files of one version lie.  None means that there is no such file."""

    def get(self, name: str) -> bytes | None:
        """Return the whole file."""

    def stream(self, name: str) -> Iterator[bytes] | None:
        """Return the file in pieces."""


class Trust(Struct, frozen=True):
    """`keys`: Ed25519 public keys, of which one must have signed; without any, all is trusted
    that matches its digests.  `cache`: where files above `large_bytes` may lie; None keeps them
    in memory."""

    keys: tuple[bytes, ...] = ()
    cache: Cache | None = None
    large_bytes: int = LARGE_BYTES


NO_TRUST = Trust()


class Verified(Struct, frozen=True):
    """A version whose files are what its manifest promises.

    `files` holds them by name, the manifest's own bytes included; a large one is the path of a
    file in the cache.
    """

    version: str
    manifest: Mapping[str, Any]
    files: Mapping[str, bytes | str]


def read_verified(source: Source, version: str, trust: Trust = NO_TRUST) -> Verified:
    """Return the files of `version`, all of them read at the same time.

    Raises:
        ArtifactError: a file is absent or is not the one that was packed, no trusted key
            signed, or the bundle's format is newer than this spyhop.
    """
    body = _present(source.get(MANIFEST), MANIFEST, version)
    manifest = _checked_manifest(body, version)
    if trust.keys:
        from spyhop.signatures import check_signed  # only those who trust keys pay for it

        check_signed(body, source.get, trust.keys, version)
    try:
        promised = {_checked_name(name, version): p for name, p in manifest["files"].items()}
        jobs = [
            partial(_verified, source, name, *_checked_promise(p), version, trust)
            for name, p in promised.items()
        ]
        found = dict(zip(promised, _at_the_same_time(jobs), strict=True))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ArtifactError(
            f"{MANIFEST} of {version} is not what spyhop writes ({type(error).__name__}: {error}). "
            "Pack the model again."
        ) from error
    return Verified(version, manifest, {MANIFEST: body, **found})


def _at_the_same_time(jobs: Sequence[Callable[[], Any]]) -> list[Any]:
    """Return the results of `jobs` in their order, or raise the first one's error."""
    results: list[Any] = [None] * len(jobs)
    errors: list[BaseException | None] = [None] * len(jobs)

    def work(i: int) -> None:
        try:
            results[i] = jobs[i]()
        except BaseException as error:  # raised again where the results are asked for
            errors[i] = error

    threads = [Thread(target=work, args=(i,), daemon=True) for i in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for error in errors:
        if error is not None:
            raise error
    return results


def _checked_manifest(body: bytes, version: str) -> dict[str, Any]:
    digest = hashlib.sha256(body).hexdigest()[:16]
    decoded = decoded_json(body, MANIFEST) if version[-16:] == digest else {}
    manifest = decoded if isinstance(decoded, dict) else {}
    if not is_version(version) or version[:10] != str(manifest.get("created"))[:10]:
        raise ArtifactError(
            f"{MANIFEST} does not match the version {version[:40]!r} (its sha256 starts "
            f"{digest}). Refusing to load it; publish or pack the model again."
        )
    if manifest.get("format") != FORMAT:
        raise ArtifactError(
            f"bundle {version} has format {manifest.get('format')!r}, this spyhop reads "
            f"{FORMAT}. Install the spyhop that packed it, or a newer one."
        )
    return manifest


def _checked_name(name: str, version: str) -> str:
    if not is_file_name(name):
        raise ArtifactError(f"{MANIFEST} of {version} names the file {name!r}; refusing it")
    return name


def _checked_promise(promise: Mapping[str, Any]) -> tuple[int, str]:
    """Return size and sha256; the second becomes a file's name in the cache."""
    size, digest = promise["bytes"], promise["sha256"]
    if type(size) is not int or size < 0 or not _DIGEST.fullmatch(digest):
        raise ValueError("a file's size or sha256 is none")
    return size, digest


def _verified(
    source: Source, name: str, size: int, digest: str, version: str, trust: Trust
) -> bytes | str:
    def mismatch(found: str, found_size: int) -> ArtifactError:
        return ArtifactError(
            f"{name} of {version} does not match its manifest (sha256 {digest[:12]}… expected, "
            f"{found[:12]}… found; {size} bytes expected, {found_size} found). Refusing to load "
            "it; publish or pack the model again."
        )

    if size > trust.large_bytes and trust.cache is not None:
        path = trust.cache.keep(digest, size, lambda: source.stream(name), mismatch)
        if path is not None:
            return path
    found, pieces, held = hashlib.sha256(), [], 0
    for piece in _present(source.stream(name), name, version):
        held += len(piece)
        if held > size:  # it may never end
            break
        found.update(piece)  # while the next one is on its way
        pieces.append(piece)
    if held != size or found.hexdigest() != digest:
        raise mismatch(found.hexdigest(), held)
    return b"".join(pieces)


def _present(found: T | None, name: str, version: str) -> T:
    if found is None:
        raise ArtifactError(f"{name} of {version} is absent. Publish or pack the model again.")
    return found


def decoded_json(body: bytes, name: str) -> Any:
    """Return the JSON value in the file `name`."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ArtifactError(f"{name} is not JSON: {error}. Pack the model again.") from error
