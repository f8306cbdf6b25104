"""HistGradientBoosting: trees that compare float64, know missing values and categories."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from spyhop.engines.converters.boosting import boosted
from spyhop.engines.converters.graph import (
    Inputs,
    Nodes,
    Rule,
    Scores,
    argmax,
    both_classes,
    columns,
    is_above,
)
from spyhop.engines.converters.trees import LEQ, MEMBER, Tree

# Bits of one word of scikit-learn's sets of categories.
WORD = 32


def raw_scores(nodes: Nodes, model: Any, X: Inputs) -> str:
    """Return what `_raw_predict` of HistGradientBoosting* returns, (n, scores)."""
    matrix = X.matrix if model._preprocessor is None else _encoded(nodes, model, X)
    trees = [[_tree(predictor) for predictor in stage] for stage in model._predictors]
    values = [[predictor.nodes["value"] for predictor in stage] for stage in model._predictors]
    return boosted(nodes, matrix, model._baseline_prediction.ravel(), trees, values)


def classifier(nodes: Nodes, model: Any, X: Inputs) -> Scores:
    """Write HistGradientBoostingClassifier."""
    scores = raw_scores(nodes, model, X)
    if len(model.classes_) > 2:
        return Scores(argmax(nodes, scores), nodes.add("Softmax", scores, axis=1), scores)
    probabilities = both_classes(nodes, nodes.add("Sigmoid", scores))
    return Scores(is_above(nodes, scores), probabilities, scores)


def regressor(nodes: Nodes, model: Any, X: Inputs) -> str:
    """Write HistGradientBoostingRegressor; Poisson and gamma losses predict a logarithm."""
    scores = raw_scores(nodes, model, X)
    return nodes.add("Exp", scores) if model.loss in ("poisson", "gamma") else scores


def _tree(predictor: Any) -> Tree:
    table = predictor.nodes
    is_leaf, is_set = table["is_leaf"] == 1, table["is_categorical"] == 1
    sets = predictor.raw_left_cat_bitsets
    return Tree(
        left=np.where(is_leaf, -1, table["left"].astype(np.int64)),
        right=np.where(is_leaf, -1, table["right"].astype(np.int64)),
        feature=table["feature_idx"].astype(np.int64),
        # A split between missing and present values has the threshold infinity.
        threshold=np.where(is_set, 0.0, table["num_threshold"]),
        missing_left=table["missing_go_to_left"].astype(np.int64),
        mode=np.where(is_set, MEMBER, LEQ).astype(np.uint8),
        members=tuple(
            _members(sets[node["bitset_idx"]]) if node["is_categorical"] else () for node in table
        ),
    )


def _members(words: NDArray[np.uint32]) -> tuple[int, ...]:
    """Return the numbers whose bits are set."""
    return tuple(
        number
        for number in range(len(words) * WORD)
        if words[number // WORD] >> (number % WORD) & 1
    )


def _encoded(nodes: Nodes, model: Any, X: Inputs) -> str:
    """Return the matrix with its categories numbered, and these columns first.

    That is what the model's own `_preprocessor` does: an OrdinalEncoder that answers NaN to
    what it does not know, beside the other columns as they are.
    """
    is_category = np.asarray(model._preprocessor.transformers_[0][2])
    places = np.flatnonzero(is_category) if is_category.dtype == bool else is_category
    encoder = model._preprocessor.named_transformers_["encoder"]
    others = np.setdiff1d(np.arange(model.n_features_in_), places)
    parts = [
        _numbered(nodes, columns(nodes, X.matrix, [place]), known)
        for place, known in zip(places, encoder.categories_, strict=True)
    ]
    if len(others):
        parts.append(columns(nodes, X.matrix, others))
    return nodes.add("Concat", *parts, axis=1)


def _numbered(nodes: Nodes, column: str, known: NDArray[Any]) -> str:
    """Return the position of each value among the `known`, NaN where it is none of them."""
    known = np.asarray(known, dtype=np.float64)
    known = known[~np.isnan(known)]
    # One row of zeros and at most one 1, times the positions.
    same = nodes.add(
        "Cast", nodes.add("Equal", column, known.reshape(1, -1)), to=TensorProto.DOUBLE
    )
    position = nodes.add("MatMul", same, np.arange(len(known), dtype=np.float64).reshape(-1, 1))
    found = nodes.add("ReduceMax", same, np.array([1]), keepdims=1)
    return nodes.add("Where", nodes.add("Greater", found, 0.5), position, np.array(np.nan))


RULES: dict[type, Rule] = {
    HistGradientBoostingClassifier: classifier,
    HistGradientBoostingRegressor: regressor,
}
