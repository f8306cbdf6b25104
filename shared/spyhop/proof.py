"""The gate: what a staged bundle answers, through the serving path in a process of its own."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

import spyhop
from spyhop.core.answers import Prediction
from spyhop.deployment import Deployment
from spyhop.errors import ArtifactError

# Enough for a slow start of scikit-learn and ten thousand rows; a hang must not last for ever.
LONGEST_S = 600


def served_answers(folder: Path, rows: Sequence[Any], brought: Deployment) -> list[Prediction]:
    """Return what the bundle staged in `folder` answers to `rows` where it will be served.

    The process sees the rows as JSON, has nothing of the trainer's in memory, and finds no
    locale: slim images and AWS Lambda have none, and a graph that asks for one fails there.

    Raises:
        ArtifactError: the bundle does not load, or refuses a row.
    """
    with tempfile.TemporaryDirectory() as nothing:
        try:
            finished = subprocess.run(
                [sys.executable, "-m", "spyhop.served", str(folder), *_as_arguments(brought)],
                input=msgspec.json.encode(rows),
                capture_output=True,
                env=_bare_environment(locales=nothing),
                timeout=LONGEST_S,
            )
        except subprocess.TimeoutExpired as error:
            raise ArtifactError(f"gave no answer within {LONGEST_S} s") from error
    if finished.returncode != 0:
        said = finished.stderr.decode("utf-8", "replace").strip().splitlines()
        raise ArtifactError(said[-1] if said else f"exit code {finished.returncode}")
    return msgspec.json.decode(finished.stdout)  # type: ignore[no-any-return]


def _as_arguments(brought: Deployment) -> list[str]:
    features = brought.features
    path = "" if features is None else os.path.abspath(features.path)
    return [path, "yes" if brought.allow_pickle else "no", *sorted(brought.trusted_types)]


def _bare_environment(locales: str) -> dict[str, str]:
    """Return an environment like a function's: an empty folder is where glibc seeks locales."""
    kept = ("PATH", "HOME", "TMPDIR", "SYSTEMROOT", "LD_LIBRARY_PATH")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    source_root = str(Path(spyhop.__file__).parent.parent)
    return {**environment, "PYTHONPATH": source_root, "LOCPATH": locales, "LC_ALL": "C.UTF-8"}
