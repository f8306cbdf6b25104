"""What reads counts of terms: Columns, TfidfTransformer and Normalizer.

skl2onnx takes log(1 + count) for a sublinear count, and divides a row of zeros by zero.
"""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.preprocessing import Normalizer

from spyhop.engines.converters.graph import Inputs, Nodes, Rule

_LENGTHS = {"l1": "ReduceL1", "l2": "ReduceL2", "max": "ReduceMax"}

# sklearn/preprocessing/_data.py, `_handle_zeros_in_scale`: a row this short is left as it is.
_SHORTEST = 10 * float(np.finfo(np.float64).eps)


class Columns(BaseEstimator):  # type: ignore[misc]
    """Stands in a pipeline for a vectoriser: the columns from `first` to before `end`."""

    def __init__(self, first: int, end: int) -> None:
        self.first, self.end = first, end


def counts(nodes: Nodes, model: Columns, X: Inputs) -> str:
    """Write Columns: a whole input of the graph where it is one, else a part."""
    start = 0
    for variable in X.variables:
        width = variable.type.shape[1]
        if width is None:
            break
        if (model.first, model.end) == (start, start + width):
            return Inputs(nodes, [variable]).matrix
        start += width
    first, end, axis = np.array([[model.first], [model.end], [1]])
    return nodes.add("Slice", X.matrix, first, end, axis)


def tfidf(nodes: Nodes, model: Any, X: Inputs) -> str:
    """Write TfidfTransformer: `transform` in sklearn/feature_extraction/text.py."""
    weights = X.matrix
    if model.sublinear_tf:
        grown = nodes.add("Add", nodes.add("Log", weights), 1.0)
        weights = nodes.add("Where", nodes.add("Equal", weights, 0.0), 0.0, grown)
    if hasattr(model, "idf_"):
        weights = nodes.add("Mul", weights, np.asarray(model.idf_, dtype=np.float64))
    return weights if model.norm is None else _of_length_one(nodes, weights, model.norm)


def normalizer(nodes: Nodes, model: Any, X: Inputs) -> str:
    """Write Normalizer."""
    return _of_length_one(nodes, X.matrix, model.norm, shortest=_SHORTEST)


def _of_length_one(nodes: Nodes, table: str, norm: str, shortest: float = 0.0) -> str:
    """Return each row divided by its length; one of zeros, or below `shortest`, stays."""
    sizes = nodes.add("Abs", table) if norm == "max" else table
    length = nodes.add(_LENGTHS[norm], sizes, np.array([1]), keepdims=1)
    is_short = nodes.add("LessOrEqual" if shortest == 0 else "Less", length, shortest)
    return nodes.add("Div", table, nodes.add("Where", is_short, 1.0, length))


RULES: dict[type, Rule] = {Columns: counts, TfidfTransformer: tfidf, Normalizer: normalizer}
