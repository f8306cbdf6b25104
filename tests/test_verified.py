"""Files of a version: large ones go by way of the disk, and a manifest is believed nothing."""

import shutil
from pathlib import Path

import pytest

from spyhop.bundle import open_bundle, version_of
from spyhop.cache import Cache
from spyhop.errors import ArtifactError
from spyhop.model import start
from spyhop.stores.local import LocalStore
from spyhop.verified import Trust, read_verified
from tests.forgery import another_version, rewrite


@pytest.fixture
def trust(tmp_path):
    return Trust(cache=Cache(tmp_path / "cache", 1_000_000), large_bytes=0)


def read(folder, trust):
    return read_verified(LocalStore(folder), (folder / "VERSION").read_text(), trust)


def in_cache(tmp_path):
    return {path.name for path in (tmp_path / "cache").iterdir()} - {".lock"}


def test_a_model_answers_from_files_in_the_cache(whales, trust, tmp_path):
    found = read(whales.folder, trust)

    assert Path(found.files["model.onnx"]).parent == tmp_path / "cache"
    assert start(open_bundle(found)).predict(whales.rows[:1])


def test_versions_share_the_files_that_are_the_same(whales, trust, tmp_path):
    other = another_version(whales.folder, tmp_path / "other", 1)

    files = read(whales.folder, trust).files
    again = read(other, trust).files

    assert files["model.onnx"] == again["model.onnx"]
    assert len(in_cache(tmp_path)) == len(files) - 1


def test_a_damaged_file_is_refused_and_not_kept(whales, trust, tmp_path):
    copy = shutil.copytree(whales.folder, tmp_path / "copy")
    body = (copy / "model.onnx").read_bytes()
    (copy / "model.onnx").write_bytes(body[:-1] + b"x")

    with pytest.raises(ArtifactError, match=r"model.onnx .* does not match its manifest"):
        read(copy, trust)

    assert whales.bundle.manifest["files"]["model.onnx"]["sha256"] not in in_cache(tmp_path)


def test_an_absent_file_is_named(whales, trust, tmp_path):
    copy = shutil.copytree(whales.folder, tmp_path / "copy")
    (copy / "model.onnx").unlink()

    with pytest.raises(ArtifactError, match=r"model.onnx of .* is absent"):
        read(copy, trust)


def test_without_room_in_the_cache_files_stay_in_memory(whales, tmp_path):
    found = read(whales.folder, Trust(cache=Cache(tmp_path / "cache", 10), large_bytes=0))

    assert isinstance(found.files["model.onnx"], bytes)


@pytest.mark.parametrize("form", ["{path}", "../victim", "", "A" * 64, 5, None, "é" * 64])
def test_a_digest_that_is_none_touches_no_file(whales, trust, tmp_path, form):
    victim = tmp_path / "victim"
    victim.write_bytes(b"not ours")
    copy = shutil.copytree(whales.folder, tmp_path / "copy")
    digest = form.format(path=victim) if isinstance(form, str) else form
    rewrite(copy, lambda manifest: manifest["files"]["model.onnx"].update(sha256=digest))

    with pytest.raises(ArtifactError, match="is not what spyhop writes"):
        read(copy, trust)

    assert victim.read_bytes() == b"not ours"


@pytest.mark.parametrize("size", [-1, 1.5, "1", None, True])
def test_a_size_that_is_none_is_refused(whales, trust, tmp_path, size):
    copy = shutil.copytree(whales.folder, tmp_path / "copy")
    rewrite(copy, lambda manifest: manifest["files"]["model.onnx"].update(bytes=size))

    with pytest.raises(ArtifactError, match="is not what spyhop writes"):
        read(copy, trust)


@pytest.mark.parametrize(
    "body", [b'{"created": "\xff"}', b"[" * 100_000, b'{"created"', b"5", b""], ids=range(5)
)
def test_a_manifest_that_is_no_json_object_is_refused_as_the_publishers_fault(
    whales, tmp_path, body
):
    copy = shutil.copytree(whales.folder, tmp_path / "copy")
    (copy / "manifest.json").write_bytes(body)
    (copy / "VERSION").write_text(version_of(body, "2026-11-24"))

    with pytest.raises(ArtifactError):
        read(copy, Trust())
