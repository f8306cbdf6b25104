"""Rows in, typed columns out: the one preprocessing that training and serving share.

`parse_rows` turns what a caller sent into a `Table`, or says which cell of which row it
refuses and why.  Columns that take the same values are read as one (one type check and one
conversion for all of their cells); only when something is wrong does `refusals.py` go through
the cells one by one.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from types import NoneType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spyhop.core.refusals import rows_refused
from spyhop.core.schema import Alike, Column, Schema
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
    table = _table_of_rows(instances, schema)
    if table is None:
        raise rows_refused(instances, schema)
    return table


def table_of_typed(cells: Sequence[Any], schema: Schema) -> Table | None:
    """Return the columns of rows whose every cell is of a type that its column takes.

    `cells` are those of the first row in the order of `schema`, of the second and so on; a
    missing value is None.  Returns None if one of them is not allowed.
    """
    width = len(schema.columns)
    return _table(schema, lambda group: _by_column(cells, group.places, width))


def column_array(values: Sequence[Any], column: Column) -> NDArray[Any] | None:
    """Return the values of one column as an array, or None if any of them is not allowed."""
    if not _of_types_taken(values, column):
        return None
    arrays = _arrays(values, (column,))
    return None if arrays is None else arrays[0]


def _table_of_rows(rows: list[Any], schema: Schema) -> Table | None:
    rows_alike = _of_one_form(rows, schema)
    if rows_alike is None:
        return None
    by_name = isinstance(rows_alike[0], dict)

    def cells_of(group: Alike) -> Sequence[Any] | None:
        cells = (group.by_name if by_name else group.by_place)(rows_alike)
        width = len(group.columns)
        return (
            _by_column(cells, range(width), width)
            if _of_types_taken(cells, group.columns[0])
            else None
        )

    try:
        return _table(schema, cells_of)
    except KeyError:  # as many names as columns, but not the same ones
        return None


def _table(schema: Schema, cells_of: Callable[[Alike], Sequence[Any] | None]) -> Table | None:
    """Return the table of the cells that `cells_of` returns for each group, of types taken."""
    table: dict[str, Any] = dict.fromkeys(schema.names)
    for group in schema.groups:
        cells = cells_of(group)
        arrays = None if cells is None else _arrays(cells, group.columns)
        if arrays is None:
            return None
        for column, array in zip(group.columns, arrays, strict=True):
            table[column.name] = array
    return table


def _by_column(cells: Sequence[Any], places: Iterable[int], width: int) -> Sequence[Any]:
    """Return cells that came row after row one column after the other, those at `places`."""
    return list(chain.from_iterable([cells[place::width] for place in places]))


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


def _of_types_taken(values: Sequence[Any], column: Column) -> bool:
    types = set(map(type, values))
    if column.accepts_missing:
        types.discard(NoneType)
    return types <= TYPES_TAKEN[value_kind(column)]


def _arrays(
    values: Sequence[Any], columns: tuple[Column, ...]
) -> Sequence[NDArray[Any]] | NDArray[Any] | None:
    """Return one array a column, or None if any value is not allowed.

    `columns` are alike, and `values` are those of the first column, of the second and so on.
    """
    column = columns[0]
    kind = value_kind(column)
    if kind == "number":
        array = _numbers(values, column)
        if array is None:
            return None
    else:
        missing = column.accepts_missing and not _NONE.isdisjoint(values)
        present = [value for value in values if value is not None] if missing else values
        if not WITHIN_BOUNDS[kind](present, column):
            return None
        dtype = np.float64 if missing and kind != "text" else _DTYPES[kind]
        array = np.array(values, dtype=dtype)
    arrays = array.reshape(len(columns), -1)
    if column.kind == "category" and not _all_known(values, columns):
        return None
    if array.dtype != _DTYPES[kind]:
        # Each column for itself: one without a missing value keeps its dtype.
        return [a if np.isnan(a).any() else a.astype(_DTYPES[kind]) for a in arrays]
    return arrays


_NONE = frozenset({None})

_DTYPES: dict[ValueKind, Any] = {
    "number": np.dtype(np.float64),
    "integer": np.dtype(np.int64),
    "boolean": np.dtype(np.bool_),
    "text": np.dtype(object),
}


def _numbers(values: Sequence[Any], column: Column) -> NDArray[np.float64] | None:
    try:
        numbers = np.array(values, dtype=np.float64)
    except OverflowError:  # an integer beyond the largest float
        return None
    missing = values.count(None) if column.accepts_missing else 0
    if not are_finite(numbers, missing, column):
        return None
    if column.dtype in NARROW_FLOATS:
        return numbers.astype(column.dtype).astype(np.float64)
    return numbers


def _all_known(values: Sequence[Any], columns: tuple[Column, ...]) -> bool:
    n_rows = len(values) // len(columns)
    return all(
        column.accepts_unknown or column.taken.issuperset(values[i * n_rows : (i + 1) * n_rows])
        for i, column in enumerate(columns)
    )
