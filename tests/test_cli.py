"""The command line: a model's life, and messages that say what to do."""

import json

import joblib
import pytest
from click.testing import CliRunner

from spyhop.cli import main
from tests.models import EXAMPLES, mixed_table


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a command in an empty folder; return its exit code and what it printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")

    def run(*arguments, stdin=None):
        result = CliRunner().invoke(main, [str(a) for a in arguments], input=stdin)
        return result.exit_code, result.output

    return run


def test_a_models_whole_life(run, whales):
    code, said = run("train", EXAMPLES / "whales" / "project.py")
    assert code == 0, said
    assert "equal to scikit-learn on 55 held-out rows" in said
    assert "on test rows" in said
    assert "on train rows" in said

    code, said = run("publish", "dist/whales")
    assert code == 0, said
    version = said.split()[1]

    code, said = run("promote", "whales", version, "--why", "the first")
    assert code == 0, said
    assert f"release 1 of whales in production: {version}" in said

    code, said = run("versions")
    assert code == 0, said
    assert version in said
    assert "the first" in said

    code, said = run("predict", "dist/whales", stdin=json.dumps({"instances": whales.rows[:2]}))
    assert code == 0, said
    assert len(json.loads(said)["predictions"]) == 2


def test_inspect_shows_engine_proof_columns_and_files(run, whales):
    code, said = run("inspect", whales.folder)

    assert code == 0
    for shown in (
        "onnx",
        "equal to scikit-learn",
        "habitat",
        "training saw coast, land",
        "model.onnx",
    ):
        assert shown in said


def test_predict_names_what_is_wrong_and_fails(run, whales):
    code, said = run("predict", whales.folder, stdin='{"instances": [{"hair": "yes"}]}')

    assert code == 1
    assert json.loads(said)["status"] == 422


def test_pack_brings_your_own_model_but_asks_before_it_runs_a_pickle(run, mixed):
    table, truth = mixed_table()
    table.assign(target=truth)[:160].to_csv("train.csv", index=False)
    table.assign(target=truth)[160:].to_csv("test.csv", index=False)
    joblib.dump(mixed.pipeline, "model.joblib")
    command = ["pack", "model.joblib", "--name", "mine", "--target", "target"]
    command += ["--train", "train.csv", "--test", "test.csv"]

    code, said = run(*command)
    assert code == 1
    assert "opening a pickle runs whatever code it contains" in said

    code, said = run(*command, "--trust-pickle")
    assert code == 0, said
    assert "equal to scikit-learn" in said


def test_a_store_without_the_model_says_how_to_publish_one(run):
    code, said = run("versions", "whales")

    assert code == 1
    assert "spyhop publish" in said


def test_promoting_what_was_never_published_says_so(run):
    code, said = run("promote", "whales", "2026-11-23-0123456789abcdef")

    assert code == 1
    assert 'No version "2026-11-23-0123456789abcdef" of model "whales"' in said


def test_serving_a_channel_that_nothing_was_promoted_to_says_how_to(run):
    code, said = run("serve", "whales")

    assert code == 1
    assert "spyhop promote whales VERSION --channel production" in said


@pytest.mark.parametrize("command", ["", *main.commands])
def test_every_command_has_help(run, command):
    code, said = run(*filter(None, [command]), "--help")

    assert code == 0
    assert "Usage:" in said
