"""Bundles changed after they were packed, as a forger would, or to have several versions."""

import hashlib
import json
import shutil
from pathlib import Path

from spyhop.bundle import version_of


def rewrite(folder: Path, change) -> None:
    """Change the manifest and give the folder the version that belongs to it."""
    manifest = json.loads((folder / "manifest.json").read_bytes())
    change(manifest)
    body = json.dumps(manifest).encode()
    (folder / "manifest.json").write_bytes(body)
    (folder / "VERSION").write_text(version_of(body, manifest["created"]))


def replace(folder: Path, name: str, body: bytes) -> None:
    """Replace a file and make manifest and version agree with it, as a forger would."""

    def agree(manifest):
        digest = hashlib.sha256(body).hexdigest()
        manifest["files"][name] = {"bytes": len(body), "sha256": digest}

    (folder / name).write_bytes(body)
    rewrite(folder, agree)


def another_version(folder: Path, copy: Path, second: int) -> Path:
    """Return `copy`, a bundle like `folder` that was packed `second` seconds into a day."""
    shutil.copytree(folder, copy)
    created = f"2026-11-24T00:00:{second:02d}+00:00"
    rewrite(copy, lambda manifest: manifest.update(created=created))
    return copy
