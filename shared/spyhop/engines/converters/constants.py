"""Dummies: the same answer to every row."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.dummy import DummyClassifier, DummyRegressor

from spyhop.engines.converters.graph import Inputs, Nodes, NoRule, Rule, Scores, argmax


def classifier(nodes: Nodes, model: Any, X: Inputs) -> Scores:
    """Write DummyClassifier, unless it answers at random."""
    if model.strategy not in ("most_frequent", "prior", "constant"):
        raise NoRule(f"DummyClassifier answers at random ({model.strategy})")
    probabilities = _repeated(nodes, X, model.predict_proba([[0]])[0])
    return Scores(argmax(nodes, probabilities), probabilities)


def regressor(nodes: Nodes, model: Any, X: Inputs) -> str:
    """Write DummyRegressor."""
    return _repeated(nodes, X, np.asarray(model.constant_, dtype=np.float64).ravel())


def _repeated(nodes: Nodes, X: Inputs, row: NDArray[np.float64]) -> str:
    rows = nodes.add("Shape", X.variables[0].full_name, start=0, end=1)
    shape = nodes.add("Concat", rows, np.array([len(row)]), axis=0)
    return nodes.add("Expand", row.reshape(1, -1), shape)


RULES: dict[type, Rule] = {DummyClassifier: classifier, DummyRegressor: regressor}
