"""The fallback engine: what it constructs, and under which libraries it serves."""

import json
import shutil

import numpy as np
import pytest
import skops.io
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import FunctionTransformer

import spyhop
from spyhop.engines.sklearn import load_pipeline
from spyhop.errors import ArtifactError
from spyhop.version_guard import changed_libraries
from tests.forgery import replace, rewrite
from tests.models import fitted

CONSTRUCTED = []


class Stranger(LinearRegression):
    """A type of somebody's own, which tells when it is constructed."""

    def __new__(cls, *arguments):
        CONSTRUCTED.append(cls)
        return super().__new__(cls)


def test_a_type_that_nobody_trusted_is_refused_before_anything_is_constructed():
    artefact = skops.io.dumps(Stranger())
    CONSTRUCTED.clear()

    with pytest.raises(ArtifactError, match=r"types that are not trusted: .*Stranger"):
        load_pipeline(artefact, frozenset())

    assert CONSTRUCTED == []


def test_the_deployer_can_trust_a_type_by_name():
    artefact = skops.io.dumps(Stranger())

    loaded = load_pipeline(artefact, frozenset({f"{__name__}.Stranger"}))

    assert isinstance(loaded, Stranger)


def test_a_function_that_reads_files_is_not_scikit_learns_own():
    artefact = skops.io.dumps(FunctionTransformer(np.load))

    with pytest.raises(ArtifactError, match="not trusted"):
        load_pipeline(artefact, frozenset())


def test_what_is_no_skops_file_is_an_artefact_error():
    with pytest.raises(ArtifactError, match="skops cannot load"):
        load_pipeline(b"not a zip", frozenset())


@pytest.fixture(scope="module")
def forest(tmp_path_factory):
    """A bundle that is served by scikit-learn itself."""
    X = np.random.default_rng(0).normal(size=(90, 3))
    folder = tmp_path_factory.mktemp("forest") / "bundle"
    return fitted(Unconvertible(5, random_state=0), X, X[:, 0], folder, trusted=TRUSTED)


class Unconvertible(RandomForestRegressor):
    """A forest that no converter knows."""


TRUSTED = {f"{__name__}.Unconvertible"}


def proved_on(forest, folder, **libraries):
    shutil.copytree(forest.folder, folder)
    rewrite(folder, lambda manifest: manifest["libraries"].update(libraries))
    return folder


def test_other_libraries_serve_if_the_golden_rows_replay_and_the_log_says_which(
    forest, tmp_path, capsys
):
    folder = proved_on(forest, tmp_path / "copy", **{"scikit-learn": "1.0", "python": "3.9.1"})

    model = spyhop.load(folder, trusted_types=TRUSTED)

    assert model.predict([[0.0, 0.0, 0.0]])
    said = capsys.readouterr().err
    assert "proved on 1.0" in said
    assert "proved on 3.9.1" in said


def test_other_libraries_that_answer_otherwise_are_refused_and_named(forest, tmp_path):
    folder = proved_on(forest, tmp_path / "copy", numpy="1.0")
    golden = json.loads((folder / "golden.json").read_bytes())
    golden["predictions"][0]["value"] += 1e-3
    replace(folder, "golden.json", json.dumps(golden).encode())

    with pytest.raises(ArtifactError, match=r"other libraries: numpy .*, proved on 1.0"):
        spyhop.load(folder, trusted_types=TRUSTED)


def test_the_same_libraries_are_not_mentioned(forest, capsys):
    spyhop.load(forest.folder, trusted_types=TRUSTED)

    assert capsys.readouterr().err == ""
    assert changed_libraries(forest.bundle.manifest["libraries"]) == []
