"""Rows in, typed columns out: the one preprocessing that training and serving share.

`parse_rows` turns what a caller sent into a `Table`, or says which cell of which row it
refuses and why.  Columns are read whole (one type check and one conversion a column); only
when something is wrong does `refusals.py` go through the cells one by one.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spyhop.core.refusals import rows_refused
from spyhop.core.schema import Column, Schema
from spyhop.core.values import NARROW_FLOATS, TYPES_TAKEN, WITHIN_BOUNDS, ValueKind, value_kind
from spyhop.errors import InvalidRequest

# One array of length n_rows a column.  number: float64, NaN where missing.  integer: int64,
# boolean: bool; both become float64 where a value is missing.  category: as its values.
# text: object, None where missing.
Table = dict[str, NDArray[Any]]


def parse_rows(instances: object, schema: Schema) -> Table:
    """Return the columns of `instances`, a list of rows, in the order of `schema`.

    A row is a mapping by column name, in any order, or a list in the order of the schema.

    Raises:
        InvalidRequest: with a problem for each of the first 100 refused cells.
    """
    if not isinstance(instances, list):
        raise InvalidRequest(
            'Expected "instances" to be a list of rows, each an object by column name or a list '
            "in column order.",
        )
    if not instances:
        raise rows_refused(instances, schema)
    cells = _cells_by_column(instances, schema)
    if cells is None:
        raise rows_refused(instances, schema)
    table: Table = {}
    for column, values in zip(schema.columns, cells, strict=True):
        array = column_array(values, column)
        if array is None:
            raise rows_refused(instances, schema)
        table[column.name] = array
    return table


def column_array(values: Sequence[Any], column: Column) -> NDArray[Any] | None:
    """Return the values of one column as an array, or None if any of them is not allowed."""
    kind = value_kind(column)
    types = set(map(type, values))
    missing = type(None) in types
    present = values
    if missing:
        if not column.accepts_missing:
            return None
        types.discard(type(None))
        present = [value for value in values if value is not None]
    if not types <= TYPES_TAKEN[kind] or not WITHIN_BOUNDS[kind](present, column):
        return None
    if column.kind == "category" and not _all_known(present, column):
        return None
    array: NDArray[Any] = np.array(values, dtype=_dtype(kind, missing))
    if column.dtype in NARROW_FLOATS:
        return array.astype(column.dtype).astype(np.float64)
    return array


def _dtype(kind: ValueKind, missing: bool) -> type:
    if kind == "text":
        return object
    if kind == "number" or missing:
        return np.float64
    return np.int64 if kind == "integer" else np.bool_


def _all_known(values: Sequence[Any], column: Column) -> bool:
    return column.accepts_unknown or column.known.issuperset(values)


def _cells_by_column(rows: list[Any], schema: Schema) -> list[Sequence[Any]] | None:
    """Return the cells of each column, or None if a row is misshapen."""
    width = len(schema.names)
    try:
        if all(type(row) is dict and len(row) == width for row in rows):
            # As many names as columns, and every column's name among them.
            return list(zip(*map(schema.cells_of, rows), strict=True))
        as_lists = [_row_as_list(row, schema) for row in rows]
    except KeyError:
        return None
    if any(row is None for row in as_lists):
        return None
    return list(zip(*as_lists, strict=True))


def _row_as_list(row: object, schema: Schema) -> Sequence[Any] | None:
    if isinstance(row, list):
        return row if len(row) == len(schema.names) else None
    if isinstance(row, dict) and len(row) == len(schema.names):
        return schema.cells_of(row)
    return None
