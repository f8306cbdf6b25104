"""TfidfTransformer: counts weighed by how rare their terms are, where skl2onnx's differs.

skl2onnx takes log(1 + count) for a sublinear count, and divides a row of zeros by zero.
"""

from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfTransformer

from spyhop.engines.converters.graph import Inputs, Nodes, Rule

_LENGTHS = {"l1": "ReduceL1", "l2": "ReduceL2"}


def tfidf(nodes: Nodes, model: Any, X: Inputs) -> str:
    """Write TfidfTransformer: `transform` in sklearn/feature_extraction/text.py."""
    weights = X.matrix
    if model.sublinear_tf:
        grown = nodes.add("Add", nodes.add("Log", weights), 1.0)
        weights = nodes.add("Where", nodes.add("Equal", weights, 0.0), 0.0, grown)
    if hasattr(model, "idf_"):
        weights = nodes.add("Mul", weights, np.asarray(model.idf_, dtype=np.float64))
    return weights if model.norm is None else _of_length_one(nodes, weights, model.norm)


def _of_length_one(nodes: Nodes, table: str, norm: str) -> str:
    """Return each row divided by its length; one of zeros stays."""
    length = nodes.add(_LENGTHS[norm], table, np.array([1]), keepdims=1)
    is_zero = nodes.add("Equal", length, 0.0)
    return nodes.add("Div", table, nodes.add("Where", is_zero, 1.0, length))


RULES: dict[type, Rule] = {TfidfTransformer: tfidf}
