"""Graphs in float64 answer exactly as scikit-learn does, at the very thresholds too."""

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    BaggingClassifier,
    BaggingRegressor,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LogisticRegression, Ridge, RidgeClassifier, SGDClassifier
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    RandomizedSearchCV,
    TunedThresholdClassifierCV,
)
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.naive_bayes import (
    BernoulliNB,
    CategoricalNB,
    ComplementNB,
    GaussianNB,
    MultinomialNB,
)
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor, NearestCentroid
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    KBinsDiscretizer,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    PowerTransformer,
    StandardScaler,
    TargetEncoder,
)
from sklearn.svm import SVC, SVR, LinearSVC, NuSVC, NuSVR
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

import spyhop
from spyhop.derive import derive_schema
from spyhop.engines.convert import STRATEGIES, convert
from spyhop.engines.onnx import OnnxEngine
from spyhop.fitted import answer_spec
from spyhop.tables import TableView

TRAINED = 140
EXACT = 0.0
ROUNDED = 1e-12


class Whales:
    """A table of measurements, with gaps and texts where a test asks for them."""

    def __init__(self) -> None:
        rng = np.random.default_rng(7)
        n = 200
        self.numbers = pd.DataFrame(
            {
                "length_m": rng.normal(10, 3, n),
                "dive_m": rng.normal(0, 1e3, n),
                "speed": rng.exponential(1, n),
                "calves": rng.integers(0, 9, n),
            }
        )
        self.gaps = self.numbers.astype(float).mask(rng.random((n, 4)) < 0.15)
        sea = pd.Series(rng.choice(["north", "south", "open"], n).astype(object))
        self.mixed = self.gaps.assign(sea=sea.mask(rng.random(n) < 0.1))
        score = (self.numbers.length_m - 10) / 3 + self.numbers.dive_m / 1e3
        score = score + rng.normal(0, 0.5, n)
        self.two = np.where(score > 0, "baleen", "toothed")
        self.three = np.digitize(score, [-1, 1])
        self.value = score.to_numpy() * 7 + 50


whales = Whales()

