"""A table as what the pipeline was fitted on: a DataFrame, a matrix or a list of texts."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spyhop.core.rows import Table
from spyhop.core.schema import Column, Schema
from spyhop.core.values import ValueKind, value_kind

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
    """Return the values of an object column as training wrote them: Python's own, and missing
    as NaN or None; those of other columns as they are."""
    if column.dtype != "object" and values.dtype != object:
        return values
    missing = None if column.missing_as == "None" else np.nan
    python_type = _PYTHON_TYPES[value_kind(column)]
    array = np.empty(len(values), dtype=object)
    # NaN differs from itself
    array[:] = [missing if v is None or v != v else python_type(v) for v in values.tolist()]
    return array


_PYTHON_TYPES: dict[ValueKind, type] = {
    "number": float,
    "integer": int,
    "boolean": bool,
    "text": str,
}
