"""Imputers that look at the other columns: nearest rows, and regressions in turn."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto
from sklearn.impute import KNNImputer, MissingIndicator

# scikit-learn hides the next one until this is imported.
from sklearn.experimental import enable_iterative_imputer  # noqa: F401, isort: skip
from sklearn.impute import IterativeImputer  # isort: skip

from spyhop.engines.converters.graph import Inputs, Nodes, NoRule, Rule, columns
from spyhop.engines.converters.impute import is_missing, with_indicator
from spyhop.engines.converters.kernels import expanded_distances
from spyhop.engines.converters.neighbours import weights_of


def iterative(nodes: Nodes, model: Any, X: Inputs) -> str:
    """Write IterativeImputer: each column's missing values by a regression on others, in turn."""
    if model.sample_posterior:
        raise NoRule("IterativeImputer(sample_posterior=True) draws at random")
    missing = is_missing(nodes, model, X.matrix)
    table = nodes.transform(model.initial_imputer_, X)
    for step in model.imputation_sequence_ if model.n_iter_ else ():
        read = columns(nodes, table, step.neighbor_feat_idx)
        value = nodes.regress(step.estimator, nodes.inputs(read, len(step.neighbor_feat_idx)))
        low, high = model._min_value[step.feat_idx], model._max_value[step.feat_idx]
        value = nodes.add("Clip", value, float(low), float(high))
        is_own = np.arange(model.n_features_in_) == step.feat_idx
        gaps = nodes.add("And", missing, is_own.reshape(1, -1))
        table = nodes.add("Where", gaps, value, table)
    return with_indicator(nodes, model, table, missing)


def nearest_rows(nodes: Nodes, model: Any, X: Inputs) -> str:
    """Write KNNImputer: the mean of the nearest training rows that have a value there."""
    if not model._valid_mask.all() or model.metric != "nan_euclidean":
        raise NoRule("KNNImputer with a column of its training that was empty has no rule")
    missing = is_missing(nodes, model, X.matrix)
    distances = _distances(nodes, X.matrix, missing, model)
    filled = [_filled(nodes, model, distances, place) for place in range(model.n_features_in_)]
    imputed = nodes.add("Where", missing, nodes.add("Concat", *filled, axis=1), X.matrix)
    return with_indicator(nodes, model, imputed, missing)


def _distances(nodes: Nodes, matrix: str, missing: str, model: Any) -> str:
    """Return the squared distance to each training row, (n, rows), inf without common columns.

    That is the mean over the columns that both have (`nan_euclidean_distances` in
    sklearn/metrics/pairwise.py), up to a factor.
    """
    has_gap = np.asarray(model._mask_fit_X)
    rows = np.where(has_gap, 0.0, model._fit_X)
    zeroed = nodes.add("Where", missing, 0.0, matrix)
    gaps = nodes.add("Cast", missing, to=TensorProto.DOUBLE)
    squared = expanded_distances(nodes, zeroed, rows)
    for one, other in (
        (nodes.add("Mul", zeroed, zeroed), has_gap.astype(np.float64)),
        (gaps, rows * rows),
    ):
        squared = nodes.add("Sub", squared, nodes.add("MatMul", one, other.T.copy()))
    present = nodes.add("Sub", 1.0, gaps)
    common = nodes.add("MatMul", present, (~has_gap).T.astype(np.float64))
    mean = nodes.add("Div", nodes.add("Max", squared, 0.0), nodes.add("Max", common, 1.0))
    scaled = nodes.add("Mul", mean, float(model.n_features_in_))
    return nodes.add("Where", nodes.add("Equal", common, 0.0), np.array(np.inf), scaled)


def _filled(nodes: Nodes, model: Any, distances: str, place: int) -> str:
    """Return what a gap in the column `place` becomes, (n, 1)."""
    donors = np.flatnonzero(~model._mask_fit_X[:, place])
    values: NDArray[np.float64] = np.asarray(model._fit_X[donors, place], dtype=np.float64)
    k = min(model.n_neighbors, len(donors))
    near, which = nodes.add_many(
        "TopK", 2, columns(nodes, distances, donors), np.array([k]), axis=1, largest=0, sorted=1
    )
    is_apart = nodes.add("IsInf", near)
    weights: Any = 1.0 if model.weights == "uniform" else weights_of(nodes, model, near)
    weights = nodes.add("Where", is_apart, 0.0, weights)
    weighted = nodes.add("Mul", nodes.add("Gather", values, which), weights)
    total, weight = (
        nodes.add("ReduceSum", part, np.array([1]), keepdims=1) for part in (weighted, weights)
    )
    # scikit-learn sums the gaps as zeros, which rounds otherwise than without them.
    of_all = np.ma.array(model._fit_X[:, place], mask=model._mask_fit_X[:, place]).mean()
    mean = nodes.add("Div", total, weight)
    return nodes.add("Where", nodes.add("Equal", weight, 0.0), float(of_all), mean)


def indicator(nodes: Nodes, model: Any, X: Inputs) -> str:
    """Write MissingIndicator."""
    chosen = columns(nodes, is_missing(nodes, model, X.matrix), model.features_)
    return nodes.add("Cast", chosen, to=TensorProto.DOUBLE)


RULES: dict[type, Rule] = {
    IterativeImputer: iterative,
    KNNImputer: nearest_rows,
    MissingIndicator: indicator,
}