small = {"n_estimators": 8, "random_state": 0}
SCALED_CLASSIFIERS = {
    "tree": DecisionTreeClassifier(random_state=0),
    "shallow_tree": DecisionTreeClassifier(max_depth=3, random_state=0),
    "forest": RandomForestClassifier(**small),
    "shallow_forest": RandomForestClassifier(max_depth=3, **small),
    "extra_trees": ExtraTreesClassifier(**small),
    "gradient_boosting": GradientBoostingClassifier(**small),
    "histograms": HistGradientBoostingClassifier(max_iter=8),
    "bagged_trees": BaggingClassifier(max_features=0.7, **small),
    "bagged_regressions": BaggingClassifier(LogisticRegression(), 3, random_state=0),
    "bagged_without_probabilities": BaggingClassifier(LinearSVC(), 3, random_state=0),
    "adaboost": AdaBoostClassifier(**small),
    "adaboost_regressions": AdaBoostClassifier(LogisticRegression(), n_estimators=3),
    "soft_vote": VotingClassifier(
        [("a", LogisticRegression()), ("b", make_pipeline(StandardScaler(), GaussianNB()))],
        voting="soft",
        weights=[1, 2],
    ),
    "hard_vote": VotingClassifier(
        [
            ("a", LogisticRegression()),
            ("b", DecisionTreeClassifier(max_depth=2)),
            ("c", LinearSVC()),
        ]
    ),
    "stack": StackingClassifier(
        [("a", LinearSVC()), ("b", RandomForestClassifier(4, max_depth=3, random_state=0))],
        passthrough=True,
        cv=2,
    ),
    "grid": GridSearchCV(RandomForestClassifier(4, random_state=0), {"max_depth": [2, 4]}, cv=2),
    "logistic": LogisticRegression(),
    "ridge": RidgeClassifier(),
    "linear_svc": LinearSVC(),
    "sgd_log": SGDClassifier(loss="log_loss", random_state=0),
    "sgd_huber": SGDClassifier(loss="modified_huber", random_state=0),
    "gaussian": GaussianNB(),
    "bernoulli": BernoulliNB(),
    "dummy": DummyClassifier(),
    "centroid": NearestCentroid(),
    "balanced_centroid": NearestCentroid(priors="uniform"),
    "quadratic": QuadraticDiscriminantAnalysis(),
    "neighbours": KNeighborsClassifier(),
    "weighted_neighbours": KNeighborsClassifier(weights="distance"),
    "svc": SVC(),
    "nu_svc": NuSVC(kernel="poly", nu=0.3),
    "stacked_svc": StackingClassifier([("a", SVC()), ("b", GaussianNB())], cv=2),
    "one_vs_rest": OneVsRestClassifier(RandomForestClassifier(4, random_state=0)),
    "one_vs_one": OneVsOneClassifier(SVC()),
    "sigmoid": CalibratedClassifierCV(LinearSVC(), cv=2),
    "isotonic": CalibratedClassifierCV(GaussianNB(), method="isotonic", cv=2),
}
SCALED_REGRESSORS = {
    "tree": DecisionTreeRegressor(random_state=0),
    "forest": RandomForestRegressor(**small),
    "extra_trees": ExtraTreesRegressor(**small),
    "gradient_boosting": GradientBoostingRegressor(**small),
    "histograms": HistGradientBoostingRegressor(max_iter=8),
    "bagged_trees": BaggingRegressor(max_features=0.7, **small),
    "bagged_ridges": BaggingRegressor(Ridge(), 3, random_state=0),
    "adaboost": AdaBoostRegressor(**small),
    "adaboost_ridges": AdaBoostRegressor(Ridge(), n_estimators=3, random_state=0),
    "vote": VotingRegressor([("a", Ridge()), ("b", DecisionTreeRegressor(max_depth=3))]),
    "stack": StackingRegressor([("a", Ridge()), ("b", RandomForestRegressor(**small))], cv=2),
    "dummy": DummyRegressor(),
    "kernel_ridge": KernelRidge(kernel="rbf"),
    "svr": SVR(),
    "nu_svr": NuSVR(kernel="poly"),
    "weighted_neighbours": KNeighborsRegressor(weights="distance"),
    "random_search": RandomizedSearchCV(
        RandomForestRegressor(**small), {"max_depth": [2, 4]}, n_iter=2, cv=2
    ),
    "scaled_target": TransformedTargetRegressor(Ridge(), transformer=StandardScaler()),
    "logarithmic_target": TransformedTargetRegressor(Ridge(), func=np.log1p, inverse_func=np.expm1),
}


def packed(pipeline: Any, X: pd.DataFrame, y: Any, tmp_path: Any) -> spyhop.Bundle:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pipeline.fit(X[:TRAINED], y[:TRAINED])
        return spyhop.pack(
            pipeline,
            name="whales",
            train=(X[:TRAINED], y[:TRAINED]),
            test=(X[TRAINED:], y[TRAINED:]),
            out=tmp_path / "bundle",
        )


def assert_exact(bundle: spyhop.Bundle, worst: float) -> None:
    assert bundle.strategy == "onnx float64", bundle.not_chosen
    assert bundle.parity.labels_differ == ()
    assert bundle.parity.worst_difference <= worst


@pytest.mark.parametrize("model", SCALED_CLASSIFIERS.values(), ids=SCALED_CLASSIFIERS)
def test_a_scaled_classifier_of_three_answers_exactly(model: Any, tmp_path: Any) -> None:
    pipeline = make_pipeline(StandardScaler(), model)

    bundle = packed(pipeline, whales.numbers, whales.three, tmp_path)

    assert_exact(bundle, ROUNDED)


@pytest.mark.parametrize("model", SCALED_CLASSIFIERS.values(), ids=SCALED_CLASSIFIERS)
def test_a_scaled_classifier_of_two_answers_exactly(model: Any) -> None:
    pipeline = make_pipeline(StandardScaler(), model).fit(whales.numbers, whales.two)

    Engine(pipeline, whales.numbers).assert_same(whales.numbers.to_numpy(float), ROUNDED)


