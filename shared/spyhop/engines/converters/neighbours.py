"""Nearest neighbours: distances to all training rows, and the answers of the closest."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto
from scipy.sparse import issparse
from sklearn.neighbors import KDTree, KNeighborsClassifier, KNeighborsRegressor

from spyhop.engines.converters.graph import Inputs, Nodes, NoRule, Rule, Scores, argmax, columns
from spyhop.engines.converters.kernels import expanded_distances
from spyhop.engines.converters.visits import visiting_ranks


class Stored(NamedTuple):
    """The training rows, in the order of the tree's leaves if there is a tree.

    `order` gives their places in the training table.  Without a tree distances come from a
    matrix product.
    """

    rows: NDArray[np.float64]
    order: NDArray[np.int64]
    tree: Any


def stored(model: Any) -> Stored:
    """Return the rows of a fitted model of neighbours."""
    if model.effective_metric_ != "euclidean":
        raise NoRule(f"neighbours by {model.effective_metric_} have no rule")
    if issparse(model._fit_X):
        raise NoRule("neighbours too wide to be kept but sparse have no rule")
    rows = np.asarray(model._fit_X, dtype=np.float64)
    if model._tree is None:
        return Stored(rows, np.arange(len(rows)), None)
    order = np.asarray(model._tree.get_arrays()[1], dtype=np.int64)
    return Stored(rows[order], order, model._tree)


def classifier(nodes: Nodes, model: Any, X: Inputs) -> Scores:
    """Write KNeighborsClassifier: neighbours' labels, weighted and normalised."""
    kept = stored(model)
    weights, places = _neighbours(nodes, model, X, kept)
    labels = np.eye(len(model.classes_))[np.asarray(model._y).ravel()[kept.order]]
    votes = _weighted(nodes, weights, nodes.add("Gather", labels, places, axis=0))
    total = nodes.add("ReduceSum", votes, np.array([1]), keepdims=1)
    return Scores(argmax(nodes, votes), nodes.add("Div", votes, total))


def regressor(nodes: Nodes, model: Any, X: Inputs) -> str:
    """Write KNeighborsRegressor: the neighbours' weighted mean."""
    kept = stored(model)
    weights, places = _neighbours(nodes, model, X, kept)
    values = np.asarray(model._y, dtype=np.float64).reshape(-1, 1)[kept.order]
    total = _weighted(nodes, weights, nodes.add("Gather", values, places, axis=0))
    return nodes.add("Div", total, nodes.add("ReduceSum", weights, np.array([1]), keepdims=1))


def _weighted(nodes: Nodes, weights: str, answers: str) -> str:
    """Return the sum over neighbours of answers, (n, k, m), times weights, (n, k)."""
    tall = nodes.add("Unsqueeze", weights, np.array([2]))
    return nodes.add("ReduceSum", nodes.add("Mul", answers, tall), np.array([1]), keepdims=0)


def _neighbours(nodes: Nodes, model: Any, X: Inputs, kept: Stored) -> tuple[str, str]:
    """Return the weights and the places among `kept` of the nearest rows, both (n, k)."""
    squared, places = nearest(nodes, X.matrix, kept, model.n_neighbors)
    if model.weights == "uniform":
        return nodes.add("Add", nodes.add("Mul", squared, 0.0), 1.0), places
    if kept.tree is None:
        exact = exact_distances(nodes, X.matrix, kept.rows)
        squared = nodes.add("GatherElements", exact, places, axis=1)
    return weights_of(nodes, model, squared), places


def nearest(nodes: Nodes, matrix: str, kept: Stored, k: int) -> tuple[str, str]:
    """Return the squared distances of the k nearest rows, and their places among `kept`.

    Of rows as near as the last, those count which scikit-learn meets first.
    """
    squared = ranking_distances(nodes, matrix, kept)
    found, places = _smallest(nodes, squared, k)
    is_kd = isinstance(kept.tree, KDTree)
    ranks = visiting_ranks(nodes, matrix, kept.tree) if is_kd else None
    if ranks is None:
        return found, places
    last = columns(nodes, found, [k - 1])
    tied = nodes.add("Where", nodes.add("Equal", squared, last), ranks, float(len(kept.rows) ** 2))
    turn = nodes.add("Where", nodes.add("Less", squared, last), -1.0, tied)
    places = _smallest(nodes, turn, k)[1]
    return nodes.add("GatherElements", squared, places, axis=1), places


def _smallest(nodes: Nodes, numbers: str, k: int) -> tuple[str, str]:
    found, places = nodes.add_many("TopK", 2, numbers, np.array([k]), axis=1, largest=0, sorted=1)
    return found, places


def weights_of(nodes: Nodes, model: Any, squared: str) -> str:
    """Return one over the distance; rows met before count alone, as if infinitely near."""
    if model.weights != "distance":
        raise NoRule("neighbours with weights of your own have no rule")
    same = nodes.add("Cast", nodes.add("Equal", squared, 0.0), to=TensorProto.DOUBLE)
    is_any = nodes.add("Greater", nodes.add("ReduceMax", same, np.array([1]), keepdims=1), 0.5)
    return nodes.add("Where", is_any, same, nodes.add("Div", 1.0, nodes.add("Sqrt", squared)))


def ranking_distances(nodes: Nodes, matrix: str, kept: Stored) -> str:
    """Return |x - r|² for all stored rows r, rounded as where scikit-learn compares them."""
    write = expanded_distances if kept.tree is None else exact_distances
    return write(nodes, matrix, kept.rows)


def exact_distances(nodes: Nodes, matrix: str, rows: NDArray[np.float64]) -> str:
    """Return |x - r|² for all rows r, one column's differences after the other.

    The quicker x² - 2 x·r + r² would not find that a row is exactly one of the training's.
    """
    total = ""
    for i in range(rows.shape[1]):
        apart = nodes.add("Sub", columns(nodes, matrix, [i]), rows[:, i].reshape(1, -1))
        square = nodes.add("Mul", apart, apart)
        total = nodes.add("Add", total, square) if total else square
    return total


RULES: dict[type, Rule] = {KNeighborsClassifier: classifier, KNeighborsRegressor: regressor}
