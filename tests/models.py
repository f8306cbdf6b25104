"""Small fitted models with the tables they were fitted on, and a way to pack them."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import spyhop
from spyhop.tables import TableView
from spyhop.train import read_project, split

EXAMPLES = Path(__file__).parent.parent / "examples"


class Packed(NamedTuple):
    """A fitted pipeline, its bundle, and the held-out table as it is and as callers send it."""

    pipeline: Any
    bundle: spyhop.Bundle
    folder: Path
    X_test: Any
    rows: list[dict[str, Any]]


def packed(
    pipeline: Any,
    train: Any,
    test: Any,
    folder: Path,
    name: str = "model",
    trusted: Iterable[str] = (),
) -> Packed:
    """Return `pipeline`, fitted already, packed into `folder`."""
    bundle = spyhop.pack(
        pipeline, name=name, train=train, test=test, out=folder, trusted_types=trusted
    )
    table = TableView(test[0])
    return Packed(pipeline, bundle, folder, test[0], table.rows(range(len(table))))


def fitted(
    pipeline: Any,
    X: Any,
    y: Any,
    folder: Path,
    name: str = "model",
    trusted: Iterable[str] = (),
) -> Packed:
    """Return `pipeline` fitted on two thirds of (X, y) and packed with the rest held out."""
    n = len(X) * 2 // 3
    first, rest = (X[:n], y[:n]), (X[n:], y[n:])
    return packed(pipeline.fit(*first), first, rest, folder, name, trusted)


def whales_model(folder: Path) -> Packed:
    """Return the example that ships with spyhop."""
    project = read_project(EXAMPLES / "whales" / "project.py")
    train_part, test_part = split(project)
    return packed(project.pipeline().fit(*train_part), train_part, test_part, folder, "whales")


def mixed_table(rows: int = 240, missing: bool = True) -> tuple[pd.DataFrame, np.ndarray]:
    """Return three numbers, an integer, two categories, some of each missing; yes or no."""
    rng = np.random.default_rng(7)
    table = pd.DataFrame(
        {
            "age": rng.normal(40, 12, rows).round(1),
            "income": rng.lognormal(10, 0.5, rows).round(2),
            "score": rng.uniform(-1, 1, rows),
            "visits": rng.integers(0, 30, rows),
            "region": rng.choice(["north", "south", "sea"], rows),
            "plan": rng.choice(["basic", "plus"], rows),
        }
    )
    truth = (
        table.age / 12 + table.score * 2 + (table.region == "sea") * 2 + rng.normal(0, 0.5, rows)
    )
    if missing:
        table.loc[::7, "age"] = np.nan
        table.loc[::11, "region"] = np.nan
    return table, np.where(truth > truth.median(), "yes", "no")


def mixed_columns() -> Any:
    """Return the preprocessing for `mixed_table`."""
    return make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), ["age", "income", "score", "visits"]),
        (OneHotEncoder(handle_unknown="ignore"), ["region", "plan"]),
    )


def mixed_model(folder: Path) -> Packed:
    """Return a logistic regression on `mixed_table`."""
    return fitted(
        make_pipeline(mixed_columns(), LogisticRegression()), *mixed_table(), folder, "mixed"
    )
