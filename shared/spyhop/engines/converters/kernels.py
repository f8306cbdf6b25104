"""Models over a kernel: similarity to stored rows, times a weight for each."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.kernel_ridge import KernelRidge

from spyhop.engines.converters.graph import Inputs, Nodes, NoRule, Rule


def expanded_distances(nodes: Nodes, matrix: str, rows: NDArray[np.float64]) -> str:
    """Return |x - r|² for all pairs, (n, rows), as x² - 2 x·r + r², never below 0."""
    own = nodes.add("ReduceSum", nodes.add("Mul", matrix, matrix), np.array([1]), keepdims=1)
    mixed = nodes.add("MatMul", matrix, -2.0 * rows.T)
    fixed = (rows * rows).sum(axis=1).reshape(1, -1)
    return nodes.add("Max", nodes.add("Add", nodes.add("Add", own, mixed), fixed), 0.0)


def kernel(
    nodes: Nodes, matrix: str, rows: NDArray[np.float64], name: Any, gamma: float, model: Any
) -> str:
    """Return the kernel `name` between the matrix and `rows`, (n, rows)."""
    if name == "rbf":
        distances = expanded_distances(nodes, matrix, rows)
        return nodes.add("Exp", nodes.add("Mul", distances, -float(gamma)))
    product = nodes.add("MatMul", matrix, rows.T.copy())
    if name == "linear":
        return product
    if name not in ("poly", "polynomial", "sigmoid"):
        raise NoRule(f"the kernel {name!r} has no rule")
    line = nodes.add("Add", nodes.add("Mul", product, float(gamma)), float(model.coef0))
    if name == "sigmoid":
        return nodes.add("Tanh", line)
    return nodes.add("Pow", line, float(model.degree))


def kernel_ridge(nodes: Nodes, model: Any, X: Inputs) -> str:
    """Write KernelRidge; gamma is one over the number of columns unless given."""
    rows = np.asarray(model.X_fit_, dtype=np.float64)
    gamma = 1.0 / rows.shape[1] if model.gamma is None else model.gamma
    similar = kernel(nodes, X.matrix, rows, model.kernel, gamma, model)
    return nodes.add("MatMul", similar, model.dual_coef_.reshape(-1, 1))


RULES: dict[type, Rule] = {KernelRidge: kernel_ridge}
