"""CalibratedClassifierCV: each score through its own curve, then averaged over the folds.

One of these curves, isotonic regression, is a model by itself too.
"""

from typing import Any

import numpy as np
from onnx import TensorProto
from sklearn.calibration import CalibratedClassifierCV
from sklearn.isotonic import IsotonicRegression

from spyhop.engines.converters.averaging import average
from spyhop.engines.converters.graph import (
    Inputs,
    Nodes,
    NoRule,
    Rule,
    Scores,
    argmax,
    both_classes,
    columns,
)

# What scikit-learn adds to a probability before it takes the logarithm.
NEVER_ZERO = 1e-12


def classifier(nodes: Nodes, model: Any, X: Inputs) -> Scores:
    """Write CalibratedClassifierCV with sigmoid or isotonic curves, or a temperature."""
    folds = [_fold(nodes, fold, X) for fold in model.calibrated_classifiers_]
    probabilities = average(nodes, folds, None)
    return Scores(argmax(nodes, probabilities), probabilities)


def _fold(nodes: Nodes, fold: Any, X: Inputs) -> str:
    n_classes = len(fold.classes)
    if len(fold.estimator.classes_) != n_classes:
        raise NoRule("calibrated models that know some of the classes only have no rule")
    scores = _uncalibrated(nodes, fold.estimator, X, n_classes)
    if fold.method == "temperature":
        return _tempered(nodes, fold, scores, n_classes)
    curves = [
        _curve(nodes, curve, columns(nodes, scores, [i]))
        for i, curve in enumerate(fold.calibrators)
    ]
    if n_classes == 2:
        return _at_most_one(nodes, both_classes(nodes, curves[0]))
    together = nodes.add("Concat", *curves, axis=1)
    total = nodes.add("ReduceSum", together, np.array([1]), keepdims=1)
    shares = nodes.add("Div", together, total)
    is_zero = nodes.add("Equal", total, 0.0)
    return _at_most_one(nodes, nodes.add("Where", is_zero, 1 / n_classes, shares))


def _tempered(nodes: Nodes, fold: Any, scores: str, n_classes: int) -> str:
    """Return the softmax of the scores times one number; of probabilities their logarithms."""
    if not hasattr(fold.estimator, "decision_function"):
        both = both_classes(nodes, scores) if n_classes == 2 else scores
        logits = nodes.add("Log", nodes.add("Add", both, NEVER_ZERO))
    else:
        is_one = n_classes == 2
        logits = nodes.add("MatMul", scores, np.array([[-1.0, 1.0]])) if is_one else scores
    beta = float(fold.calibrators[0].beta_)
    return _at_most_one(nodes, nodes.add("Softmax", nodes.add("Mul", logits, beta), axis=1))


def _uncalibrated(nodes: Nodes, part: Any, X: Inputs, n_classes: int) -> str:
    scores = nodes.classify(part, X)
    if hasattr(part, "decision_function"):
        if scores.decision is None:
            raise NoRule(f"{type(part).__name__} has no scores in the graph")
        return scores.decision
    assert scores.probabilities is not None, "a classifier with neither scores nor probabilities"
    return columns(nodes, scores.probabilities, [1]) if n_classes == 2 else scores.probabilities


def _curve(nodes: Nodes, curve: Any, score: str) -> str:
    if isinstance(curve, IsotonicRegression):
        return interpolated(nodes, score, curve)
    # Platt's sigmoid; its parameters are fitted to the negated score.
    line = nodes.add("Add", nodes.add("Mul", score, float(curve.a_)), float(curve.b_))
    return nodes.add("Sigmoid", nodes.add("Neg", line))


def isotonic(nodes: Nodes, model: Any, X: Inputs) -> str:
    """Write IsotonicRegression of the only column."""
    return interpolated(nodes, X.matrix, model)


def interpolated(nodes: Nodes, score: str, curve: IsotonicRegression) -> str:
    """Return the fitted steps at `score`, on the line between the two nearest of them."""
    x, y = (np.asarray(a, dtype=np.float64) for a in (curve.X_thresholds_, curve.y_thresholds_))
    if len(y) == 1:
        return nodes.add("Add", nodes.add("Mul", score, 0.0), float(y[0]))
    inside = nodes.add("Clip", score, float(curve.X_min_), float(curve.X_max_))
    is_past = nodes.add("Cast", nodes.add("Greater", inside, x[1:-1]), to=TensorProto.INT64)
    step = nodes.add("ReduceSum", is_past, np.array([1]), keepdims=1)
    slope = nodes.add("Gather", np.diff(y) / np.diff(x), step)
    beyond = nodes.add("Sub", inside, nodes.add("Gather", x[:-1].copy(), step))
    value = nodes.add(
        "Add", nodes.add("Mul", slope, beyond), nodes.add("Gather", y[:-1].copy(), step)
    )
    if curve.out_of_bounds == "clip":
        return value
    # No number is refused, as it is if scikit-learn raises.
    return nodes.add("Where", nodes.add("Equal", inside, score), value, np.array(np.nan))


def _at_most_one(nodes: Nodes, probabilities: str) -> str:
    return nodes.add("Min", probabilities, 1.0)


RULES: dict[type, Rule] = {CalibratedClassifierCV: classifier, IsotonicRegression: isotonic}
