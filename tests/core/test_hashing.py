"""Terms are hashed as scikit-learn's HashingVectorizer hashes them."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.utils import murmurhash3_32

from spyhop.core.hashing import Hashing, hashed, signed_hash
from spyhop.core.text import (
    occurring_counts,
    term_counts,
    vectoriser_from_json,
    vectoriser_to_json,
)
from spyhop.engines.vectorisers import as_vectoriser

UNICODE = st.characters(exclude_categories=["Cs"])
TEXTS = st.lists(st.text(st.one_of(UNICODE, st.sampled_from("ab é"))), min_size=1, max_size=5)


@settings(max_examples=2000, deadline=None)
@given(st.text(UNICODE))
def test_a_term_has_the_hash_that_scikit_learn_gives_it(term):
    assert signed_hash(term) == murmurhash3_32(term, seed=0, positive=False)


@pytest.mark.parametrize("term", ["w12", "scikit", "日本語"])
@pytest.mark.parametrize("n_features", [1, 7, 2**20, 2**31 - 1])
def test_a_place_is_the_rest_of_the_hash_without_its_sign(term, n_features):
    number = murmurhash3_32(term, seed=0, positive=False)

    place, sign = hashed(term, Hashing(n_features))

    assert place == abs(int(number)) % n_features
    assert sign == (1 if number >= 0 else -1)
    assert hashed(term, Hashing(n_features, alternate_sign=False)) == (place, 1)


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.integers(1, 40), st.booleans(), st.booleans(), st.sampled_from(["word", "char"]))
def test_hashed_counts_are_those_of_scikit_learn(texts, n_features, signed, binary, analyzer):
    model = HashingVectorizer(
        n_features=n_features, alternate_sign=signed, binary=binary, analyzer=analyzer, norm=None
    )
    vectoriser = vectoriser_from_json(
        json.loads(json.dumps(vectoriser_to_json(as_vectoriser(model))))
    )
    expected = model.transform(texts).toarray()

    counts, places = occurring_counts(texts, vectoriser)

    assert (term_counts(texts, vectoriser) == expected).all()
    assert (counts == expected[:, places]).all()
    assert not np.delete(expected, places, axis=1).any()


def test_texts_without_a_term_have_one_place_of_zeros():
    vectoriser = as_vectoriser(HashingVectorizer(n_features=8))

    counts, places = occurring_counts(["", "!"], vectoriser)

    assert places.tolist() == [0]
    assert counts.tolist() == [[0.0], [0.0]]
