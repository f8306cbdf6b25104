"""The schema of a fitted pipeline, from its training table and from trying it.

Kinds, categories and ranges are read off the table.  Whether a column accepts a missing
value or an unknown category is not guessed from class names: the pipeline is asked, with
rows of its own training table in which that one value is changed.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from msgspec.structs import replace

from spyhop.core.answers import AnswerSpec, predictions
from spyhop.core.blocks import UNKNOWN_TEXT
from spyhop.core.rows import parse_rows
from spyhop.core.schema import Category, Column, Kind, Schema
from spyhop.core.values import LARGEST_INTEGER, NARROW_FLOATS, integer_bounds
from spyhop.engines.fitted import text_columns
from spyhop.engines.frames import pipeline_input
from spyhop.engines.sklearn import pipeline_outputs
from spyhop.errors import ArtifactError
from spyhop.tables import Cells, TableView

# Rows tried in turn for each question to the pipeline.
PROBE_ROWS = 3

# Beyond float32, within float64.
HUGE = 1e300

# A whole number with more values than this is a quantity and not a code, whatever it refuses.
MOST_CODES = 1000


def derive_schema(pipeline: Any, train: TableView, answers: AnswerSpec) -> Schema:
    """Return the schema of the rows that `pipeline` takes.

    Raises:
        ArtifactError: a column holds something no row can carry (dates, mixed types …), or
            the pipeline does not take its own training table.
    """
    names = train.names
    texts = set(names) if train.layout == "vector" else text_columns(pipeline, names)
    columns = tuple(described(train, name, is_text=name in texts) for name in names)
    prober = _Prober(pipeline, Schema(train.layout, columns), train, answers)
    with unmoved_by_overflow():
        return Schema(train.layout, tuple(prober.asked(column) for column in columns))


@contextmanager
def unmoved_by_overflow() -> Iterator[None]:
    """Keep quiet about numbers that are too large: here they are sent on purpose."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


def described(train: TableView, name: str, *, is_text: bool = False) -> Column:
    """Return the column `name` as the table shows it, before the pipeline is asked."""
    values, dtype = train.cells(name), train.dtype(name)
    present = [value for value in values if value is not None]
    if not present:
        raise ArtifactError(
            f'column "{name}" of the training table holds no value at all. Drop it before fitting.'
        )
    kind = _kind(name, present, is_text)
    column = Column(name, kind, dtype, missing_as=train.missing_as(name))
    if kind in ("number", "integer"):
        column = replace(column, minimum=float(min(present)), maximum=float(max(present)))
    seen = set(present) if kind != "text" else set()
    if kind == "category" or _may_be_codes(seen):
        column = replace(column, categories=tuple(sorted(seen)))
    return column


def _may_be_codes(seen: set[Any]) -> bool:
    return len(seen) <= MOST_CODES and all(
        isinstance(value, bool) or (not isinstance(value, str) and value % 1 == 0) for value in seen
    )


def _kind(name: str, present: Cells, is_text: bool) -> Kind:
    types = set(map(type, present))
    if types <= {str}:
        return "text" if is_text else "category"
    if types == {bool}:
        return "boolean"
    if types == {int} and all(abs(value) <= LARGEST_INTEGER for value in present):
        return "integer"
    if types <= {int, float} and np.isfinite(np.array(present, dtype=np.float64)).all():
        return "number"
    held = ", ".join(sorted(t.__name__ for t in types))
    raise ArtifactError(
        f'column "{name}" of the training table holds {held} (or numbers that no row can carry: '
        "infinite, or integers beyond 2^53). Expected numbers, booleans or text, one kind a "
        "column; turn it into one of these before fitting."
    )


def _unseen(column: Column) -> Category | None:
    """Return a value that training did not see and the column can hold, if it may hold codes."""
    if not column.categories:
        return None
    if column.kind == "boolean":
        return next((value for value in (True, False) if value not in column.known), None)
    smallest, largest = integer_bounds(column)
    low, high = int(min(column.categories)), int(max(column.categories))
    inside = (code for code in range(low, high) if code not in column.known)
    outside = (code for code in (high + 1, low - 1) if smallest <= code <= largest)
    return next(inside, next(outside, None))


class _Prober:
    """Asks the pipeline what it accepts, one changed value at a time."""

    def __init__(
        self, pipeline: Any, schema: Schema, train: TableView, answers: AnswerSpec
    ) -> None:
        self._pipeline = pipeline
        self._answers = answers
        lenient = tuple(
            replace(column, accepts_missing=True, accepts_unknown=True) for column in schema.columns
        )
        self._schema = replace(schema, columns=lenient)
        self._rows = train.rows(np.linspace(0, len(train) - 1, PROBE_ROWS).astype(int).tolist())
        try:
            self._answer(self._rows)
        except Exception as error:  # a pipeline raises what its steps raise
            raise ArtifactError(
                f"the pipeline does not take a row of its own training table: {error}. Expected "
                "train to be the table, columns and order, that it was fitted on."
            ) from error

    def asked(self, column: Column) -> Column:
        """Return `column` with what the pipeline was found to accept in it."""
        column = replace(column, accepts_missing=self._accepts(column.name, None))
        if column.kind == "category":
            return replace(column, accepts_unknown=self._accepts(column.name, UNKNOWN_TEXT))
        if column.kind == "number":
            column = replace(column, largest=self._largest(column))
        unseen = _unseen(column)
        if unseen is None or self._accepts(column.name, unseen):
            return replace(column, categories=())
        # Numbers of which it takes only those it has seen are codes: a category.
        return replace(column, kind="category", minimum=None, maximum=None)

    def _largest(self, column: Column) -> float | None:
        """Return the magnitude that a number must not exceed, None if any is computed with."""
        if column.dtype.lower() in NARROW_FLOATS:
            return float(np.finfo(column.dtype.lower()).max)
        # scikit-learn's trees refuse what float32 cannot hold, and a graph would not.
        return None if self._accepts(column.name, HUGE) else float(np.finfo(np.float32).max)

    def _accepts(self, name: str, value: Category | None) -> bool:
        try:
            self._answer([{**row, name: value} for row in self._rows])
        except Exception:  # whatever its steps raise means that it does not take the value
            return False
        return True

    def _answer(self, rows: list[dict[str, Any]]) -> None:
        table = parse_rows(rows, self._schema)
        X = pipeline_input(table, self._schema)
        predictions(pipeline_outputs(self._pipeline, X, self._answers), self._answers)