@pytest.mark.parametrize("model", SCALED_REGRESSORS.values(), ids=SCALED_REGRESSORS)
def test_a_scaled_regressor_answers_exactly(model: Any, tmp_path: Any) -> None:
    pipeline = make_pipeline(StandardScaler(), model)

    bundle = packed(pipeline, whales.numbers, whales.value, tmp_path)

    assert_exact(bundle, ROUNDED)


@pytest.mark.parametrize(
    "model",
    [
        FixedThresholdClassifier(LogisticRegression(), threshold=0.3),
        FixedThresholdClassifier(LogisticRegression(), threshold=0.3, pos_label="baleen"),
        FixedThresholdClassifier(
            LogisticRegression(),
            threshold=0.3,
            response_method="decision_function",
            pos_label="baleen",
        ),
        TunedThresholdClassifierCV(RandomForestClassifier(**small), cv=2),
    ],
)
def test_a_moved_threshold_moves_the_labels_alike(model: Any) -> None:
    pipeline = make_pipeline(StandardScaler(), model).fit(whales.numbers, whales.two)

    Engine(pipeline, whales.numbers).assert_same(whales.numbers.to_numpy(float), ROUNDED)


@pytest.mark.parametrize(
    "transformer",
    [
        Binarizer(threshold=0.1),
        KBinsDiscretizer(4, encode="ordinal"),
        KBinsDiscretizer(4),
        PolynomialFeatures(3),
        PolynomialFeatures(2, interaction_only=True, include_bias=False),
        PowerTransformer(),
        FunctionTransformer(np.exp),
        make_pipeline(MinMaxScaler((1, 2)), PowerTransformer("box-cox")),
    ],
)
def test_transformed_numbers_fall_on_the_same_side_of_a_forest(
    transformer: Any, tmp_path: Any
) -> None:
    model = RandomForestRegressor(**small)
    pipeline = make_pipeline(StandardScaler(), transformer, model)

    assert_exact(packed(pipeline, whales.numbers, whales.value, tmp_path), EXACT)


def test_an_indicator_of_missing_values_answers_exactly(tmp_path: Any) -> None:
    pipeline = make_pipeline(SimpleImputer(add_indicator=True), RandomForestRegressor(**small))

    assert_exact(packed(pipeline, whales.gaps, whales.value, tmp_path), EXACT)


