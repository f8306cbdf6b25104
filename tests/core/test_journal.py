"""What a journal says: which states stand, what going back means, who answers which caller."""

import math

from hypothesis import given
from hypothesis import strategies as st

from spyhop.core.journal import (
    Release,
    before_the_last,
    chosen_version,
    fallbacks,
    states,
)


def journal(*entries):
    """Return releases from (action, weights) or (action, weights, shadow)."""
    return [
        Release(number, weights, action, "ada", "", "", *shadow)
        for number, (action, weights, *shadow) in enumerate(entries, start=1)
    ]


A, B, C = {"a": 100}, {"b": 100}, {"c": 100}


def numbers(releases):
    return [release.number for release in releases]


def test_without_an_entry_there_is_nothing_to_go_back_to():
    assert states([]) == []
    assert before_the_last([]) is None


def test_the_first_release_has_nothing_before_it():
    assert before_the_last(journal(("promote", A))) is None


def test_going_back_twice_goes_back_twice_as_far():
    entries = [("promote", A), ("promote", B), ("promote", C)]

    once = before_the_last(journal(*entries))
    twice = before_the_last(journal(*entries, ("rollback", once.weights)))

    assert once.weights == B
    assert twice.weights == A
    assert before_the_last(journal(*entries, ("rollback", B), ("rollback", A))) is None


def test_after_going_back_and_on_again_one_goes_back_to_where_one_had_gone_back_to():
    found = journal(("promote", A), ("promote", B), ("rollback", A), ("promote", C))

    assert before_the_last(found).weights == A


def test_a_rollback_ends_a_canary_and_each_growth_of_it_is_a_step():
    small, half = {"b": 10, "a": 90}, {"b": 50, "a": 50}
    entries = [("promote", A), ("canary", small), ("canary", half)]

    assert before_the_last(journal(*entries[:2])).weights == A
    assert before_the_last(journal(*entries)).weights == small
    assert before_the_last(journal(*entries, ("rollback", small))).weights == A


def test_a_shadow_is_a_state_of_its_own():
    found = journal(("promote", A), ("shadow", A, "b"))

    assert before_the_last(found).shadow is None


def test_promoting_what_serves_already_is_not_a_step_to_go_back_by():
    found = journal(("promote", A), ("promote", B), ("promote", B))

    assert before_the_last(found).weights == A
    assert before_the_last(journal(("promote", A), ("promote", A))) is None


def test_the_same_version_may_come_back_and_is_then_a_state_again():
    found = journal(("promote", A), ("promote", B), ("promote", A))

    assert [release.weights for release in states(found)] == [A, B, A]


def test_a_rollback_is_understood_though_an_entry_between_cannot_be_read():
    found = journal(("promote", A), ("promote", B), ("promote", C), ("rollback", B))

    assert [r.weights for r in states([found[0], found[1], found[3]])] == [A, B]
    assert [r.weights for r in states([found[0], found[3]])] == [A, B]


def test_fallbacks_are_what_served_before_the_nearest_first():
    found = journal(("promote", A), ("promote", B), ("promote", C))

    assert numbers(fallbacks(found, 3)) == [2, 1]


def test_what_people_went_back_from_is_no_fallback():
    found = journal(("promote", A), ("promote", B), ("rollback", A), ("promote", C))

    assert [release.weights for release in fallbacks(found, 4)] == [A]


def test_a_fallback_is_never_the_state_that_failed():
    found = journal(("promote", A), ("promote", B), ("promote", C), ("rollback", B))

    assert [release.weights for release in fallbacks(found, 4)] == [A]


def test_fallbacks_are_found_though_the_failed_entry_cannot_be_read():
    assert numbers(fallbacks(journal(("promote", A), ("promote", B)), 3)) == [2, 1]


def test_one_version_answers_everybody():
    assert chosen_version({"a": 100}, "whales", "anybody") == "a"


KEYS = st.text(st.characters(codec=None), max_size=30)


@given(KEYS)
def test_a_key_gets_the_same_version_as_long_as_the_weights_stay(key):
    weights = {"b": 30, "a": 70}

    assert chosen_version(weights, "whales", key) == chosen_version(weights, "whales", key)


@given(KEYS, st.integers(1, 99), st.integers(1, 99))
def test_a_share_that_grows_keeps_the_keys_that_it_had(key, one, other):
    small, large = sorted((one, other))

    if chosen_version({"b": small, "a": 100 - small}, "whales", key) == "b":
        assert chosen_version({"b": large, "a": 100 - large}, "whales", key) == "b"


@given(st.integers(1, 99))
def test_a_share_is_what_was_asked_for(weight):
    n, share = 4000, weight / 100
    weights = {"b": weight, "a": 100 - weight}

    hits = sum(chosen_version(weights, "whales", f"caller {i}") == "b" for i in range(n))

    assert abs(hits - n * share) < 5 * math.sqrt(n * share * (1 - share))


def test_a_key_that_is_first_for_one_model_is_not_first_for_all():
    weights, keys = {"b": 10, "a": 90}, [f"caller {i}" for i in range(2000)]

    first, second = (
        {key for key in keys if chosen_version(weights, model, key) == "b"}
        for model in ("whales", "churn")
    )

    assert len(first & second) < len(first) / 3
