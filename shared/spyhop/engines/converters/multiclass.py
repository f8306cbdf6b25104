"""Several classes by two-class models: one against the rest, each against each, by a code."""

from itertools import combinations
from typing import Any

import numpy as np
from onnx import TensorProto
from sklearn.multiclass import (
    OneVsOneClassifier,
    OneVsRestClassifier,
    OutputCodeClassifier,
    _ConstantPredictor,
)

from spyhop.engines.converters.graph import (
    Inputs,
    Nodes,
    NoRule,
    Rule,
    Scores,
    argmax,
    both_classes,
    columns,
    is_above,
)
from spyhop.engines.converters.kernels import expanded_distances


def one_vs_rest(nodes: Nodes, model: Any, X: Inputs) -> Scores:
    """Write OneVsRestClassifier; its probabilities are normalised where they sum to any."""
    found = [nodes.classify(part, X) for part in model.estimators_]
    sides = [_for_second(nodes, p, s) for p, s in zip(model.estimators_, found, strict=True)]
    if len(sides) == 1:
        winner = is_above(nodes, sides[0], _threshold(model.estimators_[0]))
    else:
        winner = argmax(nodes, nodes.add("Concat", *sides, axis=1))
    if not hasattr(model, "predict_proba"):
        return Scores(winner)
    shares = [_second(nodes, scores) for scores in found]
    if len(shares) == 1:
        return Scores(winner, both_classes(nodes, shares[0]))
    table = nodes.add("Concat", *shares, axis=1)
    total = nodes.add("ReduceSum", table, np.array([1]), keepdims=1)
    divisor = nodes.add("Where", nodes.add("Equal", total, 0.0), 1.0, total)
    return Scores(winner, nodes.add("Div", table, divisor))


def one_vs_one(nodes: Nodes, model: Any, X: Inputs) -> Scores:
    """Write OneVsOneClassifier: votes, and the sum of confidences to break ties."""
    if model.pairwise_indices_ is not None:
        raise NoRule("OneVsOneClassifier over a kernel matrix has no rule")
    n_classes, parts = len(model.classes_), model.estimators_
    found = [nodes.classify(part, X) for part in parts]
    sides = [_for_second(nodes, p, s) for p, s in zip(parts, found, strict=True)]
    winners = [nodes.add("Reshape", scores.winner, np.array([-1, 1])) for scores in found]
    seconds = nodes.add("Cast", _joined(nodes, winners), to=TensorProto.DOUBLE)
    scores = ties_broken(nodes, seconds, _joined(nodes, sides), n_classes)
    if n_classes > 2:
        return Scores(argmax(nodes, scores), None, scores)
    scores = columns(nodes, scores, [1])
    return Scores(is_above(nodes, scores, _threshold(parts[0])), None, scores)


def output_code(nodes: Nodes, model: Any, X: Inputs) -> Scores:
    """Write OutputCodeClassifier: the class whose code is nearest to all models' scores."""
    sides = [_for_second(nodes, part, nodes.classify(part, X)) for part in model.estimators_]
    apart = expanded_distances(nodes, _joined(nodes, sides), model.code_book_)
    return Scores(argmax(nodes, nodes.add("Neg", apart)))


def constant(nodes: Nodes, model: Any, X: Inputs) -> Scores:
    """Write what stands for a two-class model where fit saw one class only."""
    nought = nodes.add("Mul", columns(nodes, X.matrix, [0]), 0.0)
    side = nodes.add("Add", nought, float(model.y_[0]))
    return Scores(is_above(nodes, side), both_classes(nodes, side), side)


def ties_broken(nodes: Nodes, seconds: str, sides: str, n_classes: int) -> str:
    """Return votes plus less than half a vote for the sum of confidences, (n, classes).

    `seconds` says which pairs voted for their second class, `sides` how surely.  See
    `_ovr_decision_function` in sklearn/utils/multiclass.py.
    """
    first, second = pairs(n_classes)
    total = nodes.add("MatMul", sides, second - first)
    votes = nodes.add("Add", nodes.add("MatMul", seconds, second - first), first.sum(axis=0))
    size = nodes.add("Mul", nodes.add("Add", nodes.add("Abs", total), 1.0), 3.0)
    return nodes.add("Add", votes, nodes.add("Div", total, size))


def pairs(n_classes: int) -> tuple[Any, Any]:
    """Return two matrices, (pairs, classes): which is the first of a pair, and the second."""
    couples = np.array(list(combinations(range(n_classes), 2)))
    return np.eye(n_classes)[couples[:, 0]], np.eye(n_classes)[couples[:, 1]]


def _joined(nodes: Nodes, parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else nodes.add("Concat", *parts, axis=1)


def _threshold(part: Any) -> float:
    return 0.0 if hasattr(part, "decision_function") else 0.5


def _for_second(nodes: Nodes, part: Any, scores: Scores) -> str:
    """Return how much speaks for the second of two classes, (n, 1)."""
    if not hasattr(part, "decision_function"):
        return _second(nodes, scores)
    if scores.decision is None:
        raise NoRule(f"{type(part).__name__} has no decision function in the graph")
    return scores.decision


def _second(nodes: Nodes, scores: Scores) -> str:
    if scores.probabilities is None:
        raise NoRule("a model inside it has no probabilities in the graph")
    return columns(nodes, scores.probabilities, [1])


RULES: dict[type, Rule] = {
    OneVsOneClassifier: one_vs_one,
    OneVsRestClassifier: one_vs_rest,
    OutputCodeClassifier: output_code,
    _ConstantPredictor: constant,
}
