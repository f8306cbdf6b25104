"""SimpleImputer in doubles, and over texts, where skl2onnx has floats only."""

from typing import Any

import numpy as np
from onnx import TensorProto
from sklearn.impute import SimpleImputer

from spyhop.core.blocks import MISSING_TEXT
from spyhop.engines.converters.graph import Inputs, Nodes, NoRule, Rule, columns


def simple_imputer(nodes: Nodes, model: Any, X: Inputs) -> str:
    """Write the imputer: each missing value becomes its column's statistic.

    A column without any value in training has none; scikit-learn drops it unless told to
    keep it (`keep_empty_features`, whose statistic is then 0).
    """
    table = X.texts if X.is_text else X.matrix
    statistics = np.asarray(model.statistics_)
    missing = _missing_text(nodes, model, table) if X.is_text else is_missing(nodes, model, table)
    if not X.is_text:
        statistics = statistics.astype(np.float64)
        if np.isnan(statistics).any():
            raise NoRule("SimpleImputer drops a column that had no value")
    filled = nodes.add("Where", missing, statistics.reshape(1, -1), table)
    if X.is_text and model.add_indicator:
        raise NoRule("SimpleImputer(add_indicator=True) of texts has no rule")
    return with_indicator(nodes, model, filled, missing)


def with_indicator(nodes: Nodes, model: Any, filled: str, missing: str) -> str:
    """Return the filled table, and if asked for after it a 1 where a column has a gap.

    Those are the columns that had gaps in training.
    """
    if not model.add_indicator:
        return filled
    chosen = columns(nodes, missing, model.indicator_.features_)
    numbers = nodes.add("Cast", chosen, to=TensorProto.DOUBLE)
    return nodes.add("Concat", filled, numbers, axis=1)


def is_missing(nodes: Nodes, model: Any, table: str) -> str:
    """Return where a table of numbers has the imputer's missing value."""
    marker = model.missing_values
    if marker is None or (isinstance(marker, float) and np.isnan(marker)) or _is_na(marker):
        return nodes.add("IsNaN", table)
    return nodes.add("Equal", table, float(marker))


def _missing_text(nodes: Nodes, model: Any, table: str) -> str:
    """Return where `table` holds the text that stands for a missing value in a graph."""
    marker = model.missing_values
    if isinstance(marker, str):
        return nodes.add("Equal", table, np.array([marker]))
    return nodes.add("Equal", table, np.array([MISSING_TEXT]))


def _is_na(marker: Any) -> bool:
    return type(marker).__name__ == "NAType"


RULES: dict[type, Rule] = {SimpleImputer: simple_imputer}
