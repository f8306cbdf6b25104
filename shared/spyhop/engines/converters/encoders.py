"""Encoders of categories: a table of what the fitted encoder itself answers to each of them."""

import warnings
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from onnx import TensorProto
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, TargetEncoder

from spyhop.core.blocks import MISSING_TEXT, UNKNOWN_TEXT
from spyhop.engines.converters.graph import ML, Inputs, Nodes, Rule, argmax

REFUSES_UNKNOWN = "error"


def encoder(nodes: Nodes, model: Any, X: Inputs) -> str:
    """Write an encoder as one look-up a column.

    Asking the encoder is what keeps dropped, infrequent, missing and unknown categories
    right, in whatever way they were asked for.
    """
    answers = _answers(model)
    ends = np.cumsum([0, *_widths(model)])
    parts = [
        looked_up(nodes, *column_of(nodes, *cell), known, answers[:, first:last])
        for cell, known, first, last in zip(
            X.cells(model.n_features_in_), model.categories_, ends[:-1], ends[1:], strict=True
        )
    ]
    return parts[0] if len(parts) == 1 else nodes.add("Concat", *parts, axis=1)


def _widths(model: Any) -> list[int]:
    """Return how many columns the encoder makes of each of its own."""
    if isinstance(model, OneHotEncoder):
        return list(model._n_features_outs)
    several = isinstance(model, TargetEncoder) and model.target_type_ == "multiclass"
    return [len(model.classes_) if several else 1] * len(model.categories_)


def _answers(model: Any) -> NDArray[np.float64]:
    """Return what the encoder makes of all categories of each column, side by side.

    Row i is for category i of every column (the last one, where a column has fewer), and the
    last row for categories unknown to all.
    """
    most = max(len(known) for known in model.categories_)
    has_unknown = getattr(model, "handle_unknown", None) != REFUSES_UNKNOWN
    asked = pd.DataFrame(
        {
            name: _question(known, most, has_unknown)
            for name, known in zip(_names(model), model.categories_, strict=True)
        }
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = model.transform(asked)
    dense = np.asarray(found.toarray() if hasattr(found, "toarray") else found, dtype=np.float64)
    return dense if has_unknown else np.concatenate([dense, dense[-1:]])


def _question(known: NDArray[Any], most: int, has_unknown: bool) -> pd.Series:
    values = list(known) + [known[-1]] * (most - len(known))
    is_text = known.dtype.kind in "OU"
    if has_unknown:
        values.append(UNKNOWN_TEXT if is_text else np.nanmax([*known, 0]) + 1)
    return pd.Series(values, dtype=object if is_text else np.float64)


def _names(model: Any) -> list[Any]:
    return list(getattr(model, "feature_names_in_", range(model.n_features_in_)))


def column_of(nodes: Nodes, variable: Any, place: int) -> tuple[str, bool]:
    """Return one column of a variable, shape (n,), by its name, and whether it is text."""
    X = nodes.only(variable)
    table = X.texts if X.is_text else X.matrix
    return nodes.add("Gather", table, np.array(place), axis=1), X.is_text


def looked_up(
    nodes: Nodes, column: str, is_text: bool, known: NDArray[Any], answers: NDArray[np.float64]
) -> str:
    """Return the answer to each value of the column; the last one to a value not known."""
    place = (_place_of_text if is_text else _place_of_number)(nodes, column, known)
    rows = np.concatenate([answers[: len(known)], answers[-1:]])
    return nodes.add("Gather", rows, place, axis=0)


def _place_of_text(nodes: Nodes, column: str, known: NDArray[Any]) -> str:
    """Return the place of each text among the known, or the one after them."""
    places: dict[str, int] = {}
    for place, category in enumerate(known):
        places.setdefault(MISSING_TEXT if pd.isna(category) else str(category), place)
    return nodes.add(
        "LabelEncoder",
        column,
        domain=ML,
        keys_strings=list(places),
        values_int64s=list(places.values()),
        default_int64=len(known),
    )


def _place_of_number(nodes: Nodes, column: str, known: NDArray[Any]) -> str:
    """Return the place of each number among the known, or the one after them.

    LabelEncoder would compare float32.
    """
    numbers = np.array([known], dtype=np.float64)
    tall = nodes.add("Unsqueeze", column, np.array([1]))
    same = nodes.add("Equal", tall, numbers)
    if np.isnan(numbers).any():
        both_missing = nodes.add("And", nodes.add("IsNaN", tall), np.isnan(numbers))
        same = nodes.add("Or", same, both_missing)
    # One that is equal outweighs the half at the end, which outweighs none.
    marks = nodes.add("Cast", same, to=TensorProto.FLOAT)
    ended = nodes.add("Pad", marks, np.array([0, 0, 0, 1]), np.array(0.5, dtype=np.float32))
    return argmax(nodes, ended)


RULES: dict[type, Rule] = dict.fromkeys((OneHotEncoder, OrdinalEncoder, TargetEncoder), encoder)
