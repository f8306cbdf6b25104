"""A bundle is trusted only after every byte of it was checked."""

import json
import shutil
from pathlib import Path

import pytest

import spyhop
from spyhop.bundle import open_folder, version_of
from spyhop.stores.local import LocalStore
from spyhop.verified import read_verified
from tests.forgery import replace, rewrite


@pytest.fixture
def copy(whales, tmp_path) -> Path:
    return Path(shutil.copytree(whales.folder, tmp_path / "copy"))


FILES = ["VERSION", "manifest.json", "schema.json", "golden.json", "model.onnx"]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("where", [0, 0.5, 1])
def test_one_changed_byte_in_any_file_is_refused_before_the_model_is_opened(copy, name, where):
    body = bytearray((copy / name).read_bytes())
    body[int(where * (len(body) - 1))] ^= 1
    (copy / name).write_bytes(body)

    with pytest.raises(spyhop.ArtifactError, match=r"does not match"):
        open_folder(copy)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("change", [lambda body: body[:-1], lambda body: body + b"\n"])
def test_a_file_that_is_shorter_or_longer_is_refused(copy, name, change):
    (copy / name).write_bytes(change((copy / name).read_bytes()))

    with pytest.raises(spyhop.ArtifactError):
        open_folder(copy)


@pytest.mark.parametrize("name", FILES)
def test_an_absent_file_is_named(copy, name):
    (copy / name).unlink()

    with pytest.raises(spyhop.ArtifactError, match=name):
        open_folder(copy)


def test_the_artefact_is_not_read_by_onnxruntime_before_its_digest_matched(copy):
    (copy / "model.onnx").write_bytes(b"not a graph at all")

    with pytest.raises(spyhop.ArtifactError, match=r"model.onnx .* does not match its manifest"):
        spyhop.load(copy)


def test_a_golden_row_with_another_answer_is_refused_and_named(copy):
    golden = json.loads((copy / "golden.json").read_bytes())
    golden["predictions"][2]["probabilities"]["fish"] += 0.01
    replace(copy, "golden.json", json.dumps(golden).encode())

    with pytest.raises(spyhop.ArtifactError, match=r"golden row 2 is off by 1.0e-02"):
        spyhop.load(copy)


def test_a_golden_row_with_another_label_is_refused_and_named(copy):
    golden = json.loads((copy / "golden.json").read_bytes())
    golden["predictions"][0]["label"] = "bird"
    replace(copy, "golden.json", json.dumps(golden).encode())

    with pytest.raises(spyhop.ArtifactError, match="golden row 0 has another label"):
        spyhop.load(copy)


def test_a_bundle_that_was_never_proved_is_not_served(copy):
    rewrite(copy, lambda manifest: manifest.update(parity=None))

    with pytest.raises(spyhop.ArtifactError, match="never proved"):
        spyhop.load(copy)


def test_a_format_of_the_future_is_refused_by_number(copy):
    rewrite(copy, lambda manifest: manifest.update(format=99))

    with pytest.raises(spyhop.ArtifactError, match="format 99, this spyhop reads 1"):
        open_folder(copy)


@pytest.mark.parametrize("name", ["../secret.txt", "/etc/passwd", ".hidden", "a/b.json", ""])
def test_a_manifest_that_names_a_file_outside_the_bundle_is_refused(copy, name):
    promised = {"bytes": 1, "sha256": "0" * 64}
    rewrite(copy, lambda manifest: manifest["files"].update({name: promised}))

    with pytest.raises(spyhop.ArtifactError, match="refusing it"):
        open_folder(copy)


@pytest.mark.parametrize(
    "manifest", ["[1]", "{}", '{"format": 1, "created": "2026-11-23"}', '"text"']
)
def test_a_manifest_that_spyhop_did_not_write_is_refused(copy, manifest):
    (copy / "manifest.json").write_text(manifest)
    (copy / "VERSION").write_text(version_of(manifest.encode(), "2026-11-23"))

    with pytest.raises(spyhop.ArtifactError, match=r"manifest.json"):
        open_folder(copy)


@pytest.mark.parametrize(
    "change",
    [
        lambda manifest: manifest.update(files={}),
        lambda manifest: manifest.update(files={"x.bin": 5}),
        lambda manifest: manifest["files"].pop("model.onnx"),
        lambda manifest: manifest.pop("engine"),
        lambda manifest: manifest.update(answers=None),
    ],
)
def test_a_manifest_with_a_part_missing_or_garbled_is_refused(copy, change):
    rewrite(copy, change)

    with pytest.raises(spyhop.ArtifactError):
        open_folder(copy)


@pytest.mark.parametrize("version", ["", "latest", "../2026-11-23-0123456789abcdef"])
def test_a_version_that_is_no_version_is_refused(whales, version):
    with pytest.raises(spyhop.ArtifactError):
        read_verified(LocalStore(whales.folder), version)


def test_a_folder_without_a_version_is_no_bundle(tmp_path):
    with pytest.raises(spyhop.ArtifactError, match="is no bundle"):
        spyhop.load(tmp_path)
