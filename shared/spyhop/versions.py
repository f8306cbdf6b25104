"""Published versions: immutable bundles in a store.

A version is published file by file, its manifest last: without one it does not exist.

    <model>/versions/<version>/schema.json, model.onnx, …, manifest.<key>.sig, manifest.json
"""

from collections.abc import Iterator

from spyhop.core.names import is_version
from spyhop.errors import ArtifactError
from spyhop.stores import Store
from spyhop.verified import MANIFEST, NO_TRUST, Trust, Verified, read_verified


def versions(store: Store, model: str) -> list[str]:
    """Return the model's published versions, oldest date first."""
    prefix = f"{model}/versions/"
    found = (key[len(prefix) :].split("/") for key in store.list(prefix))
    return sorted({parts[0] for parts in found if parts[1:] == [MANIFEST]})


def models(store: Store) -> list[str]:
    """Return the names of the models that have a published version, in alphabetical order."""
    return sorted({k.split("/")[0] for k in store.list("") if k.endswith(f"/{MANIFEST}")})


def read_version(store: Store, model: str, version: str, trust: Trust = NO_TRUST) -> Verified:
    """Return the files of a published version, verified.

    Raises:
        ArtifactError: it does not exist (names the newest three), is damaged, or no trusted
            key signed it.
    """
    source = Below(store, version_prefix(model, version))
    if not is_version(version) or source.get(MANIFEST) is None:
        newest = ", ".join(versions(store, model)[-3:][::-1]) or "none"
        raise ArtifactError(
            f'No version "{version[:40]}" of model "{model}" in {store.url}. Newest three: '
            f"{newest}. List all: spyhop versions {model}"
        )
    verified = read_verified(source, version, trust)
    if verified.manifest.get("name") != model:
        raise ArtifactError(
            f'version "{version}" of model "{model}" in {store.url} is a bundle of '
            f'"{verified.manifest.get("name")}". Someone copied it there; publish it with '
            "spyhop publish."
        )
    return verified


def version_prefix(model: str, version: str) -> str:
    """Return what the keys of a version's files start with."""
    return f"{model}/versions/{version}/"


class Below:
    """The files whose keys start with `prefix`; the manifest is read once."""

    def __init__(self, store: Store, prefix: str) -> None:
        self._store = store
        self._prefix = prefix
        self._manifest: bytes | None = None

    def get(self, name: str) -> bytes | None:
        """See `Source.get`."""
        if name != MANIFEST:
            return self._store.get(f"{self._prefix}{name}")
        if self._manifest is None:
            self._manifest = self._store.get(f"{self._prefix}{MANIFEST}")
        return self._manifest

    def stream(self, name: str) -> Iterator[bytes] | None:
        """See `Source.stream`."""
        return self._store.stream(f"{self._prefix}{name}")
