"""Stacking: models whose answers are the columns of a last model."""

from typing import Any

import numpy as np
from onnx import TensorProto
from sklearn.base import is_classifier
from sklearn.ensemble import StackingClassifier, StackingRegressor

from spyhop.engines.converters.graph import Inputs, Nodes, NoRule, Rule, Scores, columns


def classifier(nodes: Nodes, model: Any, X: Inputs) -> Scores:
    """Write StackingClassifier; its last model knows the classes by their number."""
    return nodes.classify(model.final_estimator_, _stacked(nodes, model, X))


def regressor(nodes: Nodes, model: Any, X: Inputs) -> str:
    """Write StackingRegressor."""
    return nodes.regress(model.final_estimator_, _stacked(nodes, model, X))


def _stacked(nodes: Nodes, model: Any, X: Inputs) -> Inputs:
    parts = [
        _answers(nodes, part, method, X)
        for part, method in zip(model.estimators_, model.stack_method_, strict=True)
    ]
    if model.passthrough:
        parts.append(X.matrix)
    table = parts[0] if len(parts) == 1 else nodes.add("Concat", *parts, axis=1)
    return nodes.inputs(table, model.final_estimator_.n_features_in_)


def _answers(nodes: Nodes, part: Any, method: str, X: Inputs) -> str:
    """Return what one model adds; of two classes' probabilities the second says it all."""
    if not is_classifier(part):
        return nodes.regress(part, X)
    scores = nodes.classify(part, X)
    if method == "predict":
        if not np.array_equal(part.classes_, np.arange(len(part.classes_))):
            raise NoRule("stacking on labels that are not 0, 1, … has no rule")
        column = nodes.add("Reshape", scores.winner, np.array([-1, 1]))
        return nodes.add("Cast", column, to=TensorProto.DOUBLE)
    found = scores.decision if method == "decision_function" else scores.probabilities
    if found is None:
        raise NoRule(f"{type(part).__name__} has no {method} in the graph")
    if method == "predict_proba" and len(part.classes_) == 2:
        return columns(nodes, found, [1])
    return found


RULES: dict[type, Rule] = {StackingClassifier: classifier, StackingRegressor: regressor}
