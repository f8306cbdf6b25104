"""Nearest neighbours: distances to all training rows, and the answers of the closest."""

from typing import Any

import numpy as np
from onnx import TensorProto
from scipy.sparse import issparse
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from spyhop.engines.converters.graph import Inputs, Nodes, Rule, Scores, argmax, columns


def classifier(nodes: Nodes, model: Any, X: Inputs) -> Scores:
    """Write KNeighborsClassifier: neighbours' labels, weighted and normalised."""
    weights, places = _neighbours(nodes, model, X)
    labels = np.eye(len(model.classes_))[np.asarray(model._y).ravel()]
    votes = _weighted(nodes, weights, nodes.add("Gather", labels, places, axis=0))
    total = nodes.add("ReduceSum", votes, np.array([1]), keepdims=1)
    return Scores(argmax(nodes, votes), nodes.add("Div", votes, total))


def regressor(nodes: Nodes, model: Any, X: Inputs) -> str:
    """Write KNeighborsRegressor: the neighbours' weighted mean."""
    weights, places = _neighbours(nodes, model, X)
    values = np.asarray(model._y, dtype=np.float64).reshape(-1, 1)
    total = _weighted(nodes, weights, nodes.add("Gather", values, places, axis=0))
    return nodes.add("Div", total, nodes.add("ReduceSum", weights, np.array([1]), keepdims=1))


def _weighted(nodes: Nodes, weights: str, answers: str) -> str:
    """Return the sum over neighbours of answers, (n, k, m), times weights, (n, k)."""
    tall = nodes.add("Unsqueeze", weights, np.array([2]))
    return nodes.add("ReduceSum", nodes.add("Mul", answers, tall), np.array([1]), keepdims=0)


def _neighbours(nodes: Nodes, model: Any, X: Inputs) -> tuple[str, str]:
    """Return the weights and the places of the nearest rows, both (n, k)."""
    if model.effective_metric_ != "euclidean" or model.weights not in ("uniform", "distance"):
        raise NotImplementedError("these neighbours have no rule: not euclidean, or own weights")
    if issparse(model._fit_X):
        raise NotImplementedError("these neighbours have no rule: too wide to be kept but sparse")
    k = model.n_neighbors
    nearest, places = nodes.add_many(
        "TopK", 2, _squared_distances(nodes, model, X), np.array([k]), axis=1, largest=0, sorted=1
    )
    if model.weights == "uniform":
        return nodes.add("Add", nodes.add("Mul", nearest, 0.0), 1.0), places
    # Rows that were met before are the only ones to count, as if infinitely near.
    is_same = nodes.add("Equal", nearest, 0.0)
    same = nodes.add("Cast", is_same, to=TensorProto.DOUBLE)
    is_any = nodes.add("Greater", nodes.add("ReduceMax", same, np.array([1]), keepdims=1), 0.5)
    inverse = nodes.add("Div", 1.0, nodes.add("Sqrt", nearest))
    return nodes.add("Where", is_any, same, inverse), places


def _squared_distances(nodes: Nodes, model: Any, X: Inputs) -> str:
    """Return |x - r|² for all training rows r, one column's differences after the other.

    The quicker x² - 2 x·r + r² would not find that a row is exactly one of the training's.
    """
    rows = np.asarray(model._fit_X, dtype=np.float64)
    total = ""
    for i in range(rows.shape[1]):
        apart = nodes.add("Sub", columns(nodes, X.matrix, [i]), rows[:, i].reshape(1, -1))
        square = nodes.add("Mul", apart, apart)
        total = nodes.add("Add", total, square) if total else square
    return total


RULES: dict[type, Rule] = {KNeighborsClassifier: classifier, KNeighborsRegressor: regressor}