@pytest.mark.parametrize(
    "encoder",
    [
        OneHotEncoder(),
        OneHotEncoder(drop="first", handle_unknown="ignore"),
        OneHotEncoder(drop="if_binary"),
        OneHotEncoder(min_frequency=30, handle_unknown="infrequent_if_exist"),
        OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
        OrdinalEncoder(
            handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2
        ),
    ],
)
def test_encoded_texts_and_numbers_answer_exactly(encoder: Any, tmp_path: Any) -> None:
    table = make_column_transformer(
        (encoder, ["sea", "calves"]), (SimpleImputer(), ["length_m"]), remainder="drop"
    )
    model = HistGradientBoostingClassifier(max_iter=8, min_samples_leaf=5)
    pipeline = make_pipeline(table.set_params(sparse_threshold=0), model)
    shifted = whales.mixed.assign(
        calves=(whales.numbers.calves // 3).mask(whales.gaps.speed.isna())
    )

    bundle = packed(pipeline, shifted, whales.two, tmp_path)

    assert bundle.parity.probes > 0
    assert_exact(bundle, ROUNDED)


def test_a_row_met_in_training_is_its_own_only_neighbour() -> None:
    model = KNeighborsRegressor(weights="distance").fit(whales.numbers, whales.value)
    rows = whales.numbers.to_numpy(float)
    near = rows.copy()
    near[:, 0] = np.nextafter(near[:, 0], np.inf)

    Engine(model, whales.numbers).assert_same(rows, EXACT)
    Engine(model, whales.numbers).assert_same(near, 1e-9)


def test_support_vector_probabilities_come_within_float32(tmp_path: Any) -> None:
    model = make_pipeline(StandardScaler(), SVC(probability=True, random_state=0))

    assert_exact(packed(model, whales.numbers, whales.three, tmp_path), 1e-6)


def test_boosting_with_the_exponential_loss_answers_exactly(tmp_path: Any) -> None:
    model = GradientBoostingClassifier(loss="exponential", **small)

    assert_exact(packed(model, whales.numbers, whales.two, tmp_path), ROUNDED)


def test_histograms_of_a_logarithm_answer_exactly(tmp_path: Any) -> None:
    model = HistGradientBoostingRegressor(loss="poisson", max_iter=8)

    assert_exact(packed(model, whales.numbers, abs(whales.value), tmp_path), ROUNDED)


@pytest.mark.parametrize(
    "model", [MultinomialNB(), ComplementNB(), CategoricalNB(min_categories=10)]
)
def test_counts_and_categories_answer_exactly(model: Any, tmp_path: Any) -> None:
    counts = (whales.numbers.abs() / 300).clip(upper=9).astype(int)

    assert_exact(packed(model, counts, whales.three, tmp_path), ROUNDED)


@pytest.mark.parametrize(
    "model",
    [
        DecisionTreeClassifier(random_state=0),
        RandomForestClassifier(**small),
        ExtraTreesClassifier(max_depth=4, **small),
        HistGradientBoostingClassifier(max_iter=8),
    ],
)
def test_trees_send_missing_values_where_scikit_learn_does(model: Any, tmp_path: Any) -> None:
    bundle = packed(model, whales.gaps, whales.three, tmp_path)

    assert bundle.parity.probes > 0
    assert_exact(bundle, ROUNDED)


@pytest.mark.parametrize("strategy", ["mean", "median", "most_frequent", "constant"])
def test_imputed_numbers_and_texts_answer_exactly(strategy: str, tmp_path: Any) -> None:
    texts = "most_frequent" if strategy in ("mean", "median") else strategy
    table = make_column_transformer(
        (
            make_pipeline(SimpleImputer(strategy=strategy), StandardScaler()),
            ["length_m", "dive_m", "speed", "calves"],
        ),
        (
            make_pipeline(SimpleImputer(strategy=texts), OneHotEncoder(handle_unknown="ignore")),
            ["sea"],
        ),
    )
    pipeline = make_pipeline(table, RandomForestClassifier(**small))

    bundle = packed(pipeline, whales.mixed, whales.two, tmp_path)

    assert bundle.parity.probes > 0
    assert_exact(bundle, EXACT)


def test_one_hot_columns_beside_numbers_stay_float64(tmp_path: Any) -> None:
    table = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["sea"]),
        (StandardScaler(), ["dive_m", "length_m"]),
        remainder="passthrough",
    )
    whole = whales.numbers.assign(sea=whales.mixed.sea.fillna("open"))

    bundle = packed(make_pipeline(table, LogisticRegression()), whole, whales.three, tmp_path)

    assert_exact(bundle, ROUNDED)


@pytest.mark.parametrize("target", ["two", "three", "value"])
def test_categories_encoded_by_the_target_answer_exactly(target: str, tmp_path: Any) -> None:
    table = make_column_transformer(
        (TargetEncoder(random_state=0), ["sea"]), (SimpleImputer(), ["length_m", "speed"])
    )
    forest = RandomForestRegressor if target == "value" else RandomForestClassifier

    bundle = packed(
        make_pipeline(table, forest(**small)), whales.mixed, getattr(whales, target), tmp_path
    )

    assert_exact(bundle, EXACT)


