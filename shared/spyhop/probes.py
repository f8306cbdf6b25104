"""Rows made to find differences: what ordinary held-out rows never ask.

Missing values and unknown categories wherever they are accepted, both sides of every jump of
the answer that bisection finds, numbers far outside the training range, texts that a careless
tokeniser stumbles over.
"""

from collections.abc import Iterator
from math import inf
from typing import Any

from spyhop.boundaries import Fingerprint, boundary_cells
from spyhop.core.blocks import MISSING_TEXT, UNKNOWN_TEXT
from spyhop.core.rows import parse_rows
from spyhop.core.schema import Column, Schema
from spyhop.core.values import integer_bounds

Row = dict[str, Any]

# Each question is put to so many rows, spread over the table.
ROWS_A_QUESTION = 3

# A wide table puts each question to fewer rows.
MOST_QUESTIONS = 5000

# Rows between whose numbers jumps are sought.
ROWS_SEARCHED = 100

# Within float32, so that every engine can hold them.
EXTREMES = (0.0, -0.0, 1e-30, -1e-30, 1e9, -1e9, 1e30, -1e30)

ODD_TEXTS = (
    "",
    " ",
    "İstanbul ÇAĞ ǅungla Straße ΣΊΣΥΦΟΣ",
    "naïve café № 5 x² 日本語 テスト",
    "a\u0301b\u00adc\u200bd e\u2028f\tg\nh",
    "😀 emoji 👩‍👩‍👧 don't_stop-now 3.14 A1",
)


def probe_rows(rows: list[Row], schema: Schema, fingerprint: Fingerprint) -> list[Row]:
    """Return rows made from `rows`, which are held-out rows as callers send them."""
    spread = [rows[i * len(rows) // ROWS_A_QUESTION] for i in range(ROWS_A_QUESTION)]
    asked = [
        {**row, column.name: value}
        for column in schema.columns
        for value in _questions(column)
        for row in spread
    ]
    fewer = asked[:: 1 + len(asked) // MOST_QUESTIONS]
    return fewer + _boundary_rows(rows, schema, fingerprint)


def _questions(column: Column) -> Iterator[Any]:
    if column.accepts_missing:
        yield None
    if column.kind == "category" and column.accepts_unknown:
        yield from (UNKNOWN_TEXT, MISSING_TEXT, "")
    if column.kind == "text":
        yield from ODD_TEXTS
    if column.kind == "number":
        largest = column.largest or inf
        yield from (number for number in EXTREMES if abs(number) <= largest)
    if column.kind == "integer":
        smallest, largest = integer_bounds(column)
        yield from {number for number in (0, -1, smallest, largest) if number >= smallest}


def _boundary_rows(rows: list[Row], schema: Schema, fingerprint: Fingerprint) -> list[Row]:
    step = max(1, len(rows) // ROWS_SEARCHED)
    searched = rows[::step]
    cells = boundary_cells(parse_rows(searched, schema), schema, fingerprint)
    return [{**searched[row], name: value} for row, name, value in cells]
