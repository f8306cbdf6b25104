"""Rows made to be difficult, fed to a graph as they are: at a threshold, next to it, missing."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import (
    AdaBoostClassifier,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.naive_bayes import (
    BernoulliNB,
)
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    StandardScaler,
)

from tests.engines.exactness import EXACT, ROUNDED, Engine, small, whales


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


def test_a_row_met_in_training_is_its_own_only_neighbour() -> None:
    model = KNeighborsRegressor(weights="distance").fit(whales.numbers, whales.value)
    rows = whales.numbers.to_numpy(float)
    near = rows.copy()
    near[:, 0] = np.nextafter(near[:, 0], np.inf)

    Engine(model, whales.numbers).assert_same(rows, EXACT)
    Engine(model, whales.numbers).assert_same(near, 1e-9)


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
