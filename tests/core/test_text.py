"""Texts are counted as scikit-learn's CountVectorizer counts them."""

import json
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from spyhop.core.text import Vectoriser, term_counts, vectoriser_from_json, vectoriser_to_json
from spyhop.engines.vectorisers import as_vectoriser
from spyhop.errors import ArtifactError

ODD_TEXTS = [
    "İstanbul'da IŞIK ısı",
    "Straße STRASSE ẞ ſ",
    "ΣΊΣΥΦΟΣ Σ ας",
    "cafe\u0301 café CAFÉ ﬁne",
    "👩‍👩‍👧 😀 emoji",
    "日本語 テスト 한국어",
    "",
    "   ",
    "the and of",
    "a  b\t\tc\n\nd\u2028e\u00a0\u00a0f",
    "don't_stop-now 3.14 A1 x² Ⅷ ǅ",
]

PIECES = st.sampled_from([*ODD_TEXTS, "the", "a", " ", "  ", "é", "e\u0301", "ab", "\n", "_"])
TEXTS = st.lists(
    st.one_of(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
        st.lists(PIECES, max_size=6).map("".join),
        st.text("abİßΣé \t", max_size=20),
    ),
    min_size=1,
    max_size=8,
)
PATTERNS = [r"(?u)\b\w\w+\b", r"\w+", r"(?a)\w+", r"(?i)x?(\w)\w", r"\S+", r"\w*", r"[^\W\d_]+"]


@st.composite
def parameters(draw):
    first = draw(st.integers(-1, 4))
    return {
        "analyzer": draw(st.sampled_from(["word", "char", "char_wb"])),
        "ngram_range": (first, first + draw(st.integers(0, 3))),
        "lowercase": draw(st.booleans()),
        "strip_accents": draw(st.sampled_from([None, "ascii", "unicode"])),
        "token_pattern": draw(st.sampled_from(PATTERNS)),
        "stop_words": draw(st.sampled_from([None, "english", ["ab", "é", "straße"]])),
        "binary": draw(st.booleans()),
    }


@settings(max_examples=500, deadline=None)
@given(parameters(), TEXTS, TEXTS)
def test_counts_are_those_of_scikit_learn_for_any_text_and_parameters(chosen, learnt, asked):
    model = CountVectorizer(**chosen)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            model.fit(learnt)
        except ValueError:  # the texts have no term at all
            return
        texts = [*learnt, *asked, *ODD_TEXTS]
        expected = model.transform(texts).toarray()

    counts = term_counts(texts, as_vectoriser(model))

    assert np.array_equal(counts, expected)


def test_counts_stand_in_the_order_of_the_vocabulary():
    vectoriser = Vectoriser(terms=("eggs", "ham"))

    counts = term_counts(["Ham, eggs and ham", "spam"], vectoriser)

    assert counts.tolist() == [[1, 2], [0, 0]]


def test_a_vectoriser_survives_its_own_json():
    vectoriser = Vectoriser(("ß", '"'), "char_wb", (2, 3), False, "ascii", r"(\w)", ("a",), True)

    assert (
        vectoriser_from_json(json.loads(json.dumps(vectoriser_to_json(vectoriser)))) == vectoriser
    )


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("analyzer", r"the analyzer '\(ham'"),
        ("strip_accents", r"strip_accents '\(ham'"),
        ("token_pattern", "a token_pattern that is none: missing \\), unterminated subpattern"),
    ],
)
def test_a_vectoriser_that_this_python_cannot_be_is_refused(field, said):
    written = vectoriser_to_json(Vectoriser(terms=("a",))) | {field: "(ham"}

    with pytest.raises(ArtifactError, match=said):
        vectoriser_from_json(written)
