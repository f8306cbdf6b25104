"""Cells of formats that have fewer types than JSON, as the values that JSON would have.

A cell that makes no sense in its column stays as it is, so that it is refused with its row, its
column and the reason, like any other.
"""

from collections.abc import Callable
from typing import Any

from spyhop.core.schema import Column
from spyhop.core.values import ValueKind, value_kind

_BOOLEANS = {"true": True, "false": False}


def text_reader(column: Column) -> Callable[[str], Any]:
    """Return what reads a text as a value of `column`; an empty one is a missing value."""
    return _OF_TEXT[value_kind(column)]


def value_reader(column: Column) -> Callable[[Any], Any]:
    """Return what reads a number, a boolean or a text of an array as a value of `column`.

    NaN is a missing value; where the column is boolean, 0 and 1 are.
    """
    of_text, boolean = text_reader(column), value_kind(column) == "boolean"

    def read(value: Any) -> Any:
        if type(value) is str:
            return of_text(value)
        if value != value:  # NaN alone differs from itself
            return None
        return bool(value) if boolean and value in (0, 1) else value

    return read


def _number(cell: str) -> Any:
    text = cell.strip()
    # Python also reads 1_000 and other scripts' digits, which nobody else does.
    if "_" in text or not text.isascii():
        return cell
    try:
        return float(text) if text else None
    except ValueError:
        return cell


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


def _text(cell: str) -> str | None:
    return cell or None


_OF_TEXT: dict[ValueKind, Callable[[str], Any]] = {
    "number": _number,
    "integer": _integer,
    "boolean": _boolean,
    "text": _text,
}
