"""Why rows were refused, cell by cell: the slow, careful twin of `rows.py`.

It runs only once something is known to be wrong, and names columns, never values.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

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
        return refusal([Problem(None, None, "got no row, expected at least one", "no_rows")])
    return refusal(p for i, row in enumerate(rows) for p in _row_problems(i, row, schema))


def problems_by_row(rows: list[Any], schema: Schema) -> dict[int, list[Problem]]:
    """Return what is wrong with each row of `rows` that is refused, by its number."""
    found = {}
    for number, row in enumerate(rows):
        problems = list(islice(_row_problems(number, row, schema), MOST_PROBLEMS))
        if problems:
            found[number] = problems
    return found


def errors_in_place(problems: Iterable[Problem]) -> dict[str, Any]:
    """Return what stands in the place of a bad row's answer."""
    return {"error": [problem._asdict() for problem in problems]}


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
            yield Problem(number, None, _width_fault(len(row), schema), "wrong_width")
            return
        cells = list(zip(schema.columns, row, strict=True))
    else:
        expected = "expected an object by column name or a list in column order"
        yield Problem(number, None, f"got {type_name(row)}, {expected}", "not_a_row")
        return
    for column, value in cells:
        fault = cell_fault(value, column)
        if fault is not None:
            yield Problem(number, column.name, fault.reason, fault.code)


class CellFault(NamedTuple):
    """Why a cell is refused, as a `Problem` says it."""

    code: str
    reason: str


def cell_fault(value: object, column: Column) -> CellFault | None:
    """Return why `column` refuses `value`, or None if it takes it."""
    if value is None:
        return None if column.accepts_missing else _fault("missing_value", "null", column)
    kind = value_kind(column)
    if type(value) not in TYPES_TAKEN[kind]:
        return _fault("wrong_type", type_name(value), column)
    if not WITHIN_BOUNDS[kind]([value], column):
        return _fault("out_of_range", _OUT_OF_BOUNDS[kind], column)
    if column.kind == "category" and not column.accepts_unknown and value not in column.known:
        return _fault("unknown_category", "an unknown category", column)
    return None


def _fault(code: str, got: str, column: Column) -> CellFault:
    return CellFault(code, f"got {got}, expected {expected_value(column)}")


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
            reason = f"no such column{suggestion(name, absent)}. Known: {_some(schema.names)}"
            yield Problem(number, printable(name), reason, "unknown_column")
    for column in schema.columns:
        if column.name not in row:
            reason = f"absent, expected {expected_value(column)}"
            yield Problem(number, column.name, reason, "absent_column")


def printable(name: object) -> str:
    """Return a name that a caller sent as it may stand in a reply."""
    return str(name)[:LONGEST_NAME].encode("utf-8", "replace").decode()


def suggestion(name: object, absent: Iterable[str]) -> str:
    """Return " (did you mean …?)" if `name` is nearly one of `absent`, else nothing."""
    import difflib  # only a refused row pays for it

    close = difflib.get_close_matches(str(name)[:LONGEST_NAME], absent, n=1)
    return f' (did you mean "{close[0]}"?)' if close else ""


def _width_fault(width: int, schema: Schema) -> str:
    return f"got {width} values, expected {len(schema.names)}, in this order: {_some(schema.names)}"


def _some(names: Any) -> str:
    shown = ", ".join(list(names)[:MOST_NAMES])
    return shown if len(names) <= MOST_NAMES else f"{shown}, … ({len(names)} in all)"
