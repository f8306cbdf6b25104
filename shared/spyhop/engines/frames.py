"""A table as what the pipeline was fitted on: a DataFrame, a matrix or a list of texts."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spyhop.core.rows import Table
from spyhop.core.schema import Column, Schema

# dtypes that cannot hold a missing value
WHOLE = ("int", "uint", "bool")


def pipeline_input(table: Table, schema: Schema) -> Any:
    """Return `table` in the layout and dtypes of the training table.

    A missing value comes back as the training table had it (NaN or None).  Where it made the
    column wider than its training dtype (an integer column with a null), it stays float64.
    """
    if schema.layout == "frame":
        import pandas as pd

        return pd.DataFrame({c.name: _series(table[c.name], c) for c in schema.columns})
    columns = [_with_missing(table[column.name], column) for column in schema.columns]
    if schema.layout == "vector":
        return columns[0]
    dtype = schema.columns[0].dtype
    if dtype.startswith(WHOLE) and any(values.dtype == np.float64 for values in columns):
        dtype = "float64"
    matrix = np.empty((len(columns[0]), len(columns)), dtype=dtype)
    for i, values in enumerate(columns):
        matrix[:, i] = values
    return matrix


def _series(values: NDArray[Any], column: Column) -> Any:
    import pandas as pd

    values = _with_missing(values, column)
    widened = values.dtype == np.float64 and column.dtype.startswith(WHOLE)
    return pd.Series(values, dtype="float64" if widened else column.dtype)


def _with_missing(values: NDArray[Any], column: Column) -> NDArray[Any]:
    if values.dtype != object or column.missing_as == "None":
        return values
    return np.array([np.nan if value is None else value for value in values], dtype=object)
