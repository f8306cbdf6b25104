"""Gradient boosting: every tree's leaf, scaled and added up from where boosting began."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_regressor
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor

from spyhop.engines.converters.graph import (
    Inputs,
    Nodes,
    NoRule,
    Rule,
    Scores,
    argmax,
    both_classes,
    is_at_least,
)
from spyhop.engines.converters.trees import Tree, as_float32, constant_tree, ensemble, tree_of

EPS = float(np.finfo(np.float64).eps)


def boosted(
    nodes: Nodes,
    matrix: str,
    start: NDArray[np.float64],
    trees: list[list[Tree]],
    values: list[list[NDArray[np.float64]]],
) -> str:
    """Return the raw scores, (n, scores): `start` and after it the stages, one tree a score.

    The start is a tree too, of one leaf: it is added first, as in scikit-learn.
    """
    stages = [[constant_tree() for _ in start], *trees]
    weights = [[np.array([value]) for value in start], *values]
    targets = [np.full(len(value), score) for stage in weights for score, value in enumerate(stage)]
    flat_trees = [tree for stage in stages for tree in stage]
    flat_weights = [value for stage in weights for value in stage]
    return ensemble(nodes, matrix, flat_trees, flat_weights, targets, len(start))


def raw_scores(nodes: Nodes, model: Any, X: Inputs) -> str:
    """Return what `_raw_predict` of GradientBoosting* returns, (n, scores)."""
    matrix = as_float32(nodes, X.matrix)
    trees = [[tree_of(tree) for tree in stage] for stage in model.estimators_]
    values = [
        [model.learning_rate * tree.tree_.value[:, 0, 0] for tree in stage]
        for stage in model.estimators_
    ]
    if model.init_ == "zero" or type(model.init_) in (DummyClassifier, DummyRegressor):
        same = np.zeros((1, model.n_features_in_), dtype=np.float32)
        return boosted(nodes, matrix, model._raw_predict_init(same)[0], trees, values)
    start = _start(nodes, model, nodes.inputs(matrix, model.n_features_in_))
    nothing = np.zeros(model.n_trees_per_iteration_)
    return nodes.add("Add", start, boosted(nodes, matrix, nothing, trees, values))


def _start(nodes: Nodes, model: Any, X: Inputs) -> str:
    """Return the raw scores of the model that boosting starts from."""
    if is_regressor(model):
        return nodes.regress(model.init_, X)
    probabilities = nodes.classify(model.init_, X).probabilities
    if probabilities is None:
        raise NoRule("gradient boosting starts from a model without probabilities in the graph")
    logarithm = nodes.add("Log", nodes.add("Clip", probabilities, EPS, 1 - EPS))
    if len(model.classes_) > 2:
        mean = nodes.add("ReduceMean", logarithm, np.array([1]), keepdims=1)
        return nodes.add("Sub", logarithm, mean)
    # The exponential loss has half the log-odds as its score (HalfLogitLink).
    half = 0.5 if model.loss == "exponential" else 1.0
    return nodes.add("MatMul", logarithm, half * np.array([[-1.0], [1.0]]))


def classifier(nodes: Nodes, model: Any, X: Inputs) -> Scores:
    """Write GradientBoostingClassifier; of two classes a score of exactly 0 is the second."""
    scores = raw_scores(nodes, model, X)
    if len(model.classes_) > 2:
        return Scores(argmax(nodes, scores), nodes.add("Softmax", scores, axis=1), scores)
    odds = nodes.add("Mul", scores, 2.0) if model.loss == "exponential" else scores
    probabilities = both_classes(nodes, nodes.add("Sigmoid", odds))
    return Scores(is_at_least(nodes, scores), probabilities, scores)


RULES: dict[type, Rule] = {
    GradientBoostingClassifier: classifier,
    GradientBoostingRegressor: raw_scores,
}
