"""One column's values as counts: what a profile keeps of numbers, categories and texts.

The reference decides how rows are told apart (`edges`, `categories`, `frequent`).  Whatever is
summarised later is counted in the same cells, so that two summaries can be added and compared.
Counts add exactly; `total` and `squares` to the rounding of a sum.
"""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any
from zlib import crc32

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from spyhop.core.schema import Category

# As many bins as show where a column moved; fewer where the reference could not fill them.
MOST_BINS = 10
LEAST_ROWS_A_BIN = 100

# What has more values than this, or longer ones, would make a profile of one column.
MOST_CATEGORIES = 60
MOST_CATEGORY_BYTES = 1000

MOST_FREQUENT = 100
WORD_CELLS = 128

_LARGEST = float(np.finfo(np.float64).max)

_WORDS = re.compile(r"\w+").findall


class Numbers(Struct, frozen=True, tag="numbers", omit_defaults=True):
    """Rows by bin: the first has the values up to and including `edges[0]`, the last the rest.

    `lowest` and `highest` are the range of the reference; `below` and `above` count values
    outside of it, which are in the first and the last bin too.
    """

    edges: tuple[float, ...]
    lowest: float
    highest: float
    counts: tuple[int, ...]
    missing: int = 0
    below: int = 0
    above: int = 0
    total: float = 0.0
    squares: float = 0.0
    minimum: float | None = None
    maximum: float | None = None

    def __post_init__(self) -> None:
        if len(self.counts) != len(self.edges) + 1:
            raise ValueError("numbers have one bin more than edges between them")

    @property
    def rows(self) -> int:
        """How many rows there are, those without a value included."""
        return sum(self.counts) + self.missing

    def counted(self, values: NDArray[Any]) -> "Numbers":
        """Return `values` in these bins, NaN being a missing one, and nothing else."""
        numbers = np.asarray(values, dtype=np.float64)
        present = numbers[~np.isnan(numbers)]
        with np.errstate(over="ignore"):
            total, squares = float(present.sum()), float(np.square(present).sum())
        places = np.searchsorted(self.edges, present, side="left")
        return Numbers(
            self.edges,
            self.lowest,
            self.highest,
            tuple(np.bincount(places, minlength=len(self.counts)).tolist()),
            missing=len(numbers) - len(present),
            below=int(np.count_nonzero(present < self.lowest)),
            above=int(np.count_nonzero(present > self.highest)),
            total=_in_json(total),
            squares=_in_json(squares),
            minimum=float(present.min()) if len(present) else None,
            maximum=float(present.max()) if len(present) else None,
        )

    def plus(self, other: "Numbers") -> "Numbers":
        """Return the rows of both."""
        if (self.edges, self.lowest, self.highest) != (other.edges, other.lowest, other.highest):
            raise ValueError("these numbers were counted in other bins")
        return replace(
            self,
            counts=_sums(self.counts, other.counts),
            missing=self.missing + other.missing,
            below=self.below + other.below,
            above=self.above + other.above,
            total=_in_json(self.total + other.total),
            squares=_in_json(self.squares + other.squares),
            minimum=min(_present(self.minimum, other.minimum), default=None),
            maximum=max(_present(self.maximum, other.maximum), default=None),
        )


class Categories(Struct, frozen=True, tag="categories", omit_defaults=True):
    """Rows by category; `other` counts values that are none of `categories`."""

    categories: tuple[Category, ...]
    counts: tuple[int, ...]
    other: int = 0
    missing: int = 0

    def __post_init__(self) -> None:
        if len(self.counts) != len(self.categories):
            raise ValueError("categories have one count each")

    @property
    def rows(self) -> int:
        """How many rows there are, those without a value included."""
        return sum(self.counts) + self.other + self.missing

    def counted(self, values: NDArray[Any]) -> "Categories":
        """Return `values` by these categories, None or NaN being a missing one."""
        found, missing = _tally(values)
        counts = tuple(found.get(category, 0) for category in self.categories)
        return Categories(
            self.categories, counts, other=found.total() - sum(counts), missing=missing
        )

    def plus(self, other: "Categories") -> "Categories":
        """Return the rows of both."""
        if self.categories != other.categories:
            raise ValueError("these rows were counted by other categories")
        return replace(
            self,
            counts=_sums(self.counts, other.counts),
            other=self.other + other.other,
            missing=self.missing + other.missing,
        )


