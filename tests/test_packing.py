"""Packing: what the gate proves, what it turns down, and what a bundle answers afterwards."""

import warnings

import numpy as np
import pandas as pd
import pytest
from onnx import TensorProto, helper
from sklearn.cluster import KMeans
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_diabetes, load_iris
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.svm import LinearSVC

import spyhop
from spyhop.bundle_writer import Draft, write_bundle
from spyhop.core.answers import predictions
from spyhop.core.blocks import Block
from spyhop.core.parity import compare
from spyhop.core.schema import Column, Schema
from spyhop.deployment import Deployment
from spyhop.engines.fitted import answer_spec
from spyhop.engines.sklearn import pipeline_outputs
from spyhop.proof import served_answers
from spyhop.tables import TableView
from tests.models import Packed, fitted, mixed_columns, mixed_table, packed


def assert_served_like_scikit_learn(packed: Packed) -> None:
    """Rows that packing never saw, one by one as callers send them, get scikit-learn's answer.

    They are held-out rows recombined: each takes every column from another of them.
    """
    model = spyhop.load(packed.folder)
    answers = model.bundle.answers
    mixed = recombined(packed.X_test)
    expected = predictions(pipeline_outputs(packed.pipeline, mixed, answers), answers)

    rows = TableView(mixed).rows(range(len(mixed)))
    answered = [model.predict([row])[0] for row in rows]

    proof = packed.bundle.parity
    parity = compare(expected, answered, answers, proof.tolerance, proof.scale)
    assert parity.holds, parity.why_not()
    assert proof.tolerance <= 1e-5


def recombined(X, rows=40):
    """Return a table of the same form with every column shuffled apart."""
    rng = np.random.default_rng(3)
    if isinstance(X, pd.DataFrame):
        columns = {name: X[name].iloc[rng.integers(0, len(X), rows)].array for name in X}
        return pd.DataFrame(columns)
    if isinstance(X, list):
        return [X[i] + " " + X[j] for i, j in rng.integers(0, len(X), (rows, 2))]
    return np.stack([column[rng.integers(0, len(X), rows)] for column in X.T], axis=1)


ESTIMATORS = [
    LogisticRegression(),
    MLPClassifier((16,), max_iter=60),
    GradientBoostingClassifier(n_estimators=20),
    RandomForestClassifier(n_estimators=20),
    HistGradientBoostingClassifier(max_iter=20),
    LinearSVC(),
]


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("missing", [False, True], ids=["complete", "with-missing"])
@pytest.mark.filterwarnings("ignore")
def test_a_classifier_behind_mixed_columns_is_served_like_scikit_learn(
    estimator, missing, tmp_path
):
    pipeline = make_pipeline(mixed_columns(), estimator)

    packed = fitted(pipeline, *mixed_table(missing=missing), tmp_path / "bundle")

    assert_served_like_scikit_learn(packed)


REGRESSORS = [
    LinearRegression(),
    Ridge(),
    MLPRegressor(hidden_layer_sizes=(8,), max_iter=60),
    RandomForestRegressor(n_estimators=10),
]


@pytest.mark.parametrize("estimator", REGRESSORS, ids=lambda e: type(e).__name__)
@pytest.mark.filterwarnings("ignore")
def test_a_regressor_on_a_plain_matrix_is_served_like_scikit_learn(estimator, tmp_path):
    X, y = load_diabetes(return_X_y=True)

    packed = fitted(make_pipeline(StandardScaler(), estimator), X, y, tmp_path / "bundle")

    assert packed.bundle.schema.names[:2] == ("x0", "x1")
    assert_served_like_scikit_learn(packed)


