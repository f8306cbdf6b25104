"""Rows on both sides of the places where a pipeline's answer jumps.

A tree decides at thresholds, a binned column at edges, and a graph that rounds otherwise
decides otherwise there and nowhere else: ordinary test rows never show it.  Where the
thresholds are, seen through scalers and whatever else stands before, is not read off the
pipeline but found: between two rows that differ in one number and are answered differently,
bisection ends at two neighbouring numbers where the answer changes.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spyhop.core.rows import Table
from spyhop.core.schema import Column, Schema

# Returns one row of numbers a row, equal where the answers are equal.
Fingerprint = Callable[[Table], NDArray[Any]]

SEARCHES_A_COLUMN = 3

# Wide tables: searching a few hundred of their columns is proof enough.
MOST_COLUMNS = 200

# float64 has 2^64 patterns, so that many halvings reach two neighbours.
HALVINGS = 64


def boundary_cells(
    table: Table, schema: Schema, fingerprint: Fingerprint
) -> list[tuple[int, str, float]]:
    """Return (row of `table`, column, number) for both sides of every jump that was found.

    Each says: that row, with that number in that column.  All searches advance together, so
    the pipeline is asked at most 64 times.
    """
    starts = _starts(table, _searched(schema))
    if not starts:
        return []
    rows = np.array([row for row, _, _ in starts])
    names = [name for _, name, _ in starts]
    low = np.array([table[name][row] for row, name, _ in starts], dtype=np.float64)
    high = np.array([table[name][other] for _, name, other in starts], dtype=np.float64)
    low, high = _bisected(
        low, high, lambda values: fingerprint(_changed(table, rows, names, values))
    )
    return [
        (int(row), name, float(value))
        for row, name, *sides in zip(rows, names, low, high, strict=True)
        for value in sides
    ]


def _searched(schema: Schema) -> list[Column]:
    numbers = [column for column in schema.columns if column.kind == "number"]
    step = max(1, len(numbers) // MOST_COLUMNS)
    return numbers[::step]


def _starts(table: Table, columns: list[Column]) -> list[tuple[int, str, int]]:
    """Return (row, column, other row) such that both have a number there, and not the same."""
    found = []
    for column in columns:
        values = table[column.name]
        order = np.argsort(values)
        order = order[~np.isnan(values[order])]
        for i in range(SEARCHES_A_COLUMN):
            row = order[i * (len(order) - 1) // SEARCHES_A_COLUMN] if len(order) else 0
            other = order[-1 - i] if len(order) > i else row
            if values[row] < values[other]:
                found.append((int(row), column.name, int(other)))
    return found


def _changed(
    table: Table, rows: NDArray[np.intp], names: list[str], values: NDArray[np.float64]
) -> Table:
    """Return the rows `rows` of `table`, each with one value changed."""
    changed = {name: column[rows] for name, column in table.items()}
    for i, (name, value) in enumerate(zip(names, values, strict=True)):
        changed[name][i] = value
    return changed


def _bisected(
    low: NDArray[np.float64], high: NDArray[np.float64], fingerprint: Callable[..., NDArray[Any]]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return for each pair two neighbouring numbers with different answers between them."""
    at_low = fingerprint(low)
    first, last = _ordinal(low), _ordinal(high)
    for _ in range(HALVINGS):
        # Halve before adding: the sum of two ordinals may not fit.
        middle = first // 2 + last // 2 + (first % 2 + last % 2) // 2
        same = (fingerprint(_number(middle)) == at_low).all(axis=1)
        apart = first < last - 1  # their difference may not fit
        first = np.where(apart & same, middle, first)
        last = np.where(apart & ~same, middle, last)
        if not apart.any():
            break
    return _number(first), _number(last)


def _ordinal(numbers: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return integers in the order of `numbers`; neighbouring floats are neighbours."""
    bits = numbers.view(np.int64)
    return np.where(bits < 0, np.int64(-(2**63)) - bits, bits)


def _number(ordinals: NDArray[np.int64]) -> NDArray[np.float64]:
    bits = np.where(ordinals < 0, np.int64(-(2**63)) - ordinals, ordinals)
    return bits.astype(np.int64).view(np.float64)
