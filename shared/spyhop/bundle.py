"""One model's files, trusted only after every byte of them was checked.

A bundle's version is its date and the first 16 hex digits of the sha256 of its manifest; the
manifest holds size and sha256 of every other file.  So a version names exactly one content,
and one changed byte anywhere is found before any format's reader sees it.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from spyhop.core.answers import AnswerSpec, Prediction, answers_from_json
from spyhop.core.blocks import Block, block_from_json
from spyhop.core.names import is_file_name, is_version
from spyhop.core.parity import Parity
from spyhop.core.schema import Schema, schema_from_json
from spyhop.core.text import Vectoriser, vectoriser_from_json
from spyhop.errors import ArtifactError

FORMAT = 1
MANIFEST = "manifest.json"
SCHEMA = "schema.json"
INPUTS = "inputs.json"
GOLDEN = "golden.json"
VERSION = "VERSION"

# Returns the bytes of one file of the bundle, or None if it is not there.
ReadFile = Callable[[str], bytes | None]


@dataclass(frozen=True)
class Bundle:
    """A verified bundle.  `files` holds every file's bytes, the manifest's included.

    `engine` is "onnx" or "sklearn"; `strategy` says how the artefact was made; `not_chosen`
    gives for each faster way that was tried the reason it was turned down.  `metrics` are the
    scores on the test rows, by name (and the train rows', for comparison).  `parity` is None
    only in a bundle that is still being packed.  `features` is the sha256 of the feature module
    that makes the pipeline's `inputs` of the caller's columns; without one they are `schema`.
    """

    name: str
    version: str
    engine: str
    strategy: str
    artefact: str
    answers: AnswerSpec
    blocks: tuple[Block, ...]
    schema: Schema
    inputs: Schema
    features: str | None
    parity: Parity | None
    not_chosen: Mapping[str, str]
    metrics: Mapping[str, Mapping[str, float]]
    golden_rows: tuple[Mapping[str, Any], ...]
    golden_answers: tuple[Prediction, ...]
    files: Mapping[str, bytes]

    @property
    def manifest(self) -> dict[str, Any]:
        """The manifest as JSON values."""
        return _decoded(self.files[MANIFEST], MANIFEST)  # type: ignore[no-any-return]

    @property
    def artefact_bytes(self) -> int:
        """The size of what the engine loads."""
        return len(self.files[self.artefact])


def version_of(manifest: bytes, created: str) -> str:
    """Return the version that `manifest` has, `created` (ISO 8601) being its date."""
    return f"{created[:10]}-{hashlib.sha256(manifest).hexdigest()[:16]}"


def open_folder(folder: str | Path) -> Bundle:
    """Return the bundle in a local folder, verified; see `open_bundle`."""
    path = Path(folder)

    def read(name: str) -> bytes | None:
        try:
            return (path / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    version = read(VERSION)
    if version is None:
        raise ArtifactError(
            f"{path} is no bundle: it has no {VERSION} file. Expected a folder that "
            "spyhop.pack wrote to its end; pack the model again."
        )
    return open_bundle(read, version.decode("ascii", "replace"))


def open_bundle(read: ReadFile, version: str) -> Bundle:
    """Return the bundle `version`, each of its files checked before it is parsed.

    Raises:
        ArtifactError: a file is absent or is not the one that was packed, or the bundle's
            format is newer than this spyhop.
    """
    manifest_bytes = _present(read(MANIFEST), MANIFEST, version)
    manifest = _checked_manifest(manifest_bytes, version)
    try:
        files = {MANIFEST: manifest_bytes}
        for name, promised in manifest["files"].items():
            files[name] = _verified(read, name, promised, version)
        return _built(manifest, files, version)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ArtifactError(
            f"{MANIFEST} of {version} is not what spyhop writes ({type(error).__name__}: {error}). "
            "Pack the model again."
        ) from error


def _checked_manifest(body: bytes, version: str) -> dict[str, Any]:
    digest = hashlib.sha256(body).hexdigest()[:16]
    decoded = _decoded(body, MANIFEST) if version[-16:] == digest else {}
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


def _verified(read: ReadFile, name: str, promised: Mapping[str, Any], version: str) -> bytes:
    if not is_file_name(name):
        raise ArtifactError(f"{MANIFEST} of {version} names the file {name!r}; refusing it")
    body = _present(read(name), name, version)
    found = hashlib.sha256(body).hexdigest()
    if len(body) != promised["bytes"] or found != promised["sha256"]:
        raise ArtifactError(
            f"{name} of {version} does not match its manifest (sha256 "
            f"{promised['sha256'][:12]}… expected, {found[:12]}… found; {promised['bytes']} bytes "
            f"expected, {len(body)} found). Refusing to load it; publish or pack the model again."
        )
    return body


def _present(body: bytes | None, name: str, version: str) -> bytes:
    if body is None:
        raise ArtifactError(f"{name} of {version} is absent. Publish or pack the model again.")
    return body


def _decoded(body: bytes, name: str) -> Any:
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        raise ArtifactError(f"{name} is not JSON: {error}. Pack the model again.") from error


def _built(manifest: Mapping[str, Any], files: Mapping[str, bytes], version: str) -> Bundle:
    engine, golden = manifest["engine"], _decoded(files[GOLDEN], GOLDEN)
    if engine["artefact"] not in files:
        raise KeyError(engine["artefact"])
    parity, features = manifest["parity"], manifest["features"]
    schema = _schema(files, SCHEMA)

    def vectoriser_in(name: str) -> Vectoriser:
        return vectoriser_from_json(_decoded(files[name], name))

    return Bundle(
        name=manifest["name"],
        version=version,
        engine=engine["name"],
        strategy=engine["strategy"],
        artefact=engine["artefact"],
        answers=answers_from_json(manifest["answers"]),
        blocks=tuple(block_from_json(block, vectoriser_in) for block in engine["feed"]),
        schema=schema,
        inputs=schema if features is None else _schema(files, INPUTS),
        features=features,
        parity=None if parity is None else parity_from_json(parity),
        not_chosen=manifest["not_chosen"],
        metrics=manifest["metrics"],
        golden_rows=tuple(golden["rows"]),
        golden_answers=tuple(golden["predictions"]),
        files=files,
    )


def _schema(files: Mapping[str, bytes], name: str) -> Schema:
    return schema_from_json(_decoded(files[name], name))


def parity_from_json(value: Mapping[str, Any]) -> Parity:
    """Return the parity that `parity_to_json` wrote."""
    fields = {**value, "labels_differ": ()}
    return Parity(**fields)


def parity_to_json(parity: Parity) -> dict[str, Any]:
    """Return a parity that holds as plain JSON values."""
    return {
        "rows": parity.rows,
        "probes": parity.probes,
        "undecided": parity.undecided,
        "tolerance": parity.tolerance,
        "scale": parity.scale,
        "worst_difference": parity.worst_difference,
        "worst_row": parity.worst_row,
    }
