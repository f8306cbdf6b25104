"""Tables that graphs prepare in float64: the models behind them answer exactly."""

from typing import Any

import numpy as np
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
    VotingClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
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

from tests.engines.exactness import EXACT, ROUNDED, Engine, assert_exact, packed, small, whales


@pytest.mark.parametrize(
    "transformer",
    [
        Binarizer(threshold=0.1),
        KBinsDiscretizer(4, encode="ordinal"),
        KBinsDiscretizer(4),
        PolynomialFeatures(3),
        PolynomialFeatures(2, interaction_only=True, include_bias=False),
    ],
)
def test_transformed_numbers_fall_on_the_same_side_of_a_forest(
    transformer: Any, tmp_path: Any
) -> None:
    model = RandomForestRegressor(**small)
    pipeline = make_pipeline(StandardScaler(), transformer, model)

    assert_exact(packed(pipeline, whales.numbers, whales.value, tmp_path), EXACT)


@pytest.mark.parametrize(
    "transformer",
    [
        PowerTransformer(),
        FunctionTransformer(np.exp),
        make_pipeline(MinMaxScaler((1, 2)), PowerTransformer("box-cox")),
    ],
)
def test_powers_agree_on_ordinary_rows(transformer: Any) -> None:
    model = RandomForestRegressor(**small)
    pipeline = make_pipeline(StandardScaler(), transformer, model)
    pipeline.fit(whales.numbers, whales.value)

    # At a jump of the forest an exponential's last digit decides; there the gate refuses it.
    Engine(pipeline, whales.numbers).assert_same(whales.numbers.to_numpy(float), EXACT)


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


def test_texts_that_pass_a_function_unchanged_stay_texts(tmp_path: Any) -> None:
    texts = make_pipeline(FunctionTransformer(), OneHotEncoder(handle_unknown="ignore"))
    table = make_column_transformer((texts, ["sea"]), (SimpleImputer(), ["length_m"]))
    pipeline = make_pipeline(table, RandomForestClassifier(**small))

    assert_exact(packed(pipeline, whales.mixed, whales.two, tmp_path), EXACT)
