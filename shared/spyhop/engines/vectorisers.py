"""Text vectorisers taken out of a pipeline: what counts terms goes before the graph.

What is left of the pipeline reads the counts, as further columns of its input.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import (
    CountVectorizer,
    HashingVectorizer,
    TfidfVectorizer,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import Normalizer

from spyhop.core.blocks import Block
from spyhop.core.hashing import Hashing
from spyhop.core.text import Vectoriser
from spyhop.engines.converters.texts import Columns
from spyhop.engines.fitted import column_positions, has_vectoriser, is_vectoriser
from spyhop.errors import ArtifactError

# What holds counts exactly, and lets what follows compute in float64.
_WIDE = ("int32", "int64", "float64")


def only_counted(transformers: Iterable[ColumnTransformer], names: Sequence[str]) -> set[str]:
    """Return the columns that vectorisers read and nothing else does.

    Raises:
        ArtifactError: a vectoriser reads several columns, which its terms would not tell apart.
    """
    counted, others = set(), set()
    for transformer in transformers:
        for name, step, columns in transformer.transformers_:
            read = {names[i] for i in column_positions(columns, names)}
            if not has_vectoriser(step):
                others |= read if step != "drop" else set()
            elif isinstance(columns, (str, int, np.integer)):
                counted |= read
            else:
                raise ArtifactError(
                    f'the step "{name}" counts terms of a table; a graph can be fed only terms of '
                    "the texts of one column, selected by its name alone"
                )
    return counted - others


class Counts:
    """Takes vectorisers out of a pipeline, and keeps each as a block of counts.

    `end` is the place after the last column of the graph's input so far.
    """

    def __init__(self, end: int) -> None:
        self.blocks: list[Block] = []
        self.end = end
        self._seen: dict[int, tuple[Any, Any]] = {}

    def instead_of_texts(self, part: Any, column: str) -> Any:
        """Return `part`, changed in place, such that it reads counts and no longer texts.

        `part` is what reads the texts of `column`.  The counts' places count from its own
        first column, which is at `end`.

        Raises:
            ArtifactError: a vectoriser runs a function of its author's, or does not read the
                column as it comes.
        """
        return self._changed(part, column, self.end)

    def _changed(self, part: Any, column: str, start: int) -> Any:
        if id(part) in self._seen:
            return self._seen[id(part)][1]
        changed = self._change(part, column, start)
        if isinstance(part, BaseEstimator):
            self._seen[id(part)] = (part, changed)  # the part too, lest its id be given anew
        return changed

    def _change(self, part: Any, column: str, start: int) -> Any:
        if is_vectoriser(part):
            return self._counted(part, column, start) if _is_fitted(part) else part
        if isinstance(part, Pipeline):
            part.steps = list(self._steps(part, column, start))
        elif isinstance(part, BaseEstimator):
            for name, inner in list(vars(part).items()):
                setattr(part, name, self._changed(inner, column, start))
        elif type(part) in (list, tuple):
            return type(part)(self._changed(inner, column, start) for inner in part)
        elif isinstance(part, dict):
            for name, inner in part.items():
                part[name] = self._changed(inner, column, start)
        return part

    def _steps(self, pipeline: Pipeline, column: str, start: int) -> Iterator[tuple[str, Any]]:
        """Yield the steps that do anything, the first of them changed."""
        reads_texts = True
        for name, step in pipeline.steps:
            if step in (None, "passthrough"):
                continue
            if not reads_texts and has_vectoriser(step):
                raise ArtifactError(
                    f'the step "{name}" counts terms of what an earlier step makes of the texts; '
                    "a graph can be fed only terms of the texts as they come"
                )
            yield name, self._changed(step, column, start) if reads_texts else step
            reads_texts = False

    def _counted(self, model: Any, column: str, start: int) -> Any:
        vectoriser = as_vectoriser(model)
        name = f"vectoriser_{len(self.blocks) + 1}"
        self.blocks.append(Block(name, "counts", (column,), vectoriser=vectoriser))
        first, self.end = self.end, self.end + vectoriser.width
        counts = Columns(first - start, self.end - start)
        if type(model) is TfidfVectorizer:
            return make_pipeline(counts, model._tfidf)
        norm = getattr(model, "norm", None)
        return counts if norm is None else make_pipeline(counts, Normalizer(norm))


def _is_fitted(model: Any) -> bool:
    return hasattr(model, "vocabulary_") or not isinstance(model, CountVectorizer)


def as_vectoriser(model: Any) -> Vectoriser:
    """Return how the fitted vectoriser `model` counts.

    Raises:
        ArtifactError: it counts in a way that a `Vectoriser` cannot say.
    """
    reason = _why_not(model)
    if reason is not None:
        raise ArtifactError(f"{type(model).__name__} {reason}")
    vocabulary = getattr(model, "vocabulary_", {})
    terms = sorted(vocabulary, key=vocabulary.__getitem__)
    stop_words = (model.get_stop_words() if model.analyzer == "word" else None) or ()
    first, last = model.ngram_range
    vectoriser = Vectoriser(
        terms=tuple(str(term) for term in terms),
        analyzer=model.analyzer,
        ngram_range=(int(first), int(last)),
        lowercase=bool(model.lowercase),
        strip_accents=model.strip_accents or None,
        token_pattern=model.token_pattern or "",
        stop_words=tuple(sorted(str(word) for word in stop_words)),
        binary=bool(model.binary),
        hashing=_hashing(model) if isinstance(model, HashingVectorizer) else None,
    )
    try:
        " ".join((*vectoriser.terms, *vectoriser.stop_words, vectoriser.token_pattern)).encode()
    except UnicodeEncodeError as error:
        raise ArtifactError("the vocabulary has a lone surrogate, which no file holds") from error
    return vectoriser


def _hashing(model: HashingVectorizer) -> Hashing:
    return Hashing(int(model.n_features), bool(model.alternate_sign))


def _why_not(model: Any) -> str | None:
    """Return why what `model` counts cannot be told by its parameters, or None if it can."""
    if type(model) not in (CountVectorizer, HashingVectorizer, TfidfVectorizer):
        return "has a way of its own to count"
    for name in ("preprocessor", "tokenizer", "analyzer", "strip_accents"):
        if callable(getattr(model, name)):
            return f"has a {name} that is a function, which cannot be told from its parameters"
    if model.input != "content":
        return f"reads a {model.input} where rows have texts"
    if np.dtype(model.dtype).name not in _WIDE:
        return f"counts in {np.dtype(model.dtype).name}, expected {', '.join(_WIDE)}"
    if not all(isinstance(term, str) for term in getattr(model, "vocabulary_", ())):
        return "has terms in its vocabulary that are no texts"
    return None
