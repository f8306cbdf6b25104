"""What one value of a column may be: its JSON type and its bounds.

`rows.py` asks this of whole columns, `refusals.py` of single cells, so both always agree.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import isfinite
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from spyhop.core.schema import Column

ValueKind = Literal["number", "integer", "boolean", "text"]

# Beyond this a JSON number no longer says which integer was meant (RFC 7493, section 2.2).
LARGEST_INTEGER = 2**53

# What training held in fewer bits than JSON's numbers have; a row's number is rounded so too.
NARROW_FLOATS = ("float16", "float32")


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


def integer_bounds(column: Column) -> tuple[int, int]:
    """Return the smallest and the largest integer that `column` can hold as training did."""
    return _bounds_of(column.dtype.lower())  # pandas writes nullable integers with a capital


@lru_cache
def _bounds_of(dtype: str) -> tuple[int, int]:
    if not dtype.startswith(("int", "uint")):
        return -LARGEST_INTEGER, LARGEST_INTEGER
    held = np.iinfo(dtype)
    return max(int(held.min), -LARGEST_INTEGER), min(int(held.max), LARGEST_INTEGER)


_LARGEST_FLOAT = float(np.finfo(np.float64).max)


def are_finite(numbers: NDArray[np.float64], missing: int, column: Column) -> bool:
    """Return what `WITHIN_BOUNDS` says of numbers, `missing` of which are NaN for being absent."""
    largest = _LARGEST_FLOAT if column.largest is None else column.largest
    within = np.count_nonzero(np.abs(numbers) <= largest)  # NaN and the infinities are not
    return bool(within == numbers.size - missing)


def _is_finite(values: Sequence[Any], column: Column) -> bool:
    try:
        if not all(map(isfinite, values)):
            return False
        largest = column.largest
        return largest is None or not values or -largest <= min(values) <= max(values) <= largest
    except OverflowError:  # an integer beyond the largest float
        return False


def _is_whole(values: Sequence[Any], column: Column) -> bool:
    if not all(value % 1 == 0 for value in values):  # nor are NaN and the infinities whole
        return False
    smallest, largest = integer_bounds(column)
    return not values or smallest <= min(values) <= max(values) <= largest


def _is_unicode(values: Sequence[Any], column: Column) -> bool:
    whole = "".join(values)
    if whole.isascii():
        return True
    try:
        whole.encode()
    except UnicodeEncodeError:  # a lone surrogate, which no engine could read
        return False
    return True


WITHIN_BOUNDS: dict[ValueKind, Callable[[Sequence[Any], Column], bool]] = {
    "number": _is_finite,
    "integer": _is_whole,
    "boolean": lambda values, column: True,
    "text": _is_unicode,
}
