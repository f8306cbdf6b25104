"""The models to serve: fitted here, once, the same for both sides."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from spyhop.tables import TableView

MANY = 1_000
SEED = 20_240_607

LabelledTable = tuple[pd.DataFrame, Any]


@dataclass(frozen=True)
class FittedModel:
    """A fitted pipeline, the tables to pack it with, and `MANY` rows as a caller sends them."""

    name: str
    title: str
    pipeline: Any
    train: LabelledTable
    test: LabelledTable
    rows: list[dict[str, Any]]


def fitted_models() -> list[FittedModel]:
    """Return the models of this benchmark, always the same ones."""
    return [
        fitted(
            "mixed",
            "8 numbers, 6 categories → gradient boosting",
            gradient_boosting(),
            *mixed_table(),
        ),
        fitted(
            "iris",
            "iris, 4 numbers → MLP of 3 × 250",
            MLPClassifier((250, 250, 250), max_iter=1_000, random_state=0),
            *load_iris(return_X_y=True, as_frame=True),
        ),
    ]


def fitted(name: str, title: str, pipeline: Any, X: pd.DataFrame, y: Any) -> FittedModel:
    """Return `pipeline` fitted on one half of the table; the rows to ask are the other half."""
    parts = train_test_split(X, y, test_size=0.5, random_state=SEED, stratify=y)
    X_train, X_test, y_train, y_test = parts
    pipeline.fit(X_train, y_train)
    rows = TableView(X_test).rows([i % len(X_test) for i in range(MANY)])
    return FittedModel(name, title, pipeline, (X_train, y_train), (X_test, y_test), rows)


def gradient_boosting() -> Pipeline:
    """Return the pipeline for `mixed_table`, not fitted."""
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), [f"number_{i}" for i in range(8)]),
        (OneHotEncoder(handle_unknown="ignore"), [f"category_{i}" for i in range(6)]),
    )
    return make_pipeline(columns, GradientBoostingClassifier(random_state=0))


def mixed_table(n_rows: int = 2 * MANY) -> tuple[pd.DataFrame, np.ndarray]:
    """Return a generated table, one number in twelve missing, and its labels "no" and "yes"."""
    rng = np.random.default_rng(SEED)
    numbers = rng.normal(50, 20, (n_rows, 8)).round(3)
    codes = rng.integers(0, np.arange(3, 9), (n_rows, 6))
    score = numbers[:, 0] - numbers[:, 1] * (codes[:, 0] == 1) + 9 * (codes[:, 5] > 4)
    score += rng.normal(0, 10, n_rows)
    numbers[rng.random(numbers.shape) < 1 / 12] = np.nan
    table = pd.DataFrame(numbers, columns=[f"number_{i}" for i in range(8)])
    for i, column in enumerate(codes.T):
        table[f"category_{i}"] = [f"level {code}" for code in column]
    return table, np.where(score > np.median(score), "yes", "no")
