"""Linear models: one matrix product in doubles, then each model's own way to probabilities."""

from typing import Any

import numpy as np
from sklearn.cross_decomposition import CCA, PLSCanonical, PLSRegression
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import (
    LogisticRegression,
    LogisticRegressionCV,
    PassiveAggressiveClassifier,
    Perceptron,
    RidgeClassifier,
    RidgeClassifierCV,
    SGDClassifier,
)
from sklearn.svm import LinearSVC

from spyhop.engines.converters.graph import (
    Inputs,
    Nodes,
    Rule,
    Scores,
    argmax,
    both_classes,
    is_above,
)


def decision(nodes: Nodes, model: Any, X: Inputs) -> str:
    """Return `X @ coef_.T + intercept_`, (n, 1) for two classes."""
    coefficients = np.atleast_2d(np.asarray(model.coef_, dtype=np.float64))
    intercept = np.asarray(model.intercept_, dtype=np.float64).reshape(1, -1)
    return nodes.add("Add", nodes.add("MatMul", X.matrix, coefficients.T.copy()), intercept)


def winner(nodes: Nodes, scores: str, n_classes: int) -> str:
    """Return which class a decision function is for: above 0, or the largest of several."""
    return is_above(nodes, scores) if n_classes == 2 else argmax(nodes, scores)


def logistic_regression(nodes: Nodes, model: Any, X: Inputs) -> Scores:
    """Write LogisticRegression: softmax over three classes or more, else the sigmoid."""
    scores, n_classes = decision(nodes, model, X), len(model.classes_)
    if n_classes == 2:
        probabilities = both_classes(nodes, nodes.add("Sigmoid", scores))
    else:
        probabilities = nodes.add("Softmax", scores, axis=1)
    return Scores(winner(nodes, scores, n_classes), probabilities, scores)


def one_vs_rest(nodes: Nodes, scores: str, squashed: str, n_classes: int) -> Scores:
    """Return one-versus-rest scores, each squashed to 0…1, as shares that sum to 1.

    Where all of them are 0 each class gets the same share (`_predict_proba_lr` in
    sklearn/linear_model/_base.py).
    """
    if n_classes == 2:
        return Scores(is_above(nodes, scores), both_classes(nodes, squashed), scores)
    total = nodes.add("ReduceSum", squashed, np.array([1]), keepdims=1)
    shares = nodes.add("Div", squashed, total)
    is_zero = nodes.add("Equal", total, 0.0)
    return Scores(argmax(nodes, scores), nodes.add("Where", is_zero, 1 / n_classes, shares), scores)


def stochastic_gradient(nodes: Nodes, model: Any, X: Inputs) -> Scores:
    """Write SGDClassifier, whose probabilities depend on its loss."""
    scores, n_classes = decision(nodes, model, X), len(model.classes_)
    if model.loss == "log_loss":
        return one_vs_rest(nodes, scores, nodes.add("Sigmoid", scores), n_classes)
    if model.loss == "modified_huber":
        clipped = nodes.add("Clip", scores, -1.0, 1.0)
        squashed = nodes.add("Div", nodes.add("Add", clipped, 1.0), 2.0)
        return one_vs_rest(nodes, scores, squashed, n_classes)
    return Scores(winner(nodes, scores, n_classes), None, scores)


def labels_only(nodes: Nodes, model: Any, X: Inputs) -> Scores:
    """Write a linear classifier that has no probabilities."""
    scores = decision(nodes, model, X)
    return Scores(winner(nodes, scores, len(model.classes_)), None, scores)


def latent_structures(nodes: Nodes, model: Any, X: Inputs) -> str:
    """Write CCA and PLS, which subtract the mean of the columns first."""
    centred = nodes.add("Sub", X.matrix, np.asarray(model._x_mean, dtype=np.float64))
    product = nodes.add("MatMul", centred, np.asarray(model.coef_, dtype=np.float64).T.copy())
    return nodes.add("Add", product, np.asarray(model.intercept_, dtype=np.float64))


RULES: dict[type, Rule] = {
    **dict.fromkeys(
        (LogisticRegression, LogisticRegressionCV, LinearDiscriminantAnalysis), logistic_regression
    ),
    **dict.fromkeys((CCA, PLSCanonical, PLSRegression), latent_structures),
    SGDClassifier: stochastic_gradient,
    **dict.fromkeys(
        (LinearSVC, PassiveAggressiveClassifier, Perceptron, RidgeClassifier, RidgeClassifierCV),
        labels_only,
    ),
}