@pytest.mark.parametrize(
    ("labels", "types"),
    [
        (["setosa", "versicolor", "virginica"], {str}),
        ([0, 1, 2], {int}),
        ([10, -1, 3], {int}),
        ([False, True, True], {bool}),
        ([1.0, 2.0, 4.0], {float}),
    ],
    ids=["text", "int", "other ints", "bool", "float"],
)
def test_labels_come_back_in_the_type_that_they_were_trained_in(labels, types, tmp_path):
    X, y = load_iris(return_X_y=True, as_frame=True)
    order = np.random.default_rng(0).permutation(len(X))
    named = np.array([labels[code] for code in y])

    packed = fitted(
        LogisticRegression(max_iter=500), X.iloc[order], named[order], tmp_path / "bundle"
    )

    answers = spyhop.load(packed.folder).predict(packed.rows)
    assert {type(answer["label"]) for answer in answers} == types
    assert_served_like_scikit_learn(packed)


def test_a_classifier_without_probabilities_answers_labels_alone(tmp_path):
    packed = fitted(
        make_pipeline(mixed_columns(), LinearSVC()), *mixed_table(), tmp_path / "bundle"
    )

    answers = spyhop.load(packed.folder).predict(packed.rows[:2])

    assert [set(answer) for answer in answers] == [{"label"}, {"label"}]


TEXTS = ["spam eggs now", "ham and eggs", "FREE Spam", "Ünder the sea", "call me", "win eggs"] * 8


def test_a_text_model_is_served_by_a_graph_that_needs_no_locale(tmp_path):
    # Slim images and AWS Lambda have no locale, laptops do; the proof's process has none.
    pipeline = make_pipeline(TfidfVectorizer(), LogisticRegression())

    packed = fitted(pipeline, TEXTS, [1, 0, 1, 0, 0, 1] * 8, tmp_path / "bundle")

    assert packed.bundle.strategy == "onnx float64"
    assert packed.bundle.schema.columns[0].kind == "text"
    assert_served_like_scikit_learn(packed)


def test_a_graph_that_asks_for_a_locale_is_caught_by_the_proof(tmp_path):
    # skl2onnx begins its graph of a vectoriser so, and this asks for en_US.UTF-8 when loaded.
    lower = helper.make_node(
        "StringNormalizer", ["texts"], ["label"], case_change_action="LOWER", is_case_sensitive=0
    )
    ends = [helper.make_tensor_value_info(n, TensorProto.STRING, None) for n in ("texts", "label")]
    graph = helper.make_model(
        helper.make_graph([lower], "lower", ends[:1], ends[1:]),
        opset_imports=[helper.make_opsetid("", 21)],
        ir_version=10,
    )
    pipeline = make_pipeline(TfidfVectorizer(), LogisticRegression())
    pipeline.fit(TEXTS, [1, 0, 1, 0, 0, 1] * 8)
    draft = Draft(
        name="model",
        created="2026-11-23",
        schema=Schema("vector", (Column("text", "text", "object"),)),
        answers=answer_spec(pipeline),
        metrics={},
        engine="onnx",
        strategy="onnx float32",
        artefact="model.onnx",
        artefact_body=graph.SerializeToString(),
        blocks=(Block("texts", "string", ("text",)),),
    )
    staged = write_bundle(tmp_path / "staged", draft)

    with pytest.raises(spyhop.ArtifactError, match="locale"):
        served_answers(staged, [{"text": "spam"}], Deployment())


def test_a_text_column_of_a_frame_is_text_and_the_one_beside_it_a_category(tmp_path):
    frame = pd.DataFrame({"note": TEXTS, "plan": ["basic", "plus", "basic"] * 16})
    columns = make_column_transformer(
        (TfidfVectorizer(), "note"), (OneHotEncoder(handle_unknown="ignore"), ["plan"])
    )
    pipeline = make_pipeline(columns, LogisticRegression())

    packed = fitted(pipeline, frame, [1, 0, 1, 0, 0, 1] * 8, tmp_path / "bundle")

    assert [column.kind for column in packed.bundle.schema.columns] == ["text", "category"]
    assert_served_like_scikit_learn(packed)


