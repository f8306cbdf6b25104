"""HistGradientBoosting: trees that compare float64, know missing values and categories."""

from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from spyhop.engines.converters.boosting import boosted
from spyhop.engines.converters.encoders import column_of, looked_up
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

# Where only a missing value goes left the set is empty, which onnxruntime refuses.
NOTHING = (-1,)


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
            _members(sets[node["bitset_idx"]]) or NOTHING if node["is_categorical"] else ()
            for node in table
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
    cells = X.cells(model.n_features_in_)
    categories, others = (
        [cells[place] for place in _places(chosen)]
        for _, _, chosen in model._preprocessor.transformers_[:2]
    )
    encoder = model._preprocessor.named_transformers_["encoder"]
    parts = [
        _numbered(nodes, variable, place, known)
        for (variable, place), known in zip(categories, encoder.categories_, strict=True)
    ]
    for variable, cells_of_it in groupby(others, key=lambda cell: cell[0]):
        chosen = [place for _, place in cells_of_it]
        parts.append(columns(nodes, nodes.only(variable).matrix, chosen))
    return nodes.add("Concat", *parts, axis=1)


def _places(chosen: Any) -> NDArray[np.int64]:
    """Return the columns that a mask means, or those that it was rewired to."""
    chosen = np.asarray(chosen)
    return np.flatnonzero(chosen) if chosen.dtype == bool else chosen.astype(np.int64)


def _numbered(nodes: Nodes, variable: Any, place: int, known: NDArray[Any]) -> str:
    """Return the position of each value among the `known`, NaN where it is none of them."""
    known = known[~pd.isna(known)]
    positions = np.append(np.arange(len(known), dtype=np.float64), np.nan).reshape(-1, 1)
    return looked_up(nodes, *column_of(nodes, variable, place), known, positions)


RULES: dict[type, Rule] = {
    HistGradientBoostingClassifier: classifier,
    HistGradientBoostingRegressor: regressor,
}
