"""What one value of a column may be: its JSON type and its bounds.

`rows.py` asks this of whole columns, `refusals.py` of single cells, so both always agree.
"""

from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any, Literal

from spyhop.core.schema import Column

ValueKind = Literal["number", "integer", "boolean", "text"]

# Beyond this a JSON number no longer says which integer was meant (RFC 7493, section 2.2).
LARGEST_INTEGER = 2**53


def value_kind(column: Column) -> ValueKind:
    """Return what a value of `column` is; a category's values are of its categories' type."""
    if column.kind != "category":
        return column.kind
    first = column.categories[0] if column.categories else ""
    return _KIND_OF_CATEGORY[type(first)]


_KIND_OF_CATEGORY: dict[type, ValueKind] = {
    str: "text",
    bool: "boolean",
    int: "integer",
    float: "number",
}

# By exact type: True is an int to Python, and not a number to the caller.
TYPES_TAKEN: dict[ValueKind, frozenset[type]] = {
    "number": frozenset({float, int}),
    "integer": frozenset({int, float}),
    "boolean": frozenset({bool}),
    "text": frozenset({str}),
}


def _finite(values: Sequence[Any]) -> bool:
    try:
        return all(map(isfinite, values))
    except OverflowError:  # an integer beyond the largest float
        return False


def _whole(values: Sequence[Any]) -> bool:
    return all(-LARGEST_INTEGER <= value <= LARGEST_INTEGER and value % 1 == 0 for value in values)


def _unicode(values: Sequence[Any]) -> bool:
    if all(map(str.isascii, values)):
        return True
    try:
        "".join(values).encode()
    except UnicodeEncodeError:  # a lone surrogate, which no engine could read
        return False
    return True


WITHIN_BOUNDS: dict[ValueKind, Callable[[Sequence[Any]], bool]] = {
    "number": _finite,
    "integer": _whole,
    "boolean": lambda values: True,
    "text": _unicode,
}
