"""Splines, and imputers that look at other columns, are served without a difference."""

from typing import Any

import numpy as np
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestRegressor
from sklearn.impute import KNNImputer, MissingIndicator, SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import SplineTransformer, StandardScaler

import spyhop
from spyhop.derive import derive_schema
from spyhop.engines.convert import STRATEGIES, convert
from spyhop.engines.fitted import answer_spec
from spyhop.tables import TableView
from tests.engines.exactness import EXACT, ROUNDED, assert_exact, packed, small, whales

# scikit-learn hides the next one until this is imported.
from sklearn.experimental import enable_iterative_imputer  # noqa: F401, isort: skip
from sklearn.impute import IterativeImputer  # isort: skip


@pytest.mark.parametrize(
    "splines",
    [
        SplineTransformer(),
        SplineTransformer(extrapolation="linear", include_bias=False),
        SplineTransformer(extrapolation="continue", degree=2, knots="quantile"),
        SplineTransformer(extrapolation="periodic", n_knots=6),
        SplineTransformer(degree=1),
        SplineTransformer(degree=0, extrapolation="continue"),
        SplineTransformer(sparse_output=True),
    ],
)
def test_splines_answer_exactly(splines: Any, tmp_path: Any) -> None:
    pipeline = make_pipeline(StandardScaler(), splines, Ridge())

    assert_exact(packed(pipeline, whales.numbers, whales.value, tmp_path), ROUNDED)


def test_splines_of_missing_values_are_zeros(tmp_path: Any) -> None:
    pipeline = make_pipeline(SplineTransformer(handle_missing="zeros"), LogisticRegression())

    bundle = packed(pipeline, whales.gaps, whales.three, tmp_path)

    assert all(column.accepts_missing for column in bundle.schema.columns)
    assert_exact(bundle, ROUNDED)


@pytest.mark.parametrize(
    ("splines", "said"),
    [
        (SplineTransformer(extrapolation="error"), "a graph cannot refuse"),
        (SplineTransformer(extrapolation="linear", degree=1), "each further column"),
    ],
)
def test_splines_that_a_graph_cannot_be_are_left_to_scikit_learn(splines: Any, said: str) -> None:
    pipeline = make_pipeline(splines, Ridge()).fit(whales.numbers, whales.value)
    answers = answer_spec(pipeline)
    schema = derive_schema(pipeline, TableView(whales.numbers), answers)

    with pytest.raises(spyhop.ArtifactError, match=said):
        convert(pipeline, schema, answers, STRATEGIES[0])


@pytest.mark.parametrize(
    "imputer",
    [
        IterativeImputer(random_state=0),
        IterativeImputer(random_state=0, add_indicator=True, max_iter=3, min_value=0.0),
        IterativeImputer(Ridge(), random_state=0, n_nearest_features=2),
        IterativeImputer(RandomForestRegressor(3, random_state=0), max_iter=2, random_state=0),
        IterativeImputer(random_state=0, max_iter=0, initial_strategy="median"),
    ],
)
def test_columns_imputed_in_turn_answer_exactly(imputer: Any, tmp_path: Any) -> None:
    pipeline = make_pipeline(imputer, RandomForestRegressor(**small))

    bundle = packed(pipeline, whales.gaps, whales.value, tmp_path)

    assert bundle.parity.probes > 0
    assert_exact(bundle, EXACT)


# Distances by a matrix product keep eight digits far outside the training range.
@pytest.mark.parametrize("weights", ["uniform", "distance"])
def test_values_of_the_nearest_rows_come_within_the_gate(weights: str, tmp_path: Any) -> None:
    imputer = KNNImputer(weights=weights, add_indicator=True)
    pipeline = make_pipeline(StandardScaler(), imputer, Ridge())
    X = whales.gaps.drop(columns="calves")

    bundle = packed(pipeline, X, whales.value, tmp_path)

    assert_exact(bundle, 1e-7)


@pytest.mark.parametrize("features", ["all", "missing-only"])
def test_flags_of_missing_values_answer_exactly(features: str, tmp_path: Any) -> None:
    names = list(whales.gaps)
    table = make_column_transformer(
        (MissingIndicator(features=features), names), (SimpleImputer(), names)
    )
    model = make_pipeline(table, RandomForestRegressor(**small))

    assert_exact(packed(model, whales.gaps, whales.value, tmp_path), EXACT)


def test_a_marker_of_ones_own_is_a_missing_value(tmp_path: Any) -> None:
    X = whales.gaps.fillna(-99.0)
    imputer = IterativeImputer(random_state=0, missing_values=-99.0)
    pipeline = make_pipeline(imputer, RandomForestRegressor(**small))

    assert np.isin(-99.0, X.to_numpy())
    assert_exact(packed(pipeline, X, whales.value, tmp_path), EXACT)
