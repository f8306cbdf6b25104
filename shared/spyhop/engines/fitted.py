"""What can be read off a fitted pipeline: its first column transformers, its text columns."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, is_classifier, is_regressor
from sklearn.compose import ColumnTransformer

from spyhop.core.answers import AnswerSpec
from spyhop.errors import ArtifactError


def answer_spec(pipeline: Any) -> AnswerSpec:
    """Return the form of the pipeline's answers.

    Raises:
        ArtifactError: it is neither a classifier nor a regressor, is not fitted, or answers
            with several outputs a row.
    """
    if is_regressor(pipeline):
        return AnswerSpec("regression")
    if not is_classifier(pipeline):
        raise ArtifactError(
            f"got {type(pipeline).__name__}, expected a fitted classifier or regressor, alone or "
            "as the last step of a Pipeline."
        )
    classes = getattr(pipeline, "classes_", None)
    if not isinstance(classes, np.ndarray) or classes.ndim != 1:
        raise ArtifactError(
            f"{type(pipeline).__name__} has no list of classes. Expected a fitted classifier "
            "with one label a row; call fit first."
        )
    labels = tuple(c.item() if isinstance(c, np.generic) else c for c in classes.tolist())
    return AnswerSpec("classification", labels, hasattr(pipeline, "predict_proba"))


def text_columns(pipeline: Any, names: Sequence[str]) -> set[str]:
    """Return the columns that a text vectoriser reads."""
    found: set[str] = set()
    for transformer in column_transformers(pipeline, names):
        for _, step, columns in transformer.transformers_:
            if has_vectoriser(step):
                found |= {names[i] for i in column_positions(columns, names)}
    return found


def column_transformers(part: Any, names: Sequence[str]) -> Iterator[ColumnTransformer]:
    """Yield every fitted ColumnTransformer inside `part` that reads the table as it comes.

    Those further down a pipeline read what an earlier step made and know it by other names.
    """
    if isinstance(part, ColumnTransformer) and _reads_raw(part, names):
        yield part
    elif isinstance(part, BaseEstimator):
        for inner in vars(part).values():
            yield from column_transformers(inner, names)
    elif isinstance(part, (list, tuple)):
        for inner in part:
            yield from column_transformers(inner, names)
    elif isinstance(part, dict):
        for inner in part.values():
            yield from column_transformers(inner, names)


def column_positions(columns: Any, names: Sequence[str]) -> list[int]:
    """Return the positions that a fitted ColumnTransformer's column selection means."""
    if isinstance(columns, slice):
        start, stop = columns.start, columns.stop
        if isinstance(start, str) or isinstance(stop, str):  # a label slice includes its end
            start = None if start is None else names.index(start)
            stop = None if stop is None else names.index(stop) + 1
        return list(range(len(names)))[start : stop : columns.step]
    selected = [columns] if isinstance(columns, (str, int, np.integer)) else list(columns)
    if selected and all(isinstance(column, (bool, np.bool_)) for column in selected):
        return [i for i, wanted in enumerate(selected) if wanted]
    return [names.index(c) if isinstance(c, str) else int(c) % len(names) for c in selected]


def _reads_raw(transformer: ColumnTransformer, names: Sequence[str]) -> bool:
    known = getattr(transformer, "feature_names_in_", None)
    if known is not None:
        return list(known) == list(names)
    return bool(getattr(transformer, "n_features_in_", None) == len(names))


def is_vectoriser(step: Any) -> bool:
    """Return whether `step` itself makes numbers of texts."""
    return hasattr(step, "build_analyzer")


def has_vectoriser(step: Any) -> bool:
    """Return whether `step` is a text vectoriser or a chain of steps with one in it."""
    if is_vectoriser(step):
        return True
    inner = [*getattr(step, "steps", ()), *getattr(step, "transformer_list", ())]
    return any(has_vectoriser(entry[1]) for entry in inner)
