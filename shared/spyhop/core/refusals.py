"""Why rows were refused, cell by cell: the slow, careful twin of `rows.py`.

It runs only once something is known to be wrong, and names columns, never values.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from spyhop.core.instances import type_name
from spyhop.core.schema import Column, Schema
from spyhop.core.values import (
    LARGEST_INTEGER,
    TYPES_TAKEN,
    WITHIN_BOUNDS,
    integer_bounds,
    value_kind,
)
from spyhop.errors import InvalidRequest, Problem

MOST_PROBLEMS = 100
MOST_NAMES = 20
LONGEST_NAME = 60


def rows_refused(rows: list[Any], schema: Schema) -> InvalidRequest:
    """Return the error that names every refused cell of `rows`, or the first 100."""
    if not rows:
        return refusal([Problem(None, None, "got no row, expected at least one")])
    return refusal(p for i, row in enumerate(rows) for p in _row_problems(i, row, schema))


def refusal(problems: Iterable[Problem]) -> InvalidRequest:
    """Return the error for `problems`; after the first 100 it stops looking."""
    found = list(islice(problems, MOST_PROBLEMS + 1))
    shown = found[:MOST_PROBLEMS]
    more = len(found) > len(shown)
    others = f" (and {len(shown) - 1} more{' at least' if more else ''})" if shown[1:] else ""
    return InvalidRequest(f"{shown[0]}{others}", fault="rows", problems=shown, more=more)


def _row_problems(number: int, row: object, schema: Schema) -> Iterator[Problem]:
    if isinstance(row, dict):
        yield from _name_problems(number, row, schema)
        cells = [(c, row[c.name]) for c in schema.columns if c.name in row]
    elif isinstance(row, list):
        if len(row) != len(schema.columns):
            yield Problem(number, None, _width_fault(len(row), schema))
            return
        cells = list(zip(schema.columns, row, strict=True))
    else:
        expected = "expected an object by column name or a list in column order"
        yield Problem(number, None, f"got {type_name(row)}, {expected}")
        return
    for column, value in cells:
        fault = cell_fault(value, column)
        if fault is not None:
            yield Problem(number, column.name, fault)


def cell_fault(value: object, column: Column) -> str | None:
    """Return why `column` refuses `value`, or None if it takes it."""
    if value is None:
        return None if column.accepts_missing else f"got null, expected {expected_value(column)}"
    kind = value_kind(column)
    if type(value) not in TYPES_TAKEN[kind]:
        return f"got {type_name(value)}, expected {expected_value(column)}"
    if not WITHIN_BOUNDS[kind]([value], column):
        return f"got {_OUT_OF_BOUNDS[kind]}, expected {expected_value(column)}"
    if column.kind == "category" and not column.accepts_unknown and value not in column.known:
        return f"got an unknown category, expected {expected_value(column)}"
    return None


def expected_value(column: Column) -> str:
    """Return in words what `column` takes, e.g. "a number (training saw 0 to 130)"."""
    return _expected_present(column) + (" or null" if column.accepts_missing else "")


def _expected_present(column: Column) -> str:
    kind = value_kind(column)
    words = _integer_in_words(column) if kind == "integer" else _IN_WORDS[kind]
    if column.largest is not None:
        words = f"a number within ±{column.largest:.2g}"
    if column.kind == "category":
        known = _some([str(category) for category in column.categories])
        return f"{words} (training saw {known})" if column.accepts_unknown else f"one of {known}"
    if column.minimum is not None:
        return f"{words} (training saw {column.minimum:g} to {column.maximum:g})"
    return words


def _integer_in_words(column: Column) -> str:
    smallest, largest = integer_bounds(column)
    if largest == LARGEST_INTEGER:
        return "an integer within ±2^53" if smallest else "an integer from 0 to 2^53"
    return f"an integer from {smallest} to {largest}"


_IN_WORDS = {"number": "a finite number", "boolean": "true or false", "text": "text"}

_OUT_OF_BOUNDS = {
    "number": "a number that is not finite or too large",
    "integer": "a number outside that",
    "boolean": "a boolean",
    "text": "text with a lone surrogate, which is not Unicode",
}


def _name_problems(number: int, row: dict[Any, Any], schema: Schema) -> Iterator[Problem]:
    absent = [name for name in schema.names if name not in row]
    for name in row:
        if name not in schema.name_set:
            reason = f"no such column{_suggestion(name, absent)}. Known: {_some(schema.names)}"
            yield Problem(number, _printable(name), reason)
    for column in schema.columns:
        if column.name not in row:
            yield Problem(number, column.name, f"absent, expected {expected_value(column)}")


def _printable(name: object) -> str:
    return str(name)[:LONGEST_NAME].encode("utf-8", "replace").decode()


def _suggestion(name: object, absent: list[str]) -> str:
    import difflib  # only a refused row pays for it

    close = difflib.get_close_matches(str(name)[:LONGEST_NAME], absent, n=1)
    return f' (did you mean "{close[0]}"?)' if close else ""


def _width_fault(width: int, schema: Schema) -> str:
    return f"got {width} values, expected {len(schema.names)}, in this order: {_some(schema.names)}"


def _some(names: Any) -> str:
    shown = ", ".join(list(names)[:MOST_NAMES])
    return shown if len(names) <= MOST_NAMES else f"{shown}, … ({len(names)} in all)"
