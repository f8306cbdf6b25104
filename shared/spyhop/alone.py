"""A bundle served by itself: a folder, a prefix in a bucket, or an archive that lies there.

What container platforms hand over is one model's files, and no store with a channel.
"""

from collections.abc import Iterator, Mapping

from spyhop.bundle import VERSION, Bundle, open_source
from spyhop.deployment import Deployment, deployment
from spyhop.errors import ArtifactError
from spyhop.model import start
from spyhop.service import Service
from spyhop.serving import Serving, serving_alone
from spyhop.settings import features_in, is_on, keys_in, names_in, patience_in
from spyhop.stores import Store, open_lean_store
from spyhop.verified import Source, Trust
from spyhop.versions import Below

ARCHIVES = (".tar.gz", ".tgz", ".tar")


def bundle_service(where: str, environ: Mapping[str, str]) -> Service:
    """Return the service for the one bundle at `where`: a folder, s3:// or gs://.

    Nothing is read yet: without a bundle it answers too, with 503.
    """

    patience_s = patience_in(environ)

    def load(now: Serving | None) -> Serving:
        if now is not None:  # a bundle never changes
            return now
        store = open_lean_store(where, environ, patience_s)
        brought = _brought(environ)
        return serving_alone(start(bundle_at(store, Trust(keys_in(environ))), brought))

    return Service(load, patience_s=patience_s)


def _brought(environ: Mapping[str, str]) -> Deployment:
    types, features = names_in(environ, "SPYHOP_TRUSTED_TYPES"), features_in(environ)
    return deployment(types, features, is_on(environ, "SPYHOP_ALLOW_PICKLE"))


def bundle_at(store: Store, trust: Trust) -> Bundle:
    """Return the bundle in `store`, in a folder of it, or in the one archive there.

    Raises:
        ArtifactError: there is none or more than one, or it is damaged or not trusted.
    """
    if store.get(VERSION) is not None:
        return open_source(Below(store, ""), store.url, trust)
    keys = store.list("")
    found = [key for key in keys if key.endswith(f"/{VERSION}")]
    if len(found) == 1:
        folder = found[0].removesuffix(VERSION)
        return open_source(Below(store, folder), f"{store.url}/{folder}", trust)
    archives = [key for key in keys if key.endswith(ARCHIVES)]
    if found or len(archives) != 1:
        raise ArtifactError(
            f"{store.url} has {len(found)} bundles and {len(archives)} archives, expected one "
            "bundle: what spyhop.pack wrote, as a folder or as a model.tar.gz of it."
        )
    return open_source(_unpacked(store, archives[0]), f"{store.url}/{archives[0]}", trust)


class _Files:
    """The files of an archive, in memory: nothing is written, so no name can lead anywhere."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files

    def get(self, name: str) -> bytes | None:
        """See `Source.get`."""
        return self._files.get(name)

    def stream(self, name: str) -> Iterator[bytes] | None:
        """See `Source.stream`."""
        return iter([self._files[name]]) if name in self._files else None


def _unpacked(store: Store, key: str) -> Source:
    import io
    import tarfile  # only an archive pays for it

    files = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(store.get(key) or b"")) as archive:
            for member in archive:
                file = archive.extractfile(member) if member.isfile() else None
                if file is not None:
                    files[member.name.removeprefix("./")] = file.read()
    except (tarfile.TarError, OSError, EOFError) as error:
        raise ArtifactError(f"{key} is no tar archive: {error}. Pack the model again.") from error
    folders = [name.removesuffix(VERSION) for name in files if f"/{name}".endswith(f"/{VERSION}")]
    top = folders[0] if len(folders) == 1 else ""
    return _Files({n.removeprefix(top): body for n, body in files.items() if n.startswith(top)})