def test_a_scaled_forest_that_a_float32_graph_gets_wrong_is_caught_by_the_gate(tmp_path):
    X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
    pipeline = make_pipeline(StandardScaler(), RandomForestRegressor(n_estimators=50))

    packed = fitted(pipeline, X, y, tmp_path / "bundle")

    assert packed.bundle.strategy != "onnx float32"
    assert_served_like_scikit_learn(packed)


def test_null_and_unknown_categories_are_accepted_where_the_pipeline_accepts_them(mixed):
    columns = {column.name: column for column in mixed.bundle.schema.columns}

    assert {name for name, column in columns.items() if column.accepts_missing} == set(columns)
    assert columns["region"].accepts_unknown
    assert columns["region"].categories == ("north", "sea", "south")
    assert mixed.bundle.parity.probes > 0


def test_null_and_unknown_categories_are_refused_where_the_pipeline_refuses_them(tmp_path):
    table, truth = mixed_table(missing=False)
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="error"), ["region"]), (OrdinalEncoder(), ["visits"])
    )
    packed = fitted(
        make_pipeline(columns, LogisticRegression()),
        table[["region", "visits"]],
        truth,
        tmp_path / "bundle",
    )

    region, visits = packed.bundle.schema.columns

    assert (region.accepts_missing, region.accepts_unknown) == (False, False)
    assert (visits.kind, visits.accepts_unknown) == ("category", False)
    with pytest.raises(spyhop.InvalidRequest, match="got an unknown category"):
        spyhop.load(packed.folder).predict([{"region": "moon", "visits": 1}])


def test_an_integer_or_boolean_column_takes_null_where_an_imputer_does(tmp_path):
    table, truth = mixed_table(missing=False)
    packed = fitted(
        make_pipeline(mixed_columns(), LogisticRegression()), table, truth, tmp_path / "bundle"
    )

    (answer,) = spyhop.load(packed.folder).predict([{**packed.rows[0], "visits": None}])

    frame = packed.X_test.iloc[:1].assign(visits=np.nan)
    expected = packed.pipeline.predict_proba(frame)[0, 1]
    assert answer["probabilities"]["yes"] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "Int64", "category", "object"])
def test_a_training_tables_own_dtypes_are_rebuilt(dtype, tmp_path):
    table, truth = mixed_table(missing=False)
    column = "visits" if dtype in ("Int64", "float32") else "region"
    table[column] = table[column].astype(dtype)
    pipeline = make_pipeline(mixed_columns(), HistGradientBoostingClassifier(max_iter=5))

    packed = fitted(pipeline, table, truth, tmp_path / "bundle")

    assert {c.name: c.dtype for c in packed.bundle.schema.columns}[column] == dtype
    assert_served_like_scikit_learn(packed)


def test_a_number_that_its_narrow_column_could_not_hold_is_refused(tmp_path):
    X = np.random.default_rng(0).integers(-100, 100, (120, 2)).astype("int8")
    pipeline = HistGradientBoostingRegressor(max_iter=5)
    packed = fitted(pipeline, X, X.sum(axis=1) + 0.0, tmp_path / "bundle")
    model = spyhop.load(packed.folder)

    assert_served_like_scikit_learn(packed)
    with pytest.raises(spyhop.InvalidRequest, match=r"expected an integer from -128 to 127"):
        model.predict([[300, 5]])


def test_a_number_that_scikit_learns_trees_refuse_is_refused(tmp_path):
    X, y = load_diabetes(return_X_y=True)
    packed_model = fitted(RandomForestRegressor(5), X, y, tmp_path / "bundle")

    with pytest.raises(ValueError, match="too large"):
        packed_model.pipeline.predict([[1e39] * 10])
    with pytest.raises(spyhop.InvalidRequest, match=r"expected a number within ±3.4e\+38"):
        spyhop.load(packed_model.folder).predict([[1e39] * 10])


