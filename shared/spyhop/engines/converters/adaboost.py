"""AdaBoost: weighted votes of classifiers (SAMME), the weighted median of regressors (R2)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto
from sklearn.ensemble import AdaBoostClassifier, AdaBoostRegressor

from spyhop.engines.converters.forests import TREE_CLASSIFIERS, TREE_REGRESSORS
from spyhop.engines.converters.graph import Inputs, Nodes, Rule, Scores, argmax, is_above
from spyhop.engines.converters.trees import as_float32, ensemble, summed_rows, tree_of


def classifier(nodes: Nodes, model: Any, X: Inputs) -> Scores:
    """Write AdaBoostClassifier; its probabilities are a softmax of the decision function."""
    n_classes = len(model.classes_)
    total = _votes(nodes, model, X, n_classes)
    scores = nodes.add("Div", total, float(model.estimator_weights_.sum()))
    if n_classes == 2:
        scores = nodes.add("MatMul", scores, np.array([[-1.0], [1.0]]))
        both = nodes.add("Concat", nodes.add("Neg", scores), scores, axis=1)
        probabilities = nodes.add("Softmax", nodes.add("Div", both, 2.0), axis=1)
        return Scores(is_above(nodes, scores), probabilities, scores)
    probabilities = nodes.add("Softmax", nodes.add("Div", scores, n_classes - 1.0), axis=1)
    return Scores(argmax(nodes, scores), probabilities, scores)


def _votes(nodes: Nodes, model: Any, X: Inputs, n_classes: int) -> str:
    """Return the sum of the votes, (n, classes): w for the class found, -w/(k-1) for others."""
    parts = list(zip(model.estimators_, model.estimator_weights_, strict=False))
    ballots = [_ballot(part, weight, model.classes_) for part, weight in parts]
    if all(type(part) in TREE_CLASSIFIERS for part, _ in parts):
        winners = [part.tree_.value[:, 0, :].argmax(axis=1) for part, _ in parts]
        tables = [ballot[winner] for ballot, winner in zip(ballots, winners, strict=True)]
        trees = [tree_of(part) for part, _ in parts]
        return summed_rows(nodes, as_float32(nodes, X.matrix), trees, tables)
    votes = [
        nodes.add("Gather", ballot, nodes.classify(part, X).winner, axis=0)
        for (part, _), ballot in zip(parts, ballots, strict=True)
    ]
    return nodes.add("Sum", *votes)


def _ballot(part: Any, weight: float, classes: NDArray[Any]) -> NDArray[np.float64]:
    """Return one row of votes for each class that the model `part` can find."""
    same = np.asarray(part.classes_)[:, np.newaxis] == classes
    return np.where(same, weight, -1 / (len(classes) - 1) * weight)


def regressor(nodes: Nodes, model: Any, X: Inputs) -> str:
    """Write AdaBoostRegressor: the first value, in order, at which half the weight is reached."""
    values, n_models = _all_values(nodes, model, X), len(model.estimators_)
    ordered, places = nodes.add_many(
        "TopK", 2, values, np.array([n_models]), axis=1, largest=0, sorted=1
    )
    weights = nodes.add("Gather", model.estimator_weights_[:n_models], places)
    reached = nodes.add("CumSum", weights, np.array(1))
    whole = nodes.add("Gather", reached, np.array([n_models - 1]), axis=1)
    is_enough = nodes.add("GreaterOrEqual", reached, nodes.add("Mul", whole, 0.5))
    first = nodes.add(
        "ArgMax", nodes.add("Cast", is_enough, to=TensorProto.INT32), axis=1, keepdims=1
    )
    return nodes.add("GatherElements", ordered, first, axis=1)


def _all_values(nodes: Nodes, model: Any, X: Inputs) -> str:
    """Return each model's value in a column of its own."""
    parts = model.estimators_
    if all(type(part) in TREE_REGRESSORS for part in parts):
        values = [part.tree_.value[:, 0, 0] for part in parts]
        own = [np.full(len(value), i) for i, value in enumerate(values)]
        trees = [tree_of(part) for part in parts]
        return ensemble(nodes, as_float32(nodes, X.matrix), trees, values, own, len(parts))
    return nodes.add("Concat", *[nodes.regress(part, X) for part in parts], axis=1)


RULES: dict[type, Rule] = {AdaBoostClassifier: classifier, AdaBoostRegressor: regressor}
