"""Voting and bagging: many models' answers, averaged or counted."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import (
    BaggingClassifier,
    BaggingRegressor,
    VotingClassifier,
    VotingRegressor,
)

from spyhop.engines.converters.forests import TREE_CLASSIFIERS, TREE_REGRESSORS
from spyhop.engines.converters.graph import Inputs, Nodes, NoRule, Rule, Scores, argmax, columns
from spyhop.engines.converters.trees import as_float32, summed_rows, summed_values, tree_of


def average(nodes: Nodes, results: Sequence[str], weights: Sequence[float] | None) -> str:
    """Return the mean of equally shaped results, as numpy's `average` with `weights`."""
    if weights is None:
        return nodes.add("Div", nodes.add("Sum", *results), float(len(results)))
    parts = [nodes.add("Mul", r, float(w)) for r, w in zip(results, weights, strict=True)]
    return nodes.add("Div", nodes.add("Sum", *parts), float(np.sum(weights)))


def voting_classifier(nodes: Nodes, model: Any, X: Inputs) -> Scores:
    """Write VotingClassifier: soft averages probabilities, hard counts weighted votes."""
    found = [nodes.classify(part, X) for part in model.estimators_]
    weights = model._weights_not_none
    if model.voting == "soft":
        probabilities = average(nodes, [_probabilities(scores) for scores in found], weights)
        return Scores(argmax(nodes, probabilities), probabilities)
    one_hot = np.eye(len(model.classes_))
    votes = [nodes.add("Gather", one_hot, scores.winner, axis=0) for scores in found]
    return Scores(argmax(nodes, average(nodes, votes, weights)))


def voting_regressor(nodes: Nodes, model: Any, X: Inputs) -> str:
    """Write VotingRegressor."""
    values = [nodes.regress(part, X) for part in model.estimators_]
    return average(nodes, values, model._weights_not_none)


def bagging_classifier(nodes: Nodes, model: Any, X: Inputs) -> Scores:
    """Write BaggingClassifier; a model may know fewer classes and columns than the whole.

    Trees become one operator.  What has no probabilities votes.
    """
    parts = list(zip(model.estimators_, model.estimators_features_, strict=True))
    n_classes = len(model.classes_)
    if all(type(part) in TREE_CLASSIFIERS for part, _ in parts):
        trees = [tree_of(part, features) for part, features in parts]
        shares = [part.tree_.value[:, 0, :] @ _placed(part, n_classes) for part, _ in parts]
        total = summed_rows(nodes, as_float32(nodes, X.matrix), trees, shares)
        probabilities = nodes.add("Div", total, float(len(parts)))
        return Scores(argmax(nodes, probabilities), probabilities)
    found = [_shares(nodes, part, _bagged(nodes, X, f), n_classes) for part, f in parts]
    probabilities = average(nodes, found, None)
    return Scores(argmax(nodes, probabilities), probabilities)


def bagging_regressor(nodes: Nodes, model: Any, X: Inputs) -> str:
    """Write BaggingRegressor."""
    parts = list(zip(model.estimators_, model.estimators_features_, strict=True))
    if all(type(part) in TREE_REGRESSORS for part, _ in parts):
        trees = [tree_of(part, features) for part, features in parts]
        values = [part.tree_.value[:, 0, 0] for part, _ in parts]
        total = summed_values(nodes, as_float32(nodes, X.matrix), trees, values)
        return nodes.add("Div", total, float(len(parts)))
    values = [nodes.regress(part, _bagged(nodes, X, f)) for part, f in parts]
    return average(nodes, values, None)


def _bagged(nodes: Nodes, X: Inputs, features: NDArray[np.int64]) -> Inputs:
    """Return the columns that one of the models was given."""
    return nodes.inputs(columns(nodes, X.matrix, features), len(features))


def _placed(part: Any, n_classes: int) -> NDArray[np.float64]:
    """Return the matrix that puts a model's own classes where they are among all."""
    return np.eye(n_classes)[np.asarray(part.classes_, dtype=np.int64)]


def _shares(nodes: Nodes, part: Any, X: Inputs, n_classes: int) -> str:
    scores, placed = nodes.classify(part, X), _placed(part, n_classes)
    if not hasattr(part, "predict_proba"):
        return nodes.add("Gather", placed, scores.winner, axis=0)
    if len(part.classes_) == n_classes:
        return _probabilities(scores)
    return nodes.add("MatMul", _probabilities(scores), placed)


def _probabilities(scores: Scores) -> str:
    if scores.probabilities is None:
        raise NoRule("a model inside it has no probabilities in the graph")
    return scores.probabilities


RULES: dict[type, Rule] = {
    BaggingClassifier: bagging_classifier,
    BaggingRegressor: bagging_regressor,
    VotingClassifier: voting_classifier,
    VotingRegressor: voting_regressor,
}
