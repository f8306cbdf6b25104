"""A table as what the pipeline was fitted on: a DataFrame, a matrix or a list of texts."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spyhop.core.rows import Table
from spyhop.core.schema import Column, Schema
from spyhop.core.values import ValueKind, value_kind

# dtypes that cannot hold a missing value
WHOLE = ("int", "uint", "bool")

# dtypes that need no pandas to be rebuilt; a Series costs fifty times as much
NUMPY_DTYPES = {f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)} | {
    *("bool", "float16", "float32", "float64"),
}


def pipeline_input(table: Table, schema: Schema) -> Any:
    """Return `table` in the layout and dtypes of the training table.

    A missing value comes back as the training table had it (NaN or None).  Where it made the
    column wider than its training dtype (an integer column with a null), it stays float64.
    """
    if schema.layout == "frame":
        import pandas as pd

        if all(column.dtype == "float64" for column in schema.columns):
            # One block, for a frame built of many columns takes longer than most models.
            block = np.column_stack([table[name] for name in schema.names])
            return pd.DataFrame(block, columns=list(schema.names))
        return pd.DataFrame({c.name: _rebuilt(table[c.name], c) for c in schema.columns})
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


def _rebuilt(values: NDArray[Any], column: Column) -> Any:
    values = _with_missing(values, column)
    if values.dtype == np.float64 and column.dtype.startswith(WHOLE):
        return values  # a missing value made it wider than its dtype
    if column.dtype in NUMPY_DTYPES:
        return values.astype(column.dtype, copy=False)
    import pandas as pd

    return pd.Series(values, dtype=column.dtype)


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
