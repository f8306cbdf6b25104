"""A user's own preprocessing code: one file, in training and in serving, pinned by its digest."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import spyhop
from spyhop.deployment import deployment
from spyhop.errors import ArtifactError, ConfigError, InvalidRequest
from spyhop.promotion import Channel
from spyhop.publishing import publish
from spyhop.service import released_service
from spyhop.train import read_project, train

MODULE = """
import numpy as np

def features(columns):
    height = columns["height_cm"] / 100
    if (height == 0).any():
        raise ZeroDivisionError("no height")
    return {
        "bmi": columns["weight_kg"] / height**2,
        "smokes": columns["smokes"],
        "area": np.array([str(code)[:2] for code in columns["postcode"]], dtype=object),
    }
"""
ROW = {"height_cm": 180.0, "weight_kg": 80.5, "smokes": True, "postcode": "10115"}


@pytest.fixture(scope="module")
def module(tmp_path_factory):
    path = tmp_path_factory.mktemp("own") / "features.py"
    path.write_text(MODULE)
    return path


def table(rows=150):
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "height_cm": rng.normal(172, 9, rows),
            "weight_kg": rng.normal(75, 12, rows),
            "smokes": rng.random(rows) < 0.3,
            "postcode": [f"{code}" for code in rng.integers(10000, 30000, rows)],
        }
    )


@pytest.fixture(scope="module")
def packed(module, tmp_path_factory):
    raw = table()
    made = spyhop.apply_features(module, raw)
    truth = np.where(made.bmi + 5 * made.smokes > 26, "high", "low")
    columns = make_column_transformer(
        (StandardScaler(), ["bmi"]),
        (OneHotEncoder(handle_unknown="ignore"), ["area"]),
        remainder="passthrough",
    )
    pipeline = make_pipeline(columns, LogisticRegression()).fit(made[:100], truth[:100])
    folder = tmp_path_factory.mktemp("packed") / "bundle"
    bundle = spyhop.pack(
        pipeline,
        name="risk",
        train=(raw[:100], truth[:100]),
        test=(raw[100:], truth[100:]),
        out=folder,
        features=module,
    )
    return pipeline, bundle, folder


def test_rows_are_raw_and_the_answer_is_the_pipelines_on_the_features(packed, module):
    pipeline, bundle, folder = packed
    (answer,) = spyhop.load(folder, features=module).predict([ROW])

    expected = pipeline.predict_proba(spyhop.apply_features(module, pd.DataFrame([ROW])))
    assert bundle.engine == "onnx"
    assert bundle.schema.names == ("height_cm", "weight_kg", "smokes", "postcode")
    assert bundle.inputs.names == ("bmi", "smokes", "area")
    assert answer["probabilities"]["low"] == pytest.approx(expected[0, 1], abs=1e-9)


def test_the_code_never_travels_in_the_bundle(packed):
    _, bundle, _ = packed

    assert not any(b"height**2" in body for body in bundle.files.values())
    assert not any(name.endswith(".py") for name in bundle.files)


def test_other_feature_code_is_refused_and_both_digests_are_named(packed, module, tmp_path):
    _, bundle, folder = packed
    other = tmp_path / "features.py"
    other.write_text(MODULE.replace("/ 100", "/ 100.0"))

    with pytest.raises(ConfigError, match=bundle.features[:16]) as caught:
        spyhop.load(folder, features=other)
    with pytest.raises(ConfigError, match="no feature code is deployed here"):
        spyhop.load(folder)

    assert caught.value.args[0].count("sha256 ") == 2


def test_a_model_without_features_refuses_a_deployment_with_some(whales, module):
    with pytest.raises(ConfigError, match="was proved with no feature code"):
        spyhop.load(whales.folder, features=module)


def test_a_row_on_which_the_users_code_fails_is_named_and_is_not_a_500(packed, module):
    _, _, folder = packed

    with pytest.raises(InvalidRequest) as caught:
        spyhop.load(folder, features=module).predict([ROW, {**ROW, "height_cm": 0}])

    assert [problem.row for problem in caught.value.problems] == [1]


def test_code_that_looks_at_other_rows_of_the_batch_is_caught_by_the_gate(tmp_path):
    path = tmp_path / "features.py"
    path.write_text('def features(c):\n    return {"x": c["x"] - c["x"].mean()}\n')
    raw = pd.DataFrame({"x": np.random.default_rng(0).normal(size=200)})
    made = spyhop.apply_features(path, raw)
    forest = RandomForestRegressor(5).fit(made, raw.x)

    with pytest.raises(ArtifactError, match="no engine answers as scikit-learn does"):
        spyhop.pack(
            forest,
            name="m",
            train=(raw, raw.x),
            test=(raw, raw.x),
            out=tmp_path / "bundle",
            features=path,
        )


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return 5", "returned no columns by name"),
        ("return {'x': c['x'][:1]}", "another shape than"),
    ],
)
def test_what_a_feature_module_must_return_is_said(body, said, tmp_path):
    (tmp_path / "features.py").write_text(f"def features(c):\n    {body}\n")

    with pytest.raises(ArtifactError, match=said):
        spyhop.apply_features(tmp_path / "features.py", pd.DataFrame({"x": [1.0, 2.0]}))


def test_a_function_is_configured_with_its_feature_module(packed, module, store):
    _, _, folder = packed
    version = publish(store, folder, deployment(features=module))
    Channel(store, "risk", "production", by="ada", at="2026-11-23").promote(version, "")
    environ = {"SPYHOP_ROOT": store.url, "SPYHOP_MODEL": "risk", "SPYHOP_FEATURES": str(module)}

    answer = released_service(environ).predict({"instances": [ROW]}, "id")

    assert answer["model"]["version"] == version


def test_a_project_names_the_feature_module_beside_it(tmp_path):
    (tmp_path / "project.py").write_text(
        "from sklearn.linear_model import LinearRegression\n"
        "from tests.test_features import table\n"
        'name, target, features = "risk", "weight_kg", "features.py"\n'
        "def data():\n    return table()\n"
        "def pipeline():\n    return LinearRegression()\n"
    )
    (tmp_path / "features.py").write_text(
        'def features(c):\n    return {"metres": c["height_cm"] / 100}\n'
    )

    bundle = train(read_project(tmp_path / "project.py"), tmp_path / "bundle")

    assert bundle.inputs.names == ("metres",)
    assert bundle.schema.names == ("height_cm", "smokes", "postcode")
