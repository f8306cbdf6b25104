"""Models that remember their training rows: neighbours, propagation, Gaussian processes."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.cross_decomposition import CCA, PLSCanonical, PLSRegression
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.gaussian_process.kernels import (
    RBF,
    ConstantKernel,
    DotProduct,
    Matern,
    RationalQuadratic,
    WhiteKernel,
)
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.multiclass import OutputCodeClassifier
from sklearn.multioutput import RegressorChain
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import (
    KNeighborsClassifier,
    KNeighborsRegressor,
    RadiusNeighborsClassifier,
    RadiusNeighborsRegressor,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import LabelPropagation, LabelSpreading, SelfTrainingClassifier

from tests.engines.exactness import TRAINED, Engine, assert_exact, packed, whales

# Sums over many rows, and five error functions that cancel to a part in a thousand.
MANY_ROUNDINGS = 1e-10

CLASSIFIERS = {
    "neighbours_of_a_tree": KNeighborsClassifier(algorithm="kd_tree", leaf_size=5),
    "neighbours_of_a_ball_tree": KNeighborsClassifier(algorithm="ball_tree"),
    "neighbours_by_product": KNeighborsClassifier(algorithm="brute"),
    "radius": RadiusNeighborsClassifier(2.0, outlier_label="most_frequent"),
    "weighted_radius": RadiusNeighborsClassifier(
        2.0, weights="distance", outlier_label="most_frequent"
    ),
    "radius_by_product": RadiusNeighborsClassifier(
        2.0, algorithm="brute", outlier_label="most_frequent"
    ),
    "propagation": LabelPropagation(gamma=0.5),
    "spreading": LabelSpreading(gamma=0.5),
    "spreading_to_neighbours": LabelSpreading(kernel="knn"),
    "process": GaussianProcessClassifier(),
    "rough_process": GaussianProcessClassifier(ConstantKernel(2.0) * Matern(2.0, nu=1.5)),
    "code_of_scores": OutputCodeClassifier(LogisticRegression(), random_state=0),
    "code_of_probabilities": OutputCodeClassifier(GaussianNB(), random_state=0),
    "self_trained": SelfTrainingClassifier(LogisticRegression()),
}
REGRESSORS = {
    "neighbours_of_a_tree": KNeighborsRegressor(leaf_size=5),
    "radius": RadiusNeighborsRegressor(9.0),
    "weighted_radius": RadiusNeighborsRegressor(9.0, weights="distance"),
    "process": GaussianProcessRegressor(alpha=0.1),
    "composed_process": GaussianProcessRegressor(
        2.0 * RBF([1.0, 2.0, 3.0, 4.0]) + WhiteKernel(0.5) + DotProduct(),
        normalize_y=True,
        optimizer=None,
    ),
    "rough_process": GaussianProcessRegressor(Matern(nu=2.5), alpha=0.1, optimizer=None),
    "rougher_process": GaussianProcessRegressor(Matern(nu=0.5), alpha=0.1, optimizer=None),
    "many_lengths": GaussianProcessRegressor(RationalQuadratic(), alpha=0.1, optimizer=None),
    "canonical": CCA(n_components=1),
    "canonical_squares": PLSCanonical(n_components=1),
    "latent": PLSRegression(n_components=2),
}


@pytest.mark.parametrize("target", ["two", "three"])
@pytest.mark.parametrize("model", CLASSIFIERS.values(), ids=CLASSIFIERS)
def test_a_classifier_agrees_on_ordinary_rows(model: Any, target: str) -> None:
    y = getattr(whales, target)
    y = y.astype(object) if target == "two" else y  # SelfTrainingClassifier takes no other texts
    pipeline = make_pipeline(StandardScaler(), model).fit(whales.numbers[:TRAINED], y[:TRAINED])

    Engine(pipeline, whales.numbers).assert_same(whales.numbers.to_numpy(float), MANY_ROUNDINGS)


@pytest.mark.parametrize("target", ["two", "three"])
def test_neighbours_weighted_by_a_product_agree_on_rows_not_seen(target: str) -> None:
    # How near a row of the training is to itself, by a product, is up to the machine's BLAS.
    y = getattr(whales, target)
    model = KNeighborsClassifier(algorithm="brute", weights="distance")
    pipeline = make_pipeline(StandardScaler(), model).fit(whales.numbers[:TRAINED], y[:TRAINED])

    unseen = whales.numbers[TRAINED:].to_numpy(float)
    Engine(pipeline, whales.numbers).assert_same(unseen, MANY_ROUNDINGS)


@pytest.mark.parametrize("model", REGRESSORS.values(), ids=REGRESSORS)
def test_a_regressor_agrees_on_ordinary_rows(model: Any) -> None:
    pipeline = make_pipeline(StandardScaler(), model)
    pipeline.fit(whales.numbers[:TRAINED], whales.value[:TRAINED])

    Engine(pipeline, whales.numbers).assert_same(whales.numbers.to_numpy(float), MANY_ROUNDINGS)


def test_a_chain_of_one_is_its_only_model() -> None:
    pipeline = make_pipeline(StandardScaler(), RegressorChain(Ridge()))
    pipeline.fit(whales.numbers, whales.value.reshape(-1, 1))
    plain = make_pipeline(StandardScaler(), Ridge()).fit(whales.numbers, whales.value)
    engine = Engine(pipeline, whales.numbers)
    engine.pipeline = plain

    engine.assert_same(whales.numbers.to_numpy(float), 1e-12)


def test_isotonic_regression_is_a_curve_between_its_steps() -> None:
    X = whales.numbers[["length_m"]]
    model = IsotonicRegression(out_of_bounds="clip").fit(X[:TRAINED], whales.value[:TRAINED])

    Engine(model, X).assert_same(X.to_numpy(), 1e-12)


def test_of_equally_near_rows_those_count_that_a_tree_meets_first() -> None:
    grid = np.stack(np.meshgrid(*[np.arange(6.0)] * 3), axis=-1).reshape(-1, 3)
    X = pd.DataFrame(grid, columns=["a", "b", "c"])
    model = KNeighborsRegressor(1, algorithm="kd_tree", leaf_size=3).fit(X, np.arange(len(X)))

    Engine(model, X).assert_same(grid[grid.max(axis=1) < 5] + 0.5, 0.0)


@pytest.mark.parametrize(
    "model",
    [
        GaussianProcessClassifier(),
        LabelSpreading(gamma=0.5),
        RadiusNeighborsClassifier(2.0, outlier_label="most_frequent"),
    ],
)
def test_a_model_of_remembered_rows_is_proved_at_the_gate(model: Any, tmp_path: Any) -> None:
    pipeline = make_pipeline(StandardScaler(), model)

    assert_exact(packed(pipeline, whales.numbers, whales.three, tmp_path), MANY_ROUNDINGS)


def test_a_row_without_neighbours_has_no_value() -> None:
    model = RadiusNeighborsRegressor(1.0).fit(whales.numbers, whales.value)
    engine = Engine(model, whales.numbers)
    far = {name: np.array([1e6]) for name in engine.engine_names}

    assert np.isnan(engine.engine.run(far).values).all()
