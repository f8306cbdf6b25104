"""Publishing: a bundle's folder becomes a version in a store, whole or not at all."""

from pathlib import Path

from spyhop.bundle import open_folder
from spyhop.deployment import Deployment
from spyhop.errors import Conflict
from spyhop.model import NOTHING, start
from spyhop.signatures import Signer, signature_of
from spyhop.stores import Store
from spyhop.verified import MANIFEST
from spyhop.versions import version_prefix


def publish(
    store: Store,
    folder: str | Path,
    brought: Deployment = NOTHING,
    signer: Signer | None = None,
) -> str:
    """Copy the bundle in `folder` into `store` and return its version.

    The bundle is loaded and its golden rows are answered first: one that cannot serve is not
    published.  Publishing it again finishes a broken upload, adds the signer's signature if it
    is not there, and changes nothing else.

    Raises:
        ArtifactError: the bundle is damaged or was never proved.
        Conflict: the store holds another content under this version.
    """
    bundle = open_folder(folder)
    start(bundle, brought)
    prefix = version_prefix(bundle.name, bundle.version)
    # A folder's files are in memory: only what comes from a store may lie in a cache.
    files = {name: body for name, body in bundle.files.items() if isinstance(body, bytes)}
    manifest = files.pop(MANIFEST)
    if signer is not None:
        name, signature = signature_of(manifest, signer)
        files[name] = signature
    # The manifest goes last: a version without one is an interrupted upload.
    for name, body in {**files, MANIFEST: manifest}.items():
        _create_or_compare(store, f"{prefix}{name}", body)
    return bundle.version


def _create_or_compare(store: Store, key: str, body: bytes) -> None:
    if store.create(key, body) or store.get(key) == body:
        return
    raise Conflict(
        f"{key} in {store.url} holds something else than this bundle. "
        "Nothing was replaced; look at who wrote it, and remove it by hand."
    )
