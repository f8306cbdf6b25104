"""Support vector machines over a kernel, in doubles: libsvm's arithmetic as matrix products."""

from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto
from scipy.sparse import issparse
from sklearn.svm import SVC, SVR, NuSVC, NuSVR

from spyhop.engines.converters.coupling import coupled
from spyhop.engines.converters.graph import Inputs, Nodes, Rule, Scores, argmax
from spyhop.engines.converters.kernels import kernel
from spyhop.engines.converters.multiclass import pairs, ties_broken

# libsvm's bound on a pair's probabilities, `min_prob`.
LEAST = 1e-7


def regressor(nodes: Nodes, model: Any, X: Inputs) -> str:
    """Write SVR and NuSVR."""
    weighted = nodes.add("MatMul", _similar(nodes, model, X), _dense(model.dual_coef_).T.copy())
    return nodes.add("Add", weighted, float(model.intercept_[0]))


def classifier(nodes: Nodes, model: Any, X: Inputs) -> Scores:
    """Write SVC and NuSVC: a vote of one decision for each pair of classes.

    A decision above 0 is for the first of the pair.
    """
    n_classes = len(model.classes_)
    weighted = nodes.add("MatMul", _similar(nodes, model, X), _pairwise(model))
    decisions = nodes.add("Add", weighted, model._intercept_)
    is_first = nodes.add("Cast", nodes.add("Greater", decisions, 0.0), to=TensorProto.DOUBLE)
    first, second = pairs(n_classes)
    votes = nodes.add("Add", nodes.add("MatMul", is_first, first - second), second.sum(axis=0))
    decision = _decision(nodes, model, decisions)
    if model.break_ties and n_classes > 2:
        assert decision is not None, "scikit-learn breaks ties of one-versus-rest scores only"
        votes = decision
    probabilities = _probabilities(nodes, model, decisions) if len(model._probA) else None
    return Scores(argmax(nodes, votes), probabilities, decision)


def _probabilities(nodes: Nodes, model: Any, decisions: str) -> str:
    """Return each pair's sigmoid of its decision, coupled to one probability a class."""
    line = nodes.add("Add", nodes.add("Mul", decisions, model._probA), model._probB)
    shares = nodes.add("Sigmoid", nodes.add("Neg", line))
    return coupled(nodes, nodes.add("Clip", shares, LEAST, 1 - LEAST), len(model.classes_))


def _decision(nodes: Nodes, model: Any, decisions: str) -> str | None:
    sides = nodes.add("Neg", decisions)
    if len(model.classes_) == 2:
        return sides
    if model.decision_function_shape != "ovr":
        return None
    seconds = nodes.add("Cast", nodes.add("Less", decisions, 0.0), to=TensorProto.DOUBLE)
    return ties_broken(nodes, seconds, sides, len(model.classes_))


def _similar(nodes: Nodes, model: Any, X: Inputs) -> str:
    rows = _dense(model.support_vectors_)
    return kernel(nodes, X.matrix, rows, model.kernel, model._gamma, model)


def _dense(array: Any) -> NDArray[np.float64]:
    """Return what was learnt as an array; of sparse rows, as of texts, libsvm keeps it sparse."""
    return np.asarray(array.toarray() if issparse(array) else array, dtype=np.float64)


def _pairwise(model: Any) -> NDArray[np.float64]:
    """Return each support vector's weight in each pair's decision, (vectors, pairs).

    A vector of class i has its weight against class j in row j of `_dual_coef_`, without a
    row for i itself: row j - 1 if i comes first, else row j.
    """
    owner = np.repeat(np.arange(len(model.classes_)), model.n_support_)
    coefficients = _dense(model._dual_coef_)
    couples = list(combinations(range(len(model.classes_)), 2))
    weights = np.zeros((len(owner), len(couples)))
    for place, (i, j) in enumerate(couples):
        weights[owner == i, place] = coefficients[j - 1, owner == i]
        weights[owner == j, place] = coefficients[i, owner == j]
    return weights


RULES: dict[type, Rule] = {
    **dict.fromkeys((SVC, NuSVC), classifier),
    **dict.fromkeys((SVR, NuSVR), regressor),
}
