"""One model's files and what they say, made of bytes that were verified before (`verified.py`)."""

import hashlib
import os
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from spyhop.core.answers import AnswerSpec, Prediction, answers_from_json
from spyhop.core.blocks import Block, block_from_json
from spyhop.core.parity import Parity
from spyhop.core.schema import Schema, schema_from_json
from spyhop.core.text import Vectoriser, vectoriser_from_json
from spyhop.errors import ArtifactError
from spyhop.verified import (
    MANIFEST,
    NO_TRUST,
    Source,
    Trust,
    Verified,
    decoded_json,
    read_verified,
)

SCHEMA = "schema.json"
INPUTS = "inputs.json"
GOLDEN = "golden.json"
VERSION = "VERSION"


class Bundle(Struct, frozen=True):
    """A verified bundle.  `files` holds every file's bytes, the manifest's included; a large one
    may be a path in the cache.

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
    manifest: Mapping[str, Any]
    files: Mapping[str, bytes | str]

    @property
    def artefact_body(self) -> bytes | str:
        """What the engine loads: its bytes, or where they lie in the cache."""
        return self.files[self.artefact]

    def bytes_of(self, name: str) -> int:
        """Return the size of the file `name`."""
        body = self.files[name]
        return len(body) if isinstance(body, bytes) else int(self.manifest["files"][name]["bytes"])


def version_of(manifest: bytes, created: str) -> str:
    """Return the version that `manifest` has, `created` (ISO 8601) being its date."""
    return f"{created[:10]}-{hashlib.sha256(manifest).hexdigest()[:16]}"


def open_folder(folder: str | os.PathLike[str]) -> Bundle:
    """Return the bundle in a local folder, verified.

    Raises:
        ArtifactError: the folder is no bundle, or a file is not the one that was packed.
    """
    from spyhop.stores.local import LocalStore  # a function that reads a bucket needs no paths

    return open_source(LocalStore(folder), os.fspath(folder))


def open_source(source: Source, where: str, trust: Trust = NO_TRUST) -> Bundle:
    """Return the bundle whose files, VERSION among them, are in `source`, verified.

    Raises:
        ArtifactError: see `open_folder`, or no trusted key signed it.
    """
    version = source.get(VERSION)
    if version is None:
        raise ArtifactError(
            f"{where} is no bundle: it has no {VERSION} file. Expected a folder that "
            "spyhop.pack wrote to its end; pack the model again."
        )
    return open_bundle(read_verified(source, version.decode("ascii", "replace"), trust))


def open_bundle(verified: Verified) -> Bundle:
    """Return what the files of a verified version say.

    Raises:
        ArtifactError: they are not what spyhop writes.
    """
    try:
        return _built(verified)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ArtifactError(
            f"{MANIFEST} of {verified.version} is not what spyhop writes "
            f"({type(error).__name__}: {error}). Pack the model again."
        ) from error


def _built(verified: Verified) -> Bundle:
    manifest = verified.manifest
    engine, golden = manifest["engine"], _json(verified, GOLDEN)
    if engine["artefact"] not in verified.files:
        raise KeyError(engine["artefact"])
    parity, features = manifest["parity"], manifest["features"]
    schema = schema_from_json(_json(verified, SCHEMA))

    def vectoriser_in(name: str) -> Vectoriser:
        return vectoriser_from_json(_json(verified, name))

    return Bundle(
        name=manifest["name"],
        version=verified.version,
        engine=engine["name"],
        strategy=engine["strategy"],
        artefact=engine["artefact"],
        answers=answers_from_json(manifest["answers"]),
        blocks=tuple(block_from_json(block, vectoriser_in) for block in engine["feed"]),
        schema=schema,
        inputs=schema if features is None else schema_from_json(_json(verified, INPUTS)),
        features=features,
        parity=None if parity is None else parity_from_json(parity),
        not_chosen=manifest["not_chosen"],
        metrics=manifest["metrics"],
        golden_rows=tuple(golden["rows"]),
        golden_answers=tuple(golden["predictions"]),
        manifest=manifest,
        files=verified.files,
    )


def _json(verified: Verified, name: str) -> Any:
    body = verified.files[name]
    if isinstance(body, str):
        with open(body, "rb") as file:
            body = file.read()
    return decoded_json(body, name)


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
