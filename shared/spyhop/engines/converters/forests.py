"""Single trees and forests: every tree's leaf, averaged."""

from typing import Any

import numpy as np
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import (
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    ExtraTreeClassifier,
    ExtraTreeRegressor,
)

from spyhop.engines.converters.graph import Inputs, Nodes, Rule, Scores, argmax
from spyhop.engines.converters.trees import as_float32, summed_rows, summed_values, tree_of

TREE_CLASSIFIERS = (DecisionTreeClassifier, ExtraTreeClassifier)
TREE_REGRESSORS = (DecisionTreeRegressor, ExtraTreeRegressor)


def tree_classifier(nodes: Nodes, model: Any, X: Inputs) -> Scores:
    """Write a tree: the class shares of a leaf, which fit has normalised already."""
    return _mean_of_trees(nodes, [model], X)


def tree_regressor(nodes: Nodes, model: Any, X: Inputs) -> str:
    """Write a regression tree."""
    return _mean_value(nodes, [model], X)


def forest_classifier(nodes: Nodes, model: Any, X: Inputs) -> Scores:
    """Write a forest: it averages its trees' probabilities."""
    return _mean_of_trees(nodes, model.estimators_, X)


def forest_regressor(nodes: Nodes, model: Any, X: Inputs) -> str:
    """Write a regression forest."""
    return _mean_value(nodes, model.estimators_, X)


def _mean_of_trees(nodes: Nodes, models: Any, X: Inputs) -> Scores:
    shares = [model.tree_.value[:, 0, :] for model in models]
    trees = [tree_of(model) for model in models]
    total = summed_rows(nodes, as_float32(nodes, X.matrix), trees, shares)
    probabilities = nodes.add("Div", total, float(len(models)))
    return Scores(argmax(nodes, probabilities), probabilities)


def _mean_value(nodes: Nodes, models: Any, X: Inputs) -> str:
    values = [model.tree_.value[:, 0, 0] for model in models]
    trees = [tree_of(model) for model in models]
    total = summed_values(nodes, as_float32(nodes, X.matrix), trees, values)
    return nodes.add("Div", total, float(np.float64(len(models))))


RULES: dict[type, Rule] = {
    **dict.fromkeys(TREE_CLASSIFIERS, tree_classifier),
    **dict.fromkeys(TREE_REGRESSORS, tree_regressor),
    **dict.fromkeys((RandomForestClassifier, ExtraTreesClassifier), forest_classifier),
    **dict.fromkeys((RandomForestRegressor, ExtraTreesRegressor), forest_regressor),
}
