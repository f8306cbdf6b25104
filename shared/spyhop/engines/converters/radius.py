"""Neighbours within a radius: the answers of all training rows that are near enough."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto
from sklearn.neighbors import RadiusNeighborsClassifier, RadiusNeighborsRegressor

from spyhop.engines.converters.graph import Inputs, Nodes, NoRule, Rule, Scores, argmax
from spyhop.engines.converters.neighbours import (
    Stored,
    exact_distances,
    ranking_distances,
    stored,
)

# So far from every training row that it has no neighbour, and its square is a number still.
FAR = 1e100


def classifier(nodes: Nodes, model: Any, X: Inputs) -> Scores:
    """Write RadiusNeighborsClassifier; what it says of a row without neighbours is asked."""
    kept = stored(model)
    labels = np.eye(len(model.classes_))[np.asarray(model._y).ravel()[kept.order]]
    weights = _weights(nodes, model, X, kept)
    votes, total, is_alone = _sums(nodes, weights, labels)
    shares = nodes.add("Div", votes, total)
    outlier = np.full((1, model.n_features_in_), FAR)
    if model.outlier_label_ is None:  # scikit-learn raises; not a number is refused as well
        return Scores(argmax(nodes, votes), shares)
    probabilities = nodes.add("Where", is_alone, model.predict_proba(outlier), shares)
    label = np.flatnonzero(model.classes_ == model.predict(outlier)[0])
    if not len(label):
        raise NoRule("an outlier label that is no class has no rule")
    flag = nodes.add("Reshape", is_alone, np.array([-1]))
    return Scores(nodes.add("Where", flag, label, argmax(nodes, votes)), probabilities)


def regressor(nodes: Nodes, model: Any, X: Inputs) -> str:
    """Write RadiusNeighborsRegressor; without neighbours there is no number."""
    kept = stored(model)
    values = np.asarray(model._y, dtype=np.float64).reshape(-1, 1)[kept.order]
    total, weight, _ = _sums(nodes, _weights(nodes, model, X, kept), values)
    return nodes.add("Div", total, weight)


def _weights(nodes: Nodes, model: Any, X: Inputs, kept: Stored) -> str:
    """Return each stored row's weight, 0 beyond the radius; (n, rows)."""
    squared = ranking_distances(nodes, X.matrix, kept)
    is_near = nodes.add("LessOrEqual", squared, float(model.radius) ** 2)
    near = nodes.add("Cast", is_near, to=TensorProto.DOUBLE)
    if model.weights == "uniform":
        return near
    if model.weights != "distance":
        raise NoRule("neighbours with weights of your own have no rule")
    exact = squared if kept.tree else exact_distances(nodes, X.matrix, kept.rows)
    same = nodes.add("Cast", nodes.add("Equal", exact, 0.0), to=TensorProto.DOUBLE)
    is_any = nodes.add("Greater", nodes.add("ReduceMax", same, np.array([1]), keepdims=1), 0.5)
    inverse = nodes.add("Where", is_near, nodes.add("Div", 1.0, nodes.add("Sqrt", exact)), 0.0)
    return nodes.add("Where", is_any, same, inverse)


def _sums(nodes: Nodes, weights: str, answers: NDArray[np.float64]) -> tuple[str, str, str]:
    """Return the weighted answers, the weights, and whether there are none, for each row."""
    total = nodes.add("ReduceSum", weights, np.array([1]), keepdims=1)
    return nodes.add("MatMul", weights, answers), total, nodes.add("Equal", total, 0.0)


RULES: dict[type, Rule] = {
    RadiusNeighborsClassifier: classifier,
    RadiusNeighborsRegressor: regressor,
}
