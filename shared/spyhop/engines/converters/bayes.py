"""Naive Bayes over yes-or-no columns and over categories, where skl2onnx has float32 only."""

from typing import Any

import numpy as np
from onnx import TensorProto
from sklearn.naive_bayes import BernoulliNB, CategoricalNB

from spyhop.engines.converters.graph import Inputs, Nodes, Rule, Scores, argmax, columns


def bernoulli(nodes: Nodes, model: Any, X: Inputs) -> Scores:
    """Write BernoulliNB: `_joint_log_likelihood` in sklearn/naive_bayes.py, softmaxed."""
    table = X.matrix
    if model.binarize is not None:
        is_yes = nodes.add("Greater", table, float(model.binarize))
        table = nodes.add("Cast", is_yes, to=TensorProto.DOUBLE)
    absent = np.log(1 - np.exp(model.feature_log_prob_))
    present = nodes.add("MatMul", table, (model.feature_log_prob_ - absent).T.copy())
    return _scores(nodes, nodes.add("Add", present, model.class_log_prior_ + absent.sum(axis=1)))


def categorical(nodes: Nodes, model: Any, X: Inputs) -> Scores:
    """Write CategoricalNB: each column's number is a place in a table of log-likelihoods."""
    numbers = nodes.add("Cast", X.matrix, to=TensorProto.INT64)
    parts = [
        nodes.add(
            "Gather",
            table.T.copy(),
            nodes.add("Reshape", columns(nodes, numbers, [i]), np.array([-1])),
            axis=0,
        )
        for i, table in enumerate(model.feature_log_prob_)
    ]
    total = parts[0] if len(parts) == 1 else nodes.add("Sum", *parts)
    return _scores(nodes, nodes.add("Add", total, model.class_log_prior_))


def _scores(nodes: Nodes, joint_log_likelihood: str) -> Scores:
    probabilities = nodes.add("Softmax", joint_log_likelihood, axis=1)
    return Scores(argmax(nodes, joint_log_likelihood), probabilities)


RULES: dict[type, Rule] = {BernoulliNB: bernoulli, CategoricalNB: categorical}