def test_a_float32_table_is_served_as_float32(tmp_path):
    X, y = load_diabetes(return_X_y=True)
    packed = fitted(RandomForestRegressor(10), X.astype("float32"), y, tmp_path / "bundle")
    row = [np.nextafter(value, 1) for value in X[0]]  # doubles that float32 cannot hold

    (answer,) = spyhop.load(packed.folder).predict([[float(value) for value in row]])

    expected = packed.pipeline.predict(np.array([row], dtype="float32"))[0]
    assert answer["value"] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("codes", [[True, False, None], [1, 2, None], [1.5, 2.5, None]])
def test_a_missing_value_is_the_none_that_training_had(codes, tmp_path):
    frame = pd.DataFrame({"code": pd.Series(codes * 60, dtype=object), "x": range(180)})
    truth = np.array([1, 0, 1] * 60)
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["code"]), (StandardScaler(), ["x"])
    )
    pipeline = make_pipeline(columns, LogisticRegression())
    seen = frame[frame.code.notna()]
    test = (seen, truth[frame.code.notna()])

    packed_model = packed(pipeline.fit(frame, truth), (frame, truth), test, tmp_path / "bundle")

    (answer,) = spyhop.load(packed_model.folder).predict([{"code": None, "x": 2}])
    expected = pipeline.predict_proba(frame.iloc[2:3])[0, 1]
    assert answer["probabilities"]["1"] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("categorical", ["from_dtype", [1]])
def test_histogram_boosting_with_categories_is_served_by_some_engine(categorical, tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=200), "code": rng.integers(0, 5, 200)})
    if categorical == "from_dtype":
        frame["code"] = frame["code"].astype("category")
    truth = (frame["code"].astype(int) % 2 + frame["x"] > 0.5).to_numpy()
    pipeline = HistGradientBoostingClassifier(max_iter=10, categorical_features=categorical)

    assert_served_like_scikit_learn(fitted(pipeline, frame, truth, tmp_path / "bundle"))


def test_a_column_of_pixels_stays_a_number_that_takes_values_training_lacked(tmp_path):
    pixels = np.r_[0, 255, np.random.default_rng(0).integers(0, 200, 118)].astype("uint8")
    frame = pd.DataFrame({"pixel": pixels, "other": pixels[::-1]})
    packed_model = fitted(LinearRegression(), frame, pixels * 2.0, tmp_path / "bundle")

    (answer,) = spyhop.load(packed_model.folder).predict([{"pixel": 254, "other": 3}])

    assert packed_model.bundle.schema.columns[0].kind == "integer"
    assert answer["value"] == pytest.approx(508.0)


def test_a_model_that_is_never_sure_can_be_packed(tmp_path):
    X = np.arange(40.0).reshape(-1, 1)

    packed_model = fitted(DummyClassifier(), X, [0, 1] * 20, tmp_path / "bundle")

    assert len(packed_model.bundle.golden_rows) > 0
    assert_served_like_scikit_learn(packed_model)


def test_column_order_does_not_change_an_answer(mixed):
    model = spyhop.load(mixed.folder)
    shuffled = [dict(reversed(row.items())) for row in mixed.rows]

    assert model.predict(shuffled) == model.predict(mixed.rows)


def test_rows_alone_get_the_answers_that_they_get_together(mixed):
    model = spyhop.load(mixed.folder)

    alone = [model.predict([row])[0] for row in mixed.rows]

    together = model.predict(mixed.rows)
    labels = [answer["label"] for answer in together]
    assert [answer["label"] for answer in alone] == labels
    numbers = [[a["probabilities"]["yes"] for a in answers] for answers in (alone, together)]
    assert numbers[0] == pytest.approx(numbers[1], abs=mixed.bundle.parity.tolerance)


def test_a_row_that_the_pipeline_itself_cannot_compute_is_the_callers_and_named(tmp_path):
    X, y = load_diabetes(return_X_y=True)
    pipeline = make_pipeline(FunctionTransformer(np.log1p), LinearRegression())

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        packed = fitted(pipeline, X, y, tmp_path / "bundle")
        model = spyhop.load(packed.folder)
        with pytest.raises(spyhop.InvalidRequest) as caught:
            model.predict([X[0].tolist(), [-5.0] * 10])

    assert [problem.row for problem in caught.value.problems] == [1]


