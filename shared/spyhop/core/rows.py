"""Rows in, typed columns out: the one preprocessing that training and serving share.

`parse_rows` turns what a caller sent into a `Table`, or says which cell of which row it
refuses and why.  Columns that take the same values are read as one (one type check and one
conversion for all of their cells); only when something is wrong does `refusals.py` go through
the cells one by one.
"""

from collections.abc import Sequence
from types import NoneType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spyhop.core.refusals import rows_refused
from spyhop.core.schema import Column, Schema
from spyhop.core.values import (
    NARROW_FLOATS,
    TYPES_TAKEN,
    WITHIN_BOUNDS,
    ValueKind,
    are_finite,
    value_kind,
)
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
    table = _table(instances, schema)
    if table is None:
        raise rows_refused(instances, schema)
    return table


def column_array(values: Sequence[Any], column: Column) -> NDArray[Any] | None:
    """Return the values of one column as an array, or None if any of them is not allowed."""
    arrays = _arrays(values, (column,))
    return None if arrays is None else arrays[0]


def _table(rows: list[Any], schema: Schema) -> Table | None:
    rows_alike = _of_one_form(rows, schema)
    if rows_alike is None:
        return None
    table: dict[str, Any] = dict.fromkeys(schema.names)
    by_name = isinstance(rows_alike[0], dict)
    for group in schema.groups:
        try:
            cells = (group.by_name if by_name else group.by_place)(rows_alike)
        except KeyError:  # as many names as columns, but not the same ones
            return None
        arrays = _arrays(cells, group.columns)
        if arrays is None:
            return None
        for column, array in zip(group.columns, arrays, strict=True):
            table[column.name] = array
    return table


def _of_one_form(rows: list[Any], schema: Schema) -> list[Any] | None:
    """Return the rows, all mappings or all lists; None if one is neither or has another width."""
    types = set(map(type, rows))
    if not all(issubclass(form, dict | list) for form in types):
        return None
    if set(map(len, rows)) != {len(schema.columns)}:
        return None
    if len(types) == 1:
        return rows
    return [r if isinstance(r, dict) else dict(zip(schema.names, r, strict=True)) for r in rows]


def _arrays(cells: Sequence[Any], columns: tuple[Column, ...]) -> list[NDArray[Any]] | None:
    """Return one array a column, or None if any cell is not allowed.

    `columns` are alike, and `cells` are those of the first row, of the second and so on.
    """
    column, width = columns[0], len(columns)
    kind = value_kind(column)
    types = set(map(type, cells))
    missing = NoneType in types
    if missing and not column.accepts_missing:
        return None
    if not types - {NoneType} <= TYPES_TAKEN[kind]:
        return None
    if kind == "number":
        arrays: list[NDArray[Any]] | None = _numbers(
            cells, column, width, cells.count(None) if missing else 0
        )
    else:
        present = [cell for cell in cells if cell is not None] if missing else cells
        within = WITHIN_BOUNDS[kind](present, column)
        arrays = _others(cells, _dtype(kind), width, missing) if within else None
    if column.kind == "category" and not _all_known(cells, columns):
        return None
    return arrays


def _numbers(
    cells: Sequence[Any], column: Column, width: int, missing: int
) -> list[NDArray[np.float64]] | None:
    try:
        numbers = np.array(cells, dtype=np.float64)
    except OverflowError:  # an integer beyond the largest float
        return None
    if not are_finite(numbers, missing, column):
        return None
    if column.dtype in NARROW_FLOATS:
        numbers = numbers.astype(column.dtype).astype(np.float64)
    return list(numbers.reshape(-1, width).T)


def _others(cells: Sequence[Any], dtype: type, width: int, missing: bool) -> list[NDArray[Any]]:
    if dtype is object or not missing:
        together: NDArray[Any] = np.array(cells, dtype=dtype)
        return list(together.reshape(-1, width).T)
    columns = (cells[i::width] for i in range(width))
    return [np.array(c, dtype=np.float64 if None in c else dtype) for c in columns]


def _dtype(kind: ValueKind) -> type:
    return {"text": object, "integer": np.int64, "boolean": np.bool_}[kind]


def _all_known(cells: Sequence[Any], columns: tuple[Column, ...]) -> bool:
    return all(
        column.accepts_unknown or column.taken.issuperset(cells[i :: len(columns)])
        for i, column in enumerate(columns)
    )