class Texts(Struct, frozen=True, tag="texts"):
    """Texts by length in characters, and by the share of their words that are not `frequent`.

    `words` counts the texts that have a word in each of 128 cells, a word's cell being its
    CRC-32; texts and not words, for the words of one text come together.  `frequent` are the
    CRC-32 of the reference's hundred most frequent words: no profile holds a text's words.
    """

    frequent: tuple[int, ...]
    lengths: Numbers
    strange: Numbers
    words: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.words) != WORD_CELLS:
            raise ValueError(f"texts have {WORD_CELLS} cells of words")

    @property
    def rows(self) -> int:
        """How many rows there are, those without a text included."""
        return self.lengths.rows

    def counted(self, values: NDArray[Any]) -> "Texts":
        """Return `values` in these bins, None being a missing text."""
        texts = values.tolist()
        hashes = [_word_hashes(text) for text in texts]
        cells = Counter(cell for found in hashes for cell in {h % WORD_CELLS for h in found})
        return Texts(
            self.frequent,
            self.lengths.counted(_lengths(texts)),
            self.strange.counted(_strange_shares(hashes, frozenset(self.frequent))),
            tuple(cells.get(cell, 0) for cell in range(WORD_CELLS)),
        )

    def plus(self, other: "Texts") -> "Texts":
        """Return the rows of both."""
        if self.frequent != other.frequent:
            raise ValueError("these texts were counted by other words")
        return Texts(
            self.frequent,
            self.lengths.plus(other.lengths),
            self.strange.plus(other.strange),
            _sums(self.words, other.words),
        )


Summary = Numbers | Categories | Texts


def reference_numbers(values: NDArray[Any]) -> Numbers:
    """Return `values` in bins that hold about as many of them each."""
    numbers = np.asarray(values, dtype=np.float64)
    present = numbers[~np.isnan(numbers)]
    if not len(present):
        return Numbers((), 0.0, 0.0, (0,)).counted(numbers)
    lowest, highest = float(present.min()), float(present.max())
    n_bins = max(2, min(MOST_BINS, len(present) // LEAST_ROWS_A_BIN))
    # Edges are values that occur, so that a value occurring often ends a bin.
    inner = np.quantile(present, np.arange(1, n_bins) / n_bins, method="inverted_cdf")
    edges = tuple(float(edge) for edge in np.unique(inner) if edge < highest)
    return Numbers(edges, lowest, highest, (0,) * (len(edges) + 1)).counted(numbers)


def reference_categories(values: NDArray[Any], known: Sequence[Category]) -> Categories:
    """Return `values` by those of the `known` categories that are frequent."""
    found, _ = _tally(values)
    kept: list[Category] = []
    size = 0
    for category in sorted(known, key=lambda category: -found[category]):
        size += len(str(category).encode())
        if len(kept) == MOST_CATEGORIES or size > MOST_CATEGORY_BYTES:
            break
        kept.append(category)
    return Categories(tuple(kept), (0,) * len(kept)).counted(values)


def reference_texts(values: NDArray[Any]) -> Texts:
    """Return `values` with the bins and the frequent words that they themselves give."""
    texts = values.tolist()
    hashes = [_word_hashes(text) for text in texts]
    times = Counter(word for found in hashes for word in set(found))
    # Of words that are equally frequent, always the same ones.
    ranked = sorted(times, key=lambda word: (-times[word], word))
    frequent = tuple(sorted(ranked[:MOST_FREQUENT]))
    return Texts(
        frequent,
        reference_numbers(_lengths(texts)),
        reference_numbers(_strange_shares(hashes, frozenset(frequent))),
        (0,) * WORD_CELLS,
    ).counted(values)


def _tally(values: NDArray[Any]) -> tuple[Counter[Any], int]:
    """Return how often each value occurs, and how many are missing."""
    if values.dtype.kind == "f":
        missing = int(np.count_nonzero(np.isnan(values)))
        return Counter(values[~np.isnan(values)].tolist()), missing
    found = Counter(values.tolist())
    return found, found.pop(None, 0)


def _lengths(texts: Sequence[str | None]) -> NDArray[np.float64]:
    return np.array([np.nan if text is None else len(text) for text in texts], dtype=np.float64)


def _word_hashes(text: str | None) -> list[int]:
    return [] if text is None else [crc32(word.encode()) for word in _WORDS(text.lower())]


def _strange_shares(
    hashes: Sequence[Sequence[int]], frequent: frozenset[int]
) -> NDArray[np.float64]:
    """Return the share of each text's words that are not frequent, NaN where it has no words."""
    return np.array(
        [
            sum(word not in frequent for word in found) / len(found) if found else np.nan
            for found in hashes
        ],
        dtype=np.float64,
    )


def _in_json(number: float) -> float:
    """Return `number`, or the largest there is where a sum went beyond it."""
    return max(-_LARGEST, min(number, _LARGEST))


def _sums(one: Sequence[int], other: Sequence[int]) -> tuple[int, ...]:
    return tuple(a + b for a, b in zip(one, other, strict=True))


def _present(*values: float | None) -> list[float]:
    return [value for value in values if value is not None]