@pytest.mark.parametrize("categories_first", [True, False])
def test_splits_on_categories_answer_exactly(categories_first: bool, tmp_path: Any) -> None:
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    steps = [(encoder, ["sea"]), ("passthrough", ["length_m", "dive_m", "speed"])]
    place = 0 if categories_first else 3
    table = make_column_transformer(*(steps if categories_first else reversed(steps)))
    model = HistGradientBoostingClassifier(
        categorical_features=[place], max_iter=8, min_samples_leaf=5
    )
    y = np.where(whales.mixed.sea == "north", whales.two, "odd")

    bundle = packed(make_pipeline(table, model), whales.mixed, y, tmp_path)

    assert_exact(bundle, ROUNDED)


def test_whole_pipelines_inside_a_vote_answer_exactly(tmp_path: Any) -> None:
    def member(model: Any) -> Any:
        table = make_column_transformer(
            (make_pipeline(SimpleImputer(), StandardScaler()), ["length_m", "speed"]),
            (OneHotEncoder(handle_unknown="ignore"), ["sea"]),
        )
        return make_pipeline(table, model)

    vote = VotingClassifier(
        [("a", member(LogisticRegression())), ("b", member(RandomForestClassifier(**small)))],
        voting="soft",
    )

    assert_exact(packed(vote, whales.mixed, whales.two, tmp_path), ROUNDED)


# ---- rows made to be difficult: fed to the engine as they are, without JSON between ----


class Engine:
    """A fitted pipeline beside its float64 graph."""

    def __init__(self, pipeline: Any, X: pd.DataFrame) -> None:
        answers = answer_spec(pipeline)
        schema = derive_schema(pipeline, TableView(X), answers)
        graph = convert(pipeline, schema, answers, STRATEGIES[0])
        self.pipeline, self.names = pipeline, list(X.columns)
        self.engine = OnnxEngine(graph.artefact, graph.blocks, answers)
        self.engine_names = schema.names

    def assert_same(self, rows: np.ndarray, tolerance: float) -> None:
        found = self.engine.run(dict(zip(self.engine_names, rows.T.copy(), strict=True)))
        asked = pd.DataFrame(rows, columns=self.names)
        if found.values is not None:
            assert abs(found.values - self.pipeline.predict(asked)).max() <= tolerance
            return
        assert (found.labels == self.pipeline.predict(asked)).all()
        if found.probabilities is not None:
            apart = found.probabilities - self.pipeline.predict_proba(asked)
            assert abs(apart).max() <= tolerance


def neighbours(value: float) -> list[float]:
    """Return `value`, and one step to each side of it in float64 and in float32."""
    narrow = np.float32(value)
    steps = [value, np.nextafter(value, -np.inf), np.nextafter(value, np.inf)]
    steps += [narrow, np.nextafter(narrow, np.float32(-np.inf))]
    steps += [np.nextafter(narrow, np.float32(np.inf))]
    # Halfway between two float32: where the cast rounds.
    return [float(s) for s in (*steps, (float(steps[3]) + float(steps[5])) / 2)]


def at_thresholds(thresholds: list[tuple[int, float]], X: pd.DataFrame) -> np.ndarray:
    """Return rows of X in which one column is at a threshold, or next to it, or missing."""
    rows, base = [], X.to_numpy(dtype=np.float64)
    for i, (column, threshold) in enumerate(thresholds[:300]):
        for value in (*neighbours(threshold), np.nan):
            row = base[i % len(base)].copy()
            row[column] = value
            rows.append(row)
    return np.array(rows)


def thresholds_of(trees: Any) -> list[tuple[int, float]]:
    return [
        (feature, threshold)
        for tree in trees
        for feature, threshold in zip(tree.tree_.feature, tree.tree_.threshold, strict=True)
        if feature >= 0 and np.isfinite(threshold)
    ]


@pytest.mark.parametrize(
    "model",
    [
        RandomForestClassifier(**small),
        RandomForestClassifier(max_depth=3, **small),
        ExtraTreesClassifier(max_depth=4, **small),
        RandomForestRegressor(**small),
        ExtraTreesRegressor(**small),
    ],
)
def test_a_forest_agrees_on_rows_at_its_thresholds(model: Any) -> None:
    y = whales.three if hasattr(model, "predict_proba") else whales.value
    model.fit(whales.gaps, y)
    engine = Engine(model, whales.gaps)

    engine.assert_same(at_thresholds(thresholds_of(model.estimators_), whales.numbers), EXACT)


