"""A user's feature module on the training side: tables and pipelines that run through it."""

from pathlib import Path
from typing import Any

from msgspec.structs import replace

from spyhop.core.rows import Table, column_array
from spyhop.core.schema import Column
from spyhop.derive import described
from spyhop.errors import ArtifactError
from spyhop.features import Features, load_features
from spyhop.tables import TableView


def apply_features(path: str | Path, X: Any) -> Any:
    """Return the DataFrame that the feature module at `path` makes of the table `X`.

    Fit the pipeline on this, and give `pack` the module and `X` itself: the module then runs on
    every row that is served, exactly as it ran here.

    Raises:
        ConfigError: there is no such module.
        ArtifactError: a column of `X` holds what no row could carry.
    """
    view = TableView(X)
    return feature_frame(load_features(path), view, raw_columns(view))


def raw_columns(view: TableView) -> tuple[Column, ...]:
    """Return the columns of `view`, taking whatever such a column may hold."""
    return tuple(
        replace(described(view, name), accepts_missing=True, accepts_unknown=True)
        for name in view.names
    )


def feature_frame(features: Features, view: TableView, columns: tuple[Column, ...]) -> Any:
    """Return what the feature module makes of `view`, read as `columns`, as a DataFrame."""
    import pandas as pd

    table: Table = {}
    for column in columns:
        array = column_array(view.cells(column.name), column)
        if array is None:
            raise ArtifactError(
                f'column "{column.name}" holds something else here than in the training table, '
                f"where it was of the kind {column.kind}. Make the tables alike."
            )
        table[column.name] = array
    index = view.table.index if view.layout == "frame" else None
    return pd.DataFrame(features(table), index=index)


class FeaturesThenPipeline:
    """The feature module and the fitted pipeline as one, for asking scikit-learn's answers."""

    def __init__(self, features: Features, columns: tuple[Column, ...], pipeline: Any) -> None:
        self._features, self._columns, self._pipeline = features, columns, pipeline

    def predict(self, X: Any) -> Any:
        """Return the pipeline's predictions for the raw table `X`."""
        return self._pipeline.predict(self._made(X))

    def predict_proba(self, X: Any) -> Any:
        """Return the pipeline's probabilities for the raw table `X`."""
        return self._pipeline.predict_proba(self._made(X))

    def _made(self, X: Any) -> Any:
        return feature_frame(self._features, TableView(X), self._columns)
