"""Profiles: what is counted, and that parts profiled apart add up to the whole."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spyhop.core.answers import AnswerSpec, Outputs
from spyhop.core.profile import (
    live_profile,
    merged,
    profile_from_json,
    profile_to_json,
    reference_profile,
)
from spyhop.core.schema import Column, Schema
from spyhop.core.summaries import Categories, reference_numbers, reference_texts
from spyhop.errors import ArtifactError

SCHEMA = Schema(
    "frame",
    (
        Column("age", "number", "float64", accepts_missing=True),
        Column("visits", "integer", "int64"),
        Column("member", "boolean", "bool"),
        Column("region", "category", "object", categories=("north", "sea"), accepts_missing=True),
        Column("note", "text", "object"),
    ),
)
ANSWERS = AnswerSpec("classification", ("no", "yes"), has_probabilities=True)


def table(ages, visits, members, regions, notes):
    return {
        "age": np.array(ages, dtype=float),
        "visits": np.array(visits, dtype=np.int64),
        "member": np.array(members, dtype=bool),
        "region": np.array(regions, dtype=object),
        "note": np.array(notes, dtype=object),
    }


def answered(probabilities):
    yes = np.array(probabilities, dtype=float)
    labels = np.where(yes > 0.5, "yes", "no").astype(object)
    return Outputs(labels, np.stack([1 - yes, yes], axis=1))


TRAINING = table(
    [20, 30, 40, np.nan],
    [1, 1, 2, 3],
    [True, False, True, True],
    ["north", "sea", None, "sea"],
    ["a whale", "two whales", "", "a seal"],
)
REFERENCE = reference_profile(TRAINING, SCHEMA, answered([0.1, 0.9, 0.6]), ANSWERS)

CELLS = {
    "ages": st.integers(-100, 100) | st.just(np.nan),
    "visits": st.integers(-5, 5),
    "members": st.booleans(),
    "regions": st.sampled_from(["north", "sea", "south", None]),
    "notes": st.text("ab é", max_size=8),
}


@st.composite
def profiles(draw):
    rows = draw(st.integers(0, 6))
    columns = {name: [draw(cell) for _ in range(rows)] for name, cell in CELLS.items()}
    sure = [draw(st.sampled_from([0.0, 0.25, 0.75, 1.0])) for _ in range(rows)]
    return live_profile(table(**columns), answered(sure), REFERENCE)


@given(profiles(), profiles())
def test_the_order_of_two_profiles_does_not_matter(one, other):
    assert merged(one, other) == merged(other, one)


@given(profiles(), profiles(), profiles())
def test_it_does_not_matter_which_profiles_are_added_first(one, two, three):
    assert merged(merged(one, two), three) == merged(one, merged(two, three))


@given(st.lists(st.integers(-100, 100), max_size=20), st.integers(0, 20))
def test_parts_profiled_apart_add_up_to_the_whole(values, cut):
    reference = reference_numbers(np.arange(1000.0) - 500)
    first, rest = np.array(values[:cut], dtype=float), np.array(values[cut:], dtype=float)

    added = reference.counted(first).plus(reference.counted(rest))

    assert added == reference.counted(np.array(values, dtype=float))


@given(profiles())
def test_a_profile_comes_back_from_json_as_it_was(profile):
    assert profile_from_json(profile_to_json(profile)) == profile


def test_numbers_fall_into_bins_that_hold_as_many_of_the_training_rows():
    found = reference_numbers(np.arange(1000.0))

    assert found.edges == (99, 199, 299, 399, 499, 599, 699, 799, 899)
    assert found.counts == (100,) * 10
    assert (found.minimum, found.maximum, found.total) == (0, 999, 499500)


def test_a_small_training_table_has_fewer_bins():
    assert len(reference_numbers(np.arange(300.0)).counts) == 3


def test_a_constant_column_has_one_bin_and_says_what_lies_outside():
    found = reference_numbers(np.full(500, 7.0)).counted(np.array([6, 7, 8, 9, np.nan]))

    assert (found.counts, found.below, found.above, found.missing) == ((4,), 1, 2, 1)


def test_a_category_that_training_did_not_see_counts_as_other():
    found = REFERENCE.columns["region"].counted(np.array(["sea", "moon", None], dtype=object))

    assert found == Categories(("sea", "north"), (1, 0), other=1, missing=1)


def test_codes_with_a_missing_value_are_counted_as_their_categories():
    found = Categories((1, 2), (0, 0)).counted(np.array([1.0, 2.0, np.nan, np.nan, 3.0]))

    assert found == Categories((1, 2), (1, 1), other=1, missing=2)


def test_texts_are_counted_by_length_by_strange_words_and_by_cells_of_words():
    reference = reference_texts(np.array(["a whale", "a seal"] * 100, dtype=object))

    found = reference.counted(np.array(["a whale", "a unicorn a", None, ""], dtype=object))

    assert found.lengths.missing == 1
    assert (found.strange.total, found.strange.missing) == (pytest.approx(1 / 3), 2)
    assert max(found.words) == 2
    assert b"whale" not in profile_to_json(REFERENCE)


def test_profiles_of_other_bins_are_not_added():
    one, other = reference_numbers(np.arange(9.0)), reference_numbers(np.arange(8.0))

    with pytest.raises(ValueError, match="other bins"):
        one.plus(other)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"format":2,"columns":{},"predictions":{}}', b'{"format":1}']
)
def test_what_is_no_profile_of_this_format_is_refused(body):
    with pytest.raises(ArtifactError, match="no profile"):
        profile_from_json(body)


def test_a_profile_whose_counts_do_not_fit_its_bins_is_refused():
    body = profile_to_json(REFERENCE).replace(b'"counts":[', b'"counts":[1,')

    with pytest.raises(ArtifactError, match="no profile"):
        profile_from_json(body)


@pytest.mark.parametrize("kind", ["number", "category", "text"])
def test_fifty_columns_of_any_kind_take_less_than_a_hundred_kilobytes(kind):
    rng = np.random.default_rng(0)
    known = tuple(f"a rather long category {i}" for i in range(500))
    values = {
        "number": rng.normal(0, 1e300, 5000),
        "category": rng.choice(np.array(known, dtype=object), 5000),
        "text": np.array([" ".join(rng.choice(known, 5)) for _ in range(200)], dtype=object),
    }[kind]
    columns = tuple(Column(f"c{i}", kind, "object", categories=known) for i in range(50))
    spec, outputs = AnswerSpec("regression"), Outputs(values=rng.normal(size=10))

    found = reference_profile(
        {c.name: values for c in columns}, Schema("frame", columns), outputs, spec
    )

    assert len(profile_to_json(found)) < 100_000


def test_sums_beyond_the_largest_number_still_come_back_from_json():
    values = np.full(500, 1e308)
    columns = (Column("x", "number", "float64"),)
    outputs, spec = Outputs(values=values), AnswerSpec("regression")

    found = reference_profile({"x": values}, Schema("matrix", columns), outputs, spec)

    assert profile_from_json(profile_to_json(merged(found, found))) == merged(found, found)
