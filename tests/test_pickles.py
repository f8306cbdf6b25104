"""A pickle is opened only where the deployer said so, and never before it is verified."""

import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import spyhop
from spyhop.errors import ArtifactError, ConfigError
from spyhop.keys import new_key
from spyhop.publishing import publish
from spyhop.serving import ReleasedModels
from spyhop.settings import Settings
from tests.forgery import replace


def table():
    X = np.random.default_rng(5).normal(size=(90, 2))
    return X, (X[:, 0] > 0).astype(int)


def pipeline():
    """Return a pipeline with a function that skops trusts nobody with."""
    return make_pipeline(FunctionTransformer(np.nan_to_num), LogisticRegression())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A bundle that holds a pickle."""
    X, y = table()
    parts = {"train": (X[:60], y[:60]), "test": (X[60:], y[60:])}
    out = tmp_path_factory.mktemp("pickled") / "bundle"
    fitted = pipeline().fit(X[:60], y[:60])
    bundle = spyhop.pack(fitted, name="model", out=out, allow_pickle=True, **parts)
    assert bundle.strategy == "sklearn joblib"
    return out


class Touches:
    """What an attacker would put into a pickle: opening it writes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.fixture
def forged(folder, tmp_path):
    """Such a bundle whose manifest agrees with the attacker's pickle, and the file it writes."""
    copy = Path(shutil.copytree(folder, tmp_path / "forged"))
    replace(copy, "model.joblib", pickle.dumps(Touches(tmp_path / "touched")))
    return copy, tmp_path / "touched"


def test_a_pickle_is_the_last_resort_and_only_if_the_packer_allows_it(folder, tmp_path):
    X, y = table()
    parts = {"train": (X, y), "test": (X, y)}
    reasons = spyhop.load(folder, allow_pickle=True).bundle.not_chosen

    assert list(reasons) == ["onnx float64", "onnx float32", "sklearn skops"]
    with pytest.raises(ArtifactError, match="no engine answers"):
        spyhop.pack(pipeline().fit(X, y), name="model", out=tmp_path / "none", **parts)


def test_what_skops_can_hold_is_no_pickle_though_one_is_allowed(tmp_path):
    X, y = table()
    parts = {"train": (X, y), "test": (X, y)}
    trusted = {"numpy.nan_to_num"}

    bundle = spyhop.pack(
        pipeline().fit(X, y),
        name="model",
        out=tmp_path / "bundle",
        trusted_types=trusted,
        allow_pickle=True,
        **parts,
    )

    assert bundle.strategy in ("onnx float64", "sklearn skops")


def test_a_pickle_answers_where_it_is_allowed(folder):
    X, _ = table()

    answers = spyhop.load(folder, allow_pickle=True).predict(X[:3].tolist())

    assert len(answers) == 3


def test_a_pickle_is_not_opened_where_nobody_allowed_it(forged):
    folder, touched = forged

    with pytest.raises(ConfigError, match=r"is a pickle .*SPYHOP_ALLOW_PICKLE=1"):
        spyhop.load(folder)

    assert not touched.exists()


def test_a_pickle_that_is_not_the_one_that_was_packed_is_not_opened(folder, tmp_path):
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    (copy / "model.joblib").write_bytes(pickle.dumps(Touches(tmp_path / "touched")))

    with pytest.raises(ArtifactError, match="does not match its manifest"):
        spyhop.load(copy, allow_pickle=True)

    assert not (tmp_path / "touched").exists()


def test_a_pickle_that_no_trusted_key_signed_is_not_opened(store, forged, tmp_path):
    folder, touched = forged
    version = (folder / "VERSION").read_text()
    for path in folder.iterdir():
        store.create(f"model/versions/{version}/{path.name}", path.read_bytes())
    entry = {"format": 1, "number": 1, "weights": {version: 100}}
    entry |= dict.fromkeys(("action", "by", "at", "why"), "")
    store.create("model/channels/production/00000001.json", json.dumps(entry).encode())
    keys = (new_key(tmp_path / "key.pem").public_key,)
    settings = Settings(store.url, "model", "production", trusted_keys=keys, allow_pickle=True)

    with pytest.raises(ArtifactError, match="not signed"):
        ReleasedModels(store, settings).newest(None)

    assert not touched.exists()


def test_the_forged_pickle_does_write_its_file_where_it_is_believed(forged):
    folder, touched = forged

    with pytest.raises(ArtifactError):
        spyhop.load(folder, allow_pickle=True)

    assert touched.exists()


def test_a_pickle_is_published_only_by_who_allows_it(store, folder):
    with pytest.raises(ConfigError, match="is a pickle"):
        publish(store, folder)

    assert store.list("") == []


def test_a_name_that_only_resembles_a_pickles_is_read_by_skops_alone(folder, tmp_path):
    from tests.forgery import rewrite

    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    body = pickle.dumps(Touches(tmp_path / "touched"))
    replace(copy, "model.pkl", body)
    rewrite(copy, lambda manifest: manifest["engine"].update(artefact="model.pkl"))

    with pytest.raises(ArtifactError, match="skops cannot load"):
        spyhop.load(copy, allow_pickle=True)

    assert not (tmp_path / "touched").exists()
