"""Models that hold one other model: searches, frozen models, chains of one, moved thresholds."""

from typing import Any

import numpy as np
from sklearn.base import is_regressor
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    RandomizedSearchCV,
    TunedThresholdClassifierCV,
)
from sklearn.multioutput import RegressorChain
from sklearn.semi_supervised import SelfTrainingClassifier

from spyhop.engines.converters.graph import (
    Inputs,
    Nodes,
    NoRule,
    Rule,
    Scores,
    columns,
    is_at_least,
)


def best_found(nodes: Nodes, model: Any, X: Inputs) -> Any:
    """Write the best model of a search."""
    return _inner(nodes, model.best_estimator_, X)


def frozen(nodes: Nodes, model: Any, X: Inputs) -> Any:
    """Write what FrozenEstimator keeps from being fitted again."""
    return _inner(nodes, model.estimator, X)


def self_trained(nodes: Nodes, model: Any, X: Inputs) -> Scores:
    """Write what SelfTrainingClassifier fitted last."""
    return nodes.classify(model.estimator_, X)


def chain_of_one(nodes: Nodes, model: Any, X: Inputs) -> str:
    """Write RegressorChain for one target, which then is its only model."""
    if len(model.estimators_) != 1:
        raise NoRule("RegressorChain of several targets has no rule")
    return nodes.regress(model.estimators_[0], X)


def _inner(nodes: Nodes, model: Any, X: Inputs) -> Any:
    return nodes.regress(model, X) if is_regressor(model) else nodes.classify(model, X)


def moved_threshold(nodes: Nodes, model: Any, X: Inputs) -> Scores:
    """Write a classifier whose label depends on a threshold other than the usual one."""
    part = getattr(model, "estimator_", model.estimator)
    scores, positive = nodes.classify(part, X), _positive(model)
    by_probability = model.response_method != "decision_function" and hasattr(part, "predict_proba")
    score = scores.probabilities if by_probability else scores.decision
    if score is None:
        raise NoRule(f"{type(part).__name__} has no such scores in the graph")
    if by_probability:
        score = columns(nodes, score, [positive])
    elif positive == 0:
        score = nodes.add("Neg", score)
    winner = is_at_least(nodes, score, _threshold(model, by_probability))
    if positive == 0:
        winner = nodes.add("Sub", np.array(1), winner)
    return Scores(winner, scores.probabilities, scores.decision)


def _positive(model: Any) -> int:
    label = getattr(model, "pos_label", None)
    return 1 if label is None else int(np.flatnonzero(model.classes_ == label)[0])


def _threshold(model: Any, by_probability: bool) -> float:
    if isinstance(model, TunedThresholdClassifierCV):
        return float(model.best_threshold_)
    if model.threshold == "auto":
        return 0.5 if by_probability else 0.0
    return float(model.threshold)


RULES: dict[type, Rule] = {
    FrozenEstimator: frozen,
    RegressorChain: chain_of_one,
    SelfTrainingClassifier: self_trained,
    **dict.fromkeys((GridSearchCV, RandomizedSearchCV), best_found),
    **dict.fromkeys((FixedThresholdClassifier, TunedThresholdClassifierCV), moved_threshold),
}
