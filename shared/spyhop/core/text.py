"""Texts as counts of terms, as scikit-learn's CountVectorizer and HashingVectorizer count them.

A graph has no regular expressions of Python's and no Unicode tables, so texts are cut into
terms here, before the engine, and a graph is fed the counts.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, Literal, TypeVar, cast, get_args

import numpy as np
from msgspec import Struct
from msgspec.structs import asdict
from numpy.typing import NDArray

from spyhop.core.hashing import Hashing, hashed
from spyhop.errors import ArtifactError

Analyzer = Literal["word", "char", "char_wb"]
Accents = Literal["ascii", "unicode"]

_Whole = TypeVar("_Whole", str, list[str])

_WHITE_SPACES = re.compile(r"\s\s+")


class Vectoriser(Struct, frozen=True, dict=True):
    """How texts are cut into terms, and the vocabulary: `terms` in the order of their counts.

    `analyzer` cuts runs of words, of characters, or of characters within a word; a run has
    from `ngram_range[0]` to `ngram_range[1]` of them.  Words are what `token_pattern` finds,
    without the `stop_words`.  Of a `binary` one no term counts more than once a text.  One
    with `hashing` has no terms of its own.
    """

    terms: tuple[str, ...] = ()
    analyzer: Analyzer = "word"
    ngram_range: tuple[int, int] = (1, 1)
    lowercase: bool = True
    strip_accents: Accents | None = None
    token_pattern: str = r"(?u)\b\w\w+\b"  # noqa: S105 (of words, not a password)
    stop_words: tuple[str, ...] = ()
    binary: bool = False
    hashing: Hashing | None = None

    @property
    def width(self) -> int:
        """How many counts a text has."""
        return len(self.terms) if self.hashing is None else self.hashing.n_features

    @cached_property
    def terms_of(self) -> Callable[[str], list[str]]:
        """A text → its terms, those outside the vocabulary too, as often as they occur."""
        first, last = self.ngram_range
        if self.analyzer == "char":
            return lambda text: _char_runs(self._prepared(text), first, last)
        if self.analyzer == "char_wb":
            return lambda text: _char_runs_in_words(self._prepared(text), first, last)
        words, stop_words = re.compile(self.token_pattern).findall, frozenset(self.stop_words)

        def word_terms(text: str) -> list[str]:
            kept = [word for word in words(self._prepared(text)) if word not in stop_words]
            return _word_runs(kept, first, last)

        return word_terms

    @cached_property
    def place_of(self) -> dict[str, int]:
        """A term → its place among the counts."""
        return {term: place for place, term in enumerate(self.terms)}

    def _prepared(self, text: str) -> str:
        text = text.lower() if self.lowercase else text
        if self.strip_accents is None or text.isascii():
            return text
        apart = unicodedata.normalize("NFKD", text)
        if self.strip_accents == "ascii":
            return apart.encode("ascii", "ignore").decode("ascii")
        return "".join(character for character in apart if not unicodedata.combining(character))


def term_counts(texts: Sequence[str], vectoriser: Vectoriser) -> NDArray[np.float64]:
    """Return how often each term occurs in each text, shape (n_texts, width)."""
    counts = np.zeros((len(texts), vectoriser.width))
    for row, text in zip(counts, texts, strict=True):
        found = _found(text, vectoriser)
        row[list(found)] = list(found.values())
    return counts


def occurring_counts(
    texts: Sequence[str], vectoriser: Vectoriser
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the columns of `term_counts` in which a text has a term, and their places.

    The places ascend.  There is always one: where no text has a term it is the first.
    """
    found = [_found(text, vectoriser) for text in texts]
    places = sorted(set().union(*found)) or [0]
    column_of = {place: column for column, place in enumerate(places)}
    counts = np.zeros((len(texts), len(places)))
    for row, numbers in zip(counts, found, strict=True):
        row[[column_of[place] for place in numbers]] = list(numbers.values())
    return counts, np.array(places, dtype=np.int64)


def _found(text: str, vectoriser: Vectoriser) -> dict[int, int]:
    """Return the count at each place where `text` has a term; those of a hash may cancel."""
    terms, found = Counter(vectoriser.terms_of(text)), dict[int, int]()
    if vectoriser.hashing is None:
        place_of = vectoriser.place_of
        found = {place_of[term]: n for term, n in terms.items() if term in place_of}
    else:
        for term, times in terms.items():
            place, sign = hashed(term, vectoriser.hashing)
            found[place] = found.get(place, 0) + sign * times
    return dict.fromkeys(found, 1) if vectoriser.binary else found


def _word_runs(words: list[str], first: int, last: int) -> list[str]:
    if last == 1:
        return words
    return [" ".join(run) for run in _runs(words, first, last)]


def _char_runs(text: str, first: int, last: int) -> list[str]:
    return _runs(_WHITE_SPACES.sub(" ", text), first, last)


def _runs(whole: _Whole, first: int, last: int) -> list[_Whole]:
    lengths = range(first, min(last, len(whole)) + 1)
    return [whole[i : i + n] for n in lengths for i in range(len(whole) - n + 1)]


def _char_runs_in_words(text: str, first: int, last: int) -> list[str]:
    """Return the runs within each word and the space on either side of it.

    A word shorter than `first` is one run, and none is taken twice for being short.
    """
    runs = []
    for word in text.split():
        padded = f" {word} "
        for n in range(first, last + 1):
            runs += [padded[i : i + n] for i in range(max(1, len(padded) - n + 1))]
            if n >= len(padded):
                break
    return runs


def vectoriser_to_json(vectoriser: Vectoriser) -> dict[str, Any]:
    """Return `vectoriser` as plain JSON values."""
    return {
        "analyzer": vectoriser.analyzer,
        "ngram_range": list(vectoriser.ngram_range),
        "lowercase": vectoriser.lowercase,
        "strip_accents": vectoriser.strip_accents,
        "token_pattern": vectoriser.token_pattern,
        "binary": vectoriser.binary,
        "stop_words": list(vectoriser.stop_words),
        **(
            {"terms": list(vectoriser.terms)}
            if vectoriser.hashing is None
            else {"hashing": asdict(vectoriser.hashing)}
        ),
    }


def vectoriser_from_json(value: Mapping[str, Any]) -> Vectoriser:
    """Return the vectoriser that `vectoriser_to_json` wrote.

    Raises:
        ArtifactError: it cuts texts in a way that this spyhop, or this Python, does not know.
    """
    analyzer, accents = value["analyzer"], value["strip_accents"]
    if analyzer not in get_args(Analyzer) or accents not in (None, *get_args(Accents)):
        raise ArtifactError(
            f"a vectoriser has the analyzer {analyzer!r} and strip_accents {accents!r}, expected "
            f"{', '.join(get_args(Analyzer))} and null, {', '.join(get_args(Accents))}. Serve "
            "this bundle with the spyhop that packed it, or a newer one."
        )
    try:
        re.compile(value["token_pattern"])
    except re.error as error:
        raise ArtifactError(f"a vectoriser has a token_pattern that is none: {error}") from error
    first, last = value["ngram_range"]
    hashing = value.get("hashing")
    return Vectoriser(
        terms=tuple(value["terms"]) if hashing is None else (),
        analyzer=cast(Analyzer, analyzer),
        ngram_range=(int(first), int(last)),
        lowercase=value["lowercase"],
        strip_accents=cast(Accents | None, accents),
        token_pattern=value["token_pattern"],
        stop_words=tuple(value["stop_words"]),
        binary=value["binary"],
        hashing=None if hashing is None else Hashing(**hashing),
    )
