"""Gradient boosting: every tree's leaf, scaled and added up from where boosting began."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
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
    if model.init_ != "zero" and type(model.init_) not in (DummyClassifier, DummyRegressor):
        raise NoRule("gradient boosting that starts from a model has no rule")
    start = model._raw_predict_init(np.zeros((1, model.n_features_in_), dtype=np.float32))[0]
    trees = [[tree_of(tree) for tree in stage] for stage in model.estimators_]
    values = [
        [model.learning_rate * tree.tree_.value[:, 0, 0] for tree in stage]
        for stage in model.estimators_
    ]
    return boosted(nodes, as_float32(nodes, X.matrix), start, trees, values)


def classifier(nodes: Nodes, model: Any, X: Inputs) -> Scores:
    """Write GradientBoostingClassifier; of two classes a score of exactly 0 is the second."""
    scores = raw_scores(nodes, model, X)
    if len(model.classes_) > 2:
        return Scores(argmax(nodes, scores), nodes.add("Softmax", scores, axis=1), scores)
    # The exponential loss has half the log-odds as its score (HalfLogitLink).
    odds = nodes.add("Mul", scores, 2.0) if model.loss == "exponential" else scores
    probabilities = both_classes(nodes, nodes.add("Sigmoid", odds))
    return Scores(is_at_least(nodes, scores), probabilities, scores)


RULES: dict[type, Rule] = {
    GradientBoostingClassifier: classifier,
    GradientBoostingRegressor: raw_scores,
}