@pytest.mark.parametrize(
    "model", [GradientBoostingClassifier(**small), AdaBoostClassifier(**small)]
)
@pytest.mark.parametrize("classes", ["two", "three"])
def test_boosted_trees_agree_on_rows_at_their_thresholds(model: Any, classes: str) -> None:
    model.fit(whales.numbers, getattr(whales, classes))
    trees = np.ravel(model.estimators_)
    engine = Engine(model, whales.numbers)

    rows = at_thresholds(thresholds_of(trees), whales.numbers)
    engine.assert_same(rows[~np.isnan(rows).any(axis=1)], ROUNDED)


def test_a_scaled_forest_agrees_where_scaled_values_meet_its_thresholds() -> None:
    pipeline = make_pipeline(StandardScaler(), RandomForestRegressor(**small))
    pipeline.fit(whales.numbers, whales.value)
    scaler, forest = pipeline[0], pipeline[1]
    back = [(f, t * scaler.scale_[f] + scaler.mean_[f]) for f, t in thresholds_of(forest)]
    engine = Engine(pipeline, whales.numbers)

    engine.assert_same(at_thresholds(back, whales.numbers), EXACT)


@pytest.mark.parametrize("classes", ["two", "three"])
def test_histograms_agree_on_rows_at_their_thresholds(classes: str) -> None:
    model = HistGradientBoostingClassifier(max_iter=8).fit(whales.gaps, getattr(whales, classes))
    nodes = np.concatenate([p.nodes for stage in model._predictors for p in stage])
    inner = nodes[nodes["is_leaf"] == 0]
    thresholds = list(zip(inner["feature_idx"], inner["num_threshold"], strict=True))
    engine = Engine(model, whales.gaps)

    finite = [(f, t) for f, t in thresholds if np.isfinite(t)]
    engine.assert_same(at_thresholds(finite, whales.numbers), ROUNDED)


def test_bernoulli_agrees_on_rows_at_its_threshold() -> None:
    model = BernoulliNB(binarize=0.1).fit(whales.numbers, whales.two)
    rows = at_thresholds([(column, 0.1) for column in range(4)], whales.numbers)
    engine = Engine(model, whales.numbers)

    engine.assert_same(rows[~np.isnan(rows).any(axis=1)], ROUNDED)


def test_trees_that_are_one_leaf_answer_it() -> None:
    forest = RandomForestRegressor(3, max_leaf_nodes=2, min_samples_leaf=90, random_state=0)
    forest.fit(whales.numbers, np.full(len(whales.numbers), 2.5))
    assert all(tree.tree_.node_count == 1 for tree in forest.estimators_)

    Engine(forest, whales.numbers).assert_same(whales.numbers.to_numpy(float), EXACT)


def test_an_even_vote_goes_to_the_class_scikit_learn_picks() -> None:
    rng = np.random.default_rng(1)
    X = pd.DataFrame(rng.integers(0, 3, (200, 3)).astype(float), columns=list("abc"))
    y = rng.choice(["p", "q", "r"], 200)
    forest = RandomForestClassifier(4, max_depth=2, random_state=0).fit(X, y)
    grid = np.stack(np.meshgrid(*[np.arange(-1, 4.0, 0.5)] * 3), axis=-1).reshape(-1, 3)

    Engine(forest, X).assert_same(grid, EXACT)


@pytest.mark.parametrize("labels", [[False, True], [2.0, 3.0], [3, 7]])
def test_labels_of_every_type_come_back_as_they_were(labels: list[Any], tmp_path: Any) -> None:
    y = np.array(labels)[(whales.two == "baleen").astype(int)]

    bundle = packed(RandomForestClassifier(**small), whales.numbers, y, tmp_path)

    assert_exact(bundle, EXACT)
