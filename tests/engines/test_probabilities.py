"""Probabilities that a model gets by a detour: coupled, tempered, or from another model."""

from typing import Any

import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC, NuSVC

import spyhop
from tests.engines.exactness import ROUNDED, Engine, assert_exact, packed, small, whales

# Boosting hands its first model a table in float32, and a linear one then computes in float32.
IN_FLOAT32 = 1e-6


@pytest.mark.parametrize("target", ["two", "three"])
@pytest.mark.parametrize("kernel", ["rbf", "linear", "poly", "sigmoid"])
def test_probabilities_of_support_vectors_are_libsvms(
    kernel: str, target: str, tmp_path: Any
) -> None:
    model = make_pipeline(StandardScaler(), SVC(kernel=kernel, probability=True, random_state=0))

    assert_exact(packed(model, whales.numbers, getattr(whales, target), tmp_path), ROUNDED)


def test_probabilities_of_many_classes_are_coupled_alike() -> None:
    y = whales.numbers.calves.to_numpy()
    model = NuSVC(nu=0.05, probability=True, random_state=0)
    pipeline = make_pipeline(StandardScaler(), model).fit(whales.numbers, y)

    Engine(pipeline, whales.numbers).assert_same(whales.numbers.to_numpy(float), ROUNDED)


@pytest.mark.parametrize("target", ["two", "three"])
def test_ties_of_support_vectors_are_broken_alike(target: str, tmp_path: Any) -> None:
    model = make_pipeline(StandardScaler(), SVC(break_ties=True))

    assert_exact(packed(model, whales.numbers, getattr(whales, target), tmp_path), ROUNDED)


@pytest.mark.parametrize("target", ["two", "three"])
@pytest.mark.parametrize(
    "model",
    [LinearSVC(), GaussianNB(), SVC(), RandomForestClassifier(**small)],
    ids=lambda model: type(model).__name__,
)
def test_a_temperature_calibrates_alike(model: Any, target: str, tmp_path: Any) -> None:
    calibrated = CalibratedClassifierCV(model, method="temperature", cv=2)
    pipeline = make_pipeline(StandardScaler(), calibrated)

    assert_exact(packed(pipeline, whales.numbers, getattr(whales, target), tmp_path), ROUNDED)


@pytest.mark.parametrize("target", ["two", "three"])
@pytest.mark.parametrize(
    ("start", "worst"),
    [(RandomForestClassifier(**small), ROUNDED), (LogisticRegression(), IN_FLOAT32)],
)
def test_boosting_starts_from_a_classifier(
    start: Any, worst: float, target: str, tmp_path: Any
) -> None:
    pipeline = make_pipeline(StandardScaler(), GradientBoostingClassifier(init=start, **small))

    assert_exact(packed(pipeline, whales.numbers, getattr(whales, target), tmp_path), worst)


def test_the_exponential_loss_starts_from_half_the_log_odds(tmp_path: Any) -> None:
    start = RandomForestClassifier(**small)
    model = GradientBoostingClassifier(init=start, loss="exponential", **small)

    assert_exact(packed(model, whales.numbers, whales.two, tmp_path), ROUNDED)


@pytest.mark.parametrize(
    ("start", "worst"), [(RandomForestRegressor(**small), ROUNDED), (Ridge(), IN_FLOAT32)]
)
def test_boosting_starts_from_a_regressor(start: Any, worst: float, tmp_path: Any) -> None:
    pipeline = make_pipeline(StandardScaler(), GradientBoostingRegressor(init=start, **small))

    assert_exact(packed(pipeline, whales.numbers, whales.value, tmp_path), worst)


@pytest.mark.parametrize("out_of_bounds", ["nan", "raise"])
def test_what_is_beyond_an_isotonic_curve_is_refused(out_of_bounds: str, tmp_path: Any) -> None:
    X = whales.numbers[["length_m"]].clip(5, 15)
    X.iloc[:2] = [[5.0], [15.0]]
    model = IsotonicRegression(out_of_bounds=out_of_bounds)

    bundle = packed(model, X, whales.value, tmp_path)

    assert_exact(bundle, ROUNDED)
    with pytest.raises(spyhop.InvalidRequest):
        spyhop.load(tmp_path / "bundle").predict([{"length_m": 15.5}])
