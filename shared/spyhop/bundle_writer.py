"""A bundle's files, written in the order that makes a half-written one no bundle at all."""

import hashlib
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import msgspec

from spyhop.bundle import GOLDEN, INPUTS, SCHEMA, VERSION, parity_to_json, version_of
from spyhop.core.answers import AnswerSpec, Prediction, answers_to_json
from spyhop.core.blocks import Block, block_to_json, vectoriser_file
from spyhop.core.parity import Parity
from spyhop.core.schema import Schema, schema_to_json
from spyhop.core.text import vectoriser_to_json
from spyhop.verified import FORMAT, MANIFEST

LIBRARIES = (
    "spyhop",
    "scikit-learn",
    "scipy",
    "numpy",
    "pandas",
    "skl2onnx",
    "onnxruntime",
    "skops",
)


@dataclass(frozen=True)
class Draft:
    """Everything that goes into a bundle; without a `parity` it can be proved, not served."""

    name: str
    created: str
    schema: Schema
    answers: AnswerSpec
    metrics: Mapping[str, Mapping[str, float]]
    inputs: Schema | None = None
    features: str | None = None
    engine: str = ""
    strategy: str = ""
    artefact: str = ""
    artefact_body: bytes = b""
    blocks: tuple[Block, ...] = ()
    not_chosen: Mapping[str, str] = field(default_factory=dict)
    parity: Parity | None = None
    golden_rows: tuple[Mapping[str, Any], ...] = ()
    golden_answers: tuple[Prediction, ...] = ()


def write_bundle(folder: Path, draft: Draft) -> Path:
    """Write `draft` into the new folder `folder` and return it."""
    golden = {"rows": draft.golden_rows, "predictions": draft.golden_answers}
    files = {
        SCHEMA: _readable(schema_to_json(draft.schema)),
        GOLDEN: _readable(golden),
        draft.artefact: draft.artefact_body,
        **_vectorisers(draft.blocks),
    }
    if draft.inputs is not None:
        files[INPUTS] = _readable(schema_to_json(draft.inputs))
    manifest = _readable(_manifest(draft, files))
    folder.mkdir()
    for name, body in files.items():
        (folder / name).write_bytes(body)
    (folder / MANIFEST).write_bytes(manifest)
    # Last: a folder without it is an interrupted write.
    (folder / VERSION).write_text(version_of(manifest, draft.created), encoding="ascii")
    return folder


def _vectorisers(blocks: tuple[Block, ...]) -> dict[str, bytes]:
    return {
        vectoriser_file(block): _readable(vectoriser_to_json(block.vectoriser))
        for block in blocks
        if block.vectoriser is not None
    }


def _manifest(draft: Draft, files: Mapping[str, bytes]) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "name": draft.name,
        "created": draft.created,
        "engine": {
            "name": draft.engine,
            "strategy": draft.strategy,
            "artefact": draft.artefact,
            "feed": [block_to_json(block) for block in draft.blocks],
        },
        "answers": answers_to_json(draft.answers),
        "features": draft.features,
        "parity": None if draft.parity is None else parity_to_json(draft.parity),
        "not_chosen": dict(draft.not_chosen),
        "metrics": draft.metrics,
        "libraries": {"python": platform.python_version(), **_installed()},
        "files": {
            name: {"bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}
            for name, body in files.items()
        },
    }


def _installed() -> dict[str, str]:
    found = {}
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:  # a model of numpy arrays needs no pandas
            continue
    return found


def _readable(value: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n"
