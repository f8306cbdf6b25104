"""A training table of any shape, seen as the rows and columns that callers will send."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Literal

import numpy as np

from spyhop.core.schema import Layout
from spyhop.errors import ArtifactError

# The values of one column as JSON has them; None is a missing value.
Cells = list[Any]


class TableView:
    """A pandas DataFrame, a two-dimensional array (columns x0, x1, …) or a list of texts.

    `table` is that itself, as the pipeline takes it.
    """

    def __init__(self, X: Any) -> None:
        self.layout, self.table = _layout(X)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The column names, in order."""
        if self.layout == "vector":
            return ("text",)
        if self.layout == "matrix":
            return tuple(f"x{i}" for i in range(self.table.shape[1]))
        names = tuple(self.table.columns)
        if len(set(names)) < len(names) or not all(isinstance(name, str) for name in names):
            raise ArtifactError(
                "the training table's column names are not all text, or not all different. "
                "Rename them before fitting, for example X.columns = X.columns.astype(str)."
            )
        return names

    def __len__(self) -> int:
        return len(self.table)

    def dtype(self, name: str) -> str:
        """Return the dtype of a column, such that an engine can rebuild it."""
        if self.layout == "frame":
            return str(self.table[name].dtype)
        return "object" if self.table.dtype.kind in "US" else str(self.table.dtype)

    def cells(self, name: str) -> Cells:
        """Return the values of a column as JSON has them."""
        column = self._column(name)
        return [None if _is_missing(value) else _plain(value) for value in column.tolist()]

    def missing_as(self, name: str) -> Literal["nan", "None"]:
        """Return how a missing value of this column is written."""
        if self.dtype(name) != "object":
            return "nan"
        return "None" if any(value is None for value in self._column(name).tolist()) else "nan"

    def rows(self, numbers: Sequence[int]) -> list[dict[str, Any]]:
        """Return the rows with these numbers as a caller would send them."""
        part = self.take(numbers)
        columns = [part.cells(name) for name in part.names]
        return [dict(zip(part.names, cells, strict=True)) for cells in zip(*columns, strict=True)]

    def take(self, numbers: Sequence[int]) -> "TableView":
        """Return the part of the table with these rows."""
        if self.layout == "frame":
            return TableView(self.table.iloc[list(numbers)])
        return TableView(self.table[list(numbers)])

    def _column(self, name: str) -> Any:
        if self.layout == "frame":
            return self.table[name]
        return self.table if self.layout == "vector" else self.table[:, self.names.index(name)]


def _layout(X: Any) -> tuple[Layout, Any]:
    if hasattr(X, "columns") and hasattr(X, "iloc"):
        return "frame", X
    if isinstance(X, np.ndarray) and X.ndim == 2:
        return "matrix", X
    texts = X.tolist() if hasattr(X, "tolist") else X
    if isinstance(texts, list) and texts and all(isinstance(value, str) for value in texts):
        return "vector", np.array(texts, dtype=object)
    raise ArtifactError(
        f"got a table of the type {type(X).__name__}, expected a pandas DataFrame, a "
        "two-dimensional numpy array (not a sparse one), or a list of texts."
    )


def _is_missing(value: Any) -> bool:
    # NaN differs from itself; pandas' NA answers neither yes nor no.
    return value is None or type(value).__name__ == "NAType" or value != value


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
