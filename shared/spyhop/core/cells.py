"""Cells of tables as the values that a row may hold: files have few types, the schema knows more.

What is no value of its column stays as it is, so that it is refused with its row, its column and
the reason, like any other.
"""

from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any

from spyhop.core.schema import Column, Schema
from spyhop.core.values import ValueKind, value_kind

_BOOLEANS = {"true": True, "false": False}


def row_of(header: Sequence[str], cells: Sequence[str], schema: Schema) -> dict[str, Any]:
    """Return the row in `cells`, of which there are as many as names in `header`."""
    columns = {column.name: column for column in schema.columns}
    return {
        name: cell if name not in columns else value_of(cell, columns[name])
        for name, cell in zip(header, cells, strict=True)
    }


def value_of(cell: str, column: Column) -> Any:
    """Return the value that `cell` writes.

    An empty cell is a missing value; in a column of texts only where those may be missing.
    """
    kind = value_kind(column)
    if kind == "text":
        return cell or (None if column.accepts_missing else "")
    return _READERS[kind](cell)


def array_value(value: Any, column: Column) -> Any:
    """Return the value that a number, boolean or text of an array is in `column`.

    NaN is a missing value; where the column is boolean, 0 and 1 are.
    """
    if type(value) is str:
        return value_of(value, column)
    if value != value:  # NaN alone differs from itself
        return None
    return bool(value) if value in (0, 1) and value_kind(column) == "boolean" else value


def _number(cell: str) -> Any:
    text = cell.strip()
    # Python also reads 1_000 and other scripts' digits, which nobody else does.
    if "_" in text or not text.isascii():
        return cell
    try:
        number = float(text) if text else None
    except ValueError:
        return cell
    return number if number is None or isfinite(number) else cell


def _integer(cell: str) -> Any:
    number = _number(cell)
    try:
        # The digits themselves, where a float would round them.
        return number if type(number) is not float else int(cell)
    except ValueError:
        return number


def _boolean(cell: str) -> Any:
    truth = _BOOLEANS.get(cell.strip().lower())
    if truth is not None:
        return truth
    number = _number(cell)
    return bool(number) if number in (0, 1) else None if number is None else cell


_READERS: dict[ValueKind, Callable[[str], Any]] = {
    "number": _number,
    "integer": _integer,
    "boolean": _boolean,
}
