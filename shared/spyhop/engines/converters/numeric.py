"""Transformers of numbers for which skl2onnx has float32 only, or nothing."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto
from sklearn.preprocessing import (
    Binarizer,
    KBinsDiscretizer,
    PolynomialFeatures,
    PowerTransformer,
)

from spyhop.engines.converters.graph import Inputs, Nodes, Rule, columns


def binarizer(nodes: Nodes, model: Any, X: Inputs) -> str:
    """Write Binarizer."""
    is_above = nodes.add("Greater", X.matrix, float(model.threshold))
    return nodes.add("Cast", is_above, to=TensorProto.DOUBLE)


def polynomial_features(nodes: Nodes, model: Any, X: Inputs) -> str:
    """Write PolynomialFeatures: one product of columns after the other.

    A last column of ones fills up the products of fewer columns.
    """
    powers: NDArray[np.int64] = model.powers_
    degree, one = max(int(powers.sum(axis=1).max()), 1), powers.shape[1]
    factors = np.full((len(powers), degree), one)
    for row, power in zip(factors, powers, strict=True):
        chosen = np.repeat(np.arange(len(power)), power)
        row[: len(chosen)] = chosen
    ones = nodes.add("Add", nodes.add("Mul", columns(nodes, X.matrix, [0]), 0.0), 1.0)
    table = nodes.add("Concat", X.matrix, ones, axis=1)
    product = columns(nodes, table, factors[:, 0])
    for place in range(1, degree):
        product = nodes.add("Mul", product, columns(nodes, table, factors[:, place]))
    return product


def power_transformer(nodes: Nodes, model: Any, X: Inputs) -> str:
    """Write PowerTransformer, its scaler included."""
    curve = _box_cox if model.method == "box-cox" else _yeo_johnson
    parts = [
        curve(nodes, columns(nodes, X.matrix, [i]), float(power))
        for i, power in enumerate(model.lambdas_)
    ]
    table = nodes.add("Concat", *parts, axis=1)
    if not model.standardize:
        return table
    centred = nodes.add("Sub", table, model._scaler.mean_)
    return nodes.add("Div", centred, model._scaler.scale_)


def _box_cox(nodes: Nodes, x: str, power: float) -> str:
    logarithm = nodes.add("Log", x)
    return logarithm if power == 0 else _grown(nodes, logarithm, power)


def _yeo_johnson(nodes: Nodes, x: str, power: float) -> str:
    """Return Box-Cox of 1 + x, and on the negative side of 1 - x with the power 2 - power."""
    upper = nodes.add("Log", nodes.add("Add", nodes.add("Max", x, 0.0), 1.0))
    lower = nodes.add("Log", nodes.add("Sub", 1.0, nodes.add("Min", x, 0.0)))
    above = upper if power == 0 else _grown(nodes, upper, power)
    below = lower if power == 2 else _grown(nodes, lower, 2 - power)
    is_upper = nodes.add("GreaterOrEqual", x, 0.0)
    chosen = nodes.add("Where", is_upper, above, nodes.add("Neg", below))
    # ONNX leaves open what Max and Min make of a NaN, which has to stay one.
    return nodes.add("Where", nodes.add("IsNaN", x), x, chosen)


def _grown(nodes: Nodes, logarithm: str, power: float) -> str:
    """Return (exp(power · logarithm) - 1) / power."""
    grown = nodes.add("Exp", nodes.add("Mul", logarithm, power))
    return nodes.add("Div", nodes.add("Sub", grown, 1.0), power)


def k_bins(nodes: Nodes, model: Any, X: Inputs) -> str:
    """Write KBinsDiscretizer: how many inner edges a value has reached, or that as one-hot."""
    found = [
        _bin(nodes, columns(nodes, X.matrix, [i]), np.asarray(edges[1:-1], dtype=np.float64))
        for i, edges in enumerate(model.bin_edges_)
    ]
    if model.encode != "ordinal":
        found = [
            nodes.add("Equal", column, np.arange(n_bins, dtype=np.float64).reshape(1, -1))
            for column, n_bins in zip(found, model.n_bins_, strict=True)
        ]
        found = [nodes.add("Cast", column, to=TensorProto.DOUBLE) for column in found]
    return nodes.add("Concat", *found, axis=1)


def _bin(nodes: Nodes, column: str, edges: NDArray[np.float64]) -> str:
    if not len(edges):
        return nodes.add("Mul", column, 0.0)
    reached = nodes.add("GreaterOrEqual", column, edges.reshape(1, -1))
    numbers = nodes.add("Cast", reached, to=TensorProto.DOUBLE)
    return nodes.add("ReduceSum", numbers, np.array([1]), keepdims=1)


RULES: dict[type, Rule] = {
    Binarizer: binarizer,
    KBinsDiscretizer: k_bins,
    PolynomialFeatures: polynomial_features,
    PowerTransformer: power_transformer,
}