def test_the_training_score_stands_beside_the_test_score(whales):
    assert set(whales.bundle.metrics) == {"test", "train"}
    assert whales.bundle.metrics["test"]["accuracy"] == 1.0


def test_packing_again_replaces_the_bundle_whole(tmp_path):
    X, y = load_diabetes(return_X_y=True)
    first = fitted(LinearRegression(), X, y, tmp_path / "bundle")
    second = fitted(Ridge(), X, y, tmp_path / "bundle")

    assert spyhop.load(tmp_path / "bundle").bundle.version == second.bundle.version
    assert first.bundle.version != second.bundle.version
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_a_folder_that_is_no_bundle_is_not_touched(tmp_path):
    (tmp_path / "thesis.txt").write_text("ten years of work")
    X, y = load_diabetes(return_X_y=True)

    with pytest.raises(spyhop.ArtifactError, match="exists and is no bundle"):
        fitted(LinearRegression(), X, y, tmp_path)

    assert (tmp_path / "thesis.txt").read_text() == "ten years of work"


def test_a_failed_packing_leaves_nothing_behind(tmp_path):
    X, y = load_diabetes(return_X_y=True)

    with pytest.raises(spyhop.ArtifactError):
        fitted(LinearRegression(), X, y, tmp_path / "bundle", name="No Name!")

    assert list(tmp_path.iterdir()) == []


def strange_tables():
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    dates = X.assign(day=pd.Timestamp("2026-11-23"))
    yield "dates", dates, y, LinearRegression(), 'column "day" .* holds Timestamp'
    mixed = X.assign(age=[1, "x"] * (len(X) // 2))
    yield "mixed", mixed, y, LinearRegression(), 'column "age" .* holds int, str'
    empty = X.assign(age=np.nan)
    yield "empty", empty, y, LinearRegression(), "holds no value at all"
    yield "unnamed", X.set_axis(range(10), axis=1), y, LinearRegression(), "not all text"
    yield "clusters", X, y, KMeans(2), "expected a fitted classifier or regressor"
    yield "lists", X.to_numpy().tolist(), y, LinearRegression(), "got a table of the type list"
    two = LinearRegression().fit(X, np.stack([y, y], axis=1))
    yield "two targets", X, y, two, "predicts 2 values a row, expected one"


@pytest.mark.parametrize(
    ("X", "y", "estimator", "said"),
    [pytest.param(*case[1:], id=case[0]) for case in strange_tables()],
)
def test_what_no_row_could_carry_is_refused_by_name(X, y, estimator, said, tmp_path):
    train = test = (X, y)
    good = load_diabetes(return_X_y=True, as_frame=True)[0]

    with pytest.raises(spyhop.ArtifactError, match=said):
        spyhop.pack(
            estimator if hasattr(estimator, "coef_") else estimator.fit(good, y),
            name="m",
            train=train,
            test=test,
            out=tmp_path / "bundle",
        )


def test_an_infinite_number_in_the_test_table_is_refused_with_its_row(tmp_path):
    X, y = load_diabetes(return_X_y=True)
    pipeline = LinearRegression().fit(X, y)
    infinite = X[:5].copy()
    infinite[3, 2] = np.inf

    with pytest.raises(
        spyhop.ArtifactError, match=r"rows\[3\].x2: got a number that is not finite or too large"
    ):
        spyhop.pack(
            pipeline, name="m", train=(X, y), test=(infinite, y[:5]), out=tmp_path / "bundle"
        )


def test_a_test_table_with_other_columns_is_refused(tmp_path):
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    pipeline = LinearRegression().fit(X, y)

    with pytest.raises(spyhop.ArtifactError, match="expected those of train"):
        spyhop.pack(
            pipeline, name="m", train=(X, y), test=(X[X.columns[::-1]], y), out=tmp_path / "b"
        )
