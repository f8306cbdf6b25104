"""Histogram boosting that reads text categories itself is served without a difference."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    VotingClassifier,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

from tests.engines.exactness import EXACT, ROUNDED, assert_exact, packed, whales

few_leaves = {"max_iter": 8, "min_samples_leaf": 5}

SEA = whales.mixed.sea
POD = SEA.fillna("none") + "_" + (whales.numbers.calves // 3).astype(str)
# Texts before, between and after numbers: in a graph they come last.
WHALES = pd.DataFrame(
    {
        "pod": POD.astype("category"),
        "length_m": whales.gaps.length_m,
        "sea": SEA.astype("category"),
        "dive_m": whales.gaps.dive_m,
    }
)


@pytest.mark.parametrize("target", ["two", "three"])
def test_texts_of_a_categorical_dtype_answer_exactly(target: str, tmp_path: Any) -> None:
    model = HistGradientBoostingClassifier(**few_leaves)

    bundle = packed(model, WHALES, getattr(whales, target), tmp_path)

    assert [c.accepts_missing for c in bundle.schema.columns] == [True] * 4
    assert_exact(bundle, ROUNDED)


def test_values_boosted_on_texts_are_equal(tmp_path: Any) -> None:
    pipeline = make_pipeline(HistGradientBoostingRegressor(**few_leaves))

    assert_exact(packed(pipeline, WHALES, whales.value, tmp_path), EXACT)


@pytest.mark.parametrize(
    "columns", [["sea"], ["pod", "sea"], ["sea", "length_m"]], ids=" and ".join
)
def test_some_columns_answer_exactly(columns: list[str], tmp_path: Any) -> None:
    model = HistGradientBoostingClassifier(**few_leaves)

    assert_exact(packed(model, WHALES[columns], whales.three, tmp_path), ROUNDED)


def test_named_categories_of_every_type_answer_exactly(tmp_path: Any) -> None:
    X = pd.DataFrame(
        {
            "sea": SEA,
            "calves": whales.numbers.calves,
            "dive_m": whales.numbers.dive_m,
            "is_long": whales.numbers.length_m > 11,
            "speed": whales.numbers.speed.round().astype("category"),
        }
    )
    named = ["sea", "calves", "is_long", "speed"]
    model = HistGradientBoostingClassifier(categorical_features=named, **few_leaves)

    assert_exact(packed(model, X, whales.three, tmp_path), ROUNDED)


def test_a_vote_of_such_models_answers_exactly(tmp_path: Any) -> None:
    members = [(str(n), HistGradientBoostingClassifier(max_iter=n)) for n in (4, 8)]

    bundle = packed(VotingClassifier(members, voting="soft"), WHALES, whales.two, tmp_path)

    assert_exact(bundle, ROUNDED)


def test_categories_that_an_earlier_step_made_are_found_where_it_put_them(tmp_path: Any) -> None:
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    steps = make_column_transformer((encoder, ["pod", "sea"]), remainder="passthrough")
    model = HistGradientBoostingClassifier(categorical_features=[0, 1], **few_leaves)

    bundle = packed(make_pipeline(steps, model), WHALES, whales.three, tmp_path)

    assert_exact(bundle, ROUNDED)
