"""CSV's cells as the values that a row may hold: a file has texts only, the schema knows more."""

import re
from collections.abc import Callable, Sequence

from spyhop.core.schema import Column, Schema
from spyhop.core.values import ValueKind, value_kind

Value = str | int | float | bool | None

# As JSON writes numbers, and a few ways more that tables have: +1, 01, .5, 1.
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_BOOLEANS = {"true": True, "false": False}


def row_of(header: Sequence[str], cells: Sequence[str], schema: Schema) -> dict[str, Value]:
    """Return the row in `cells`, of which there are as many as names in `header`.

    What is no value of its column stays text, for `rows.py` to refuse.
    """
    columns = {column.name: column for column in schema.columns}
    return {
        name: cell if name not in columns else value_of(cell, columns[name])
        for name, cell in zip(header, cells, strict=True)
    }


def value_of(cell: str, column: Column) -> Value:
    """Return the value that `cell` writes; an empty cell is a missing value where those may be."""
    kind = value_kind(column)
    if cell == "" and (column.accepts_missing or kind != "text"):
        return None
    return _READERS[kind](cell)


def _number(cell: str) -> Value:
    return float(cell) if _NUMBER.fullmatch(cell.strip()) else cell


def _integer(cell: str) -> Value:
    text = cell.strip()
    if text.removeprefix("-").isdecimal() and text.isascii() and len(text) < 20:
        return int(text)
    return _number(cell)


def _boolean(cell: str) -> Value:
    return _BOOLEANS.get(cell.strip().lower(), cell)


_READERS: dict[ValueKind, Callable[[str], Value]] = {
    "number": _number,
    "integer": _integer,
    "boolean": _boolean,
    "text": str,
}
