"""Models whose graphs, in float64, answer exactly as scikit-learn does."""

from typing import Any

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
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
    StandardScaler,
)
from sklearn.svm import SVC, SVR, LinearSVC, NuSVC, NuSVR
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from spyhop.derive import derive_schema
from spyhop.engines.convert import STRATEGIES, convert
from spyhop.engines.fitted import answer_spec
from spyhop.engines.onnx import OnnxEngine
from spyhop.tables import TableView
from tests.engines.exactness import (
    EXACT,
    ROUNDED,
    TRAINED,
    Engine,
    assert_exact,
    packed,
    small,
    whales,
)

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
    "stacked_svc": StackingClassifier([("a", SVC()), ("b", GaussianNB())], cv=2),
    "one_vs_rest": OneVsRestClassifier(RandomForestClassifier(4, random_state=0)),
    "sigmoid": CalibratedClassifierCV(LinearSVC(), cv=2),
    "isotonic": CalibratedClassifierCV(GaussianNB(), method="isotonic", cv=2),
}
# The gate starts a process and looks for jumps, which takes a second a model.
AT_THE_GATE = (
    *("forest", "shallow_forest", "gradient_boosting", "histograms", "bagged_trees"),
    *("adaboost", "soft_vote", "stack", "logistic", "linear_svc", "bernoulli", "isotonic"),
)
# Their labels jump where sums of many roundings tie: the gate, which asks rows at the very
# jump, rightly leaves these to scikit-learn; ordinary rows are answered alike.
JUMPING = {
    "neighbours": KNeighborsClassifier(),
    "weighted_neighbours": KNeighborsClassifier(weights="distance"),
    "neighbours_mean": KNeighborsRegressor(weights="distance"),
    "svc": SVC(),
    "nu_svc": NuSVC(kernel="poly", nu=0.3),
    "one_vs_one": OneVsOneClassifier(SVC()),
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
    "random_search": RandomizedSearchCV(
        RandomForestRegressor(**small), {"max_depth": [2, 4]}, n_iter=2, cv=2
    ),
    "scaled_target": TransformedTargetRegressor(Ridge(), transformer=StandardScaler()),
    "logarithmic_target": TransformedTargetRegressor(Ridge(), func=np.log1p, inverse_func=np.expm1),
}


@pytest.mark.parametrize("name", AT_THE_GATE)
def test_a_scaled_classifier_answers_exactly_at_the_gate(name: str, tmp_path: Any) -> None:
    pipeline = make_pipeline(StandardScaler(), SCALED_CLASSIFIERS[name])

    bundle = packed(pipeline, whales.numbers, whales.three, tmp_path)

    assert_exact(bundle, ROUNDED)


@pytest.mark.parametrize("classes", ["two", "three"])
@pytest.mark.parametrize("model", SCALED_CLASSIFIERS.values(), ids=SCALED_CLASSIFIERS)
def test_a_scaled_classifier_answers_exactly(model: Any, classes: str) -> None:
    pipeline = make_pipeline(StandardScaler(), model)
    pipeline.fit(whales.numbers, getattr(whales, classes))

    Engine(pipeline, whales.numbers).assert_same(whales.numbers.to_numpy(float), ROUNDED)


@pytest.mark.parametrize("target", ["two", "three"])
@pytest.mark.parametrize("model", JUMPING.values(), ids=JUMPING)
def test_a_model_that_jumps_agrees_on_ordinary_rows(model: Any, target: str) -> None:
    y = whales.value if isinstance(model, KNeighborsRegressor) else getattr(whales, target)
    pipeline = make_pipeline(StandardScaler(), model).fit(whales.numbers[:TRAINED], y[:TRAINED])

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


@pytest.mark.parametrize("labels", [[False, True], [2.0, 3.0], [3, 7]])
def test_labels_of_every_type_come_back_as_they_were(labels: list[Any], tmp_path: Any) -> None:
    y = np.array(labels)[(whales.two == "baleen").astype(int)]

    bundle = packed(RandomForestClassifier(**small), whales.numbers, y, tmp_path)

    assert_exact(bundle, EXACT)


@pytest.mark.parametrize("model", [LinearSVC(), make_pipeline(StandardScaler(), LinearSVC())])
def test_a_classifier_without_probabilities_converts_in_float32_too(model: Any) -> None:
    pipeline = make_pipeline(StandardScaler(), model).fit(whales.numbers, whales.three)
    answers = answer_spec(pipeline)
    schema = derive_schema(pipeline, TableView(whales.numbers), answers)

    graph = convert(pipeline, schema, answers, STRATEGIES[1])

    assert OnnxEngine(graph.artefact, graph.blocks, answers)
