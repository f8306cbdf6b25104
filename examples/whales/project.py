"""Fish or mammal?  A small table with booleans, an integer, a number and a category."""

from pathlib import Path

import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

name = "whales"
target = "kind"
test_share = 0.5


def data():
    """Return the animals, one a row, with the target."""
    return pd.read_csv(Path(__file__).parent / "whales.csv", index_col="animal")


def pipeline():
    """Return the unfitted pipeline."""
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["habitat"]),
        (StandardScaler(), ["legs", "length_m"]),
        remainder="passthrough",
    )
    return make_pipeline(columns, LogisticRegression())
