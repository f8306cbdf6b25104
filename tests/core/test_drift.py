"""Findings: which moves are alarms, which are chance, and when nobody can tell."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from spyhop.core.answers import AnswerSpec, Outputs
from spyhop.core.drift import (
    DriftPolicy,
    compare_profiles,
    false_discoveries,
    rows_needed,
    windows_a_month,
)
from spyhop.core.profile import live_profile, reference_profile
from spyhop.core.schema import Column, Schema
from spyhop.core.shift import population_stability, shift_p_value
from spyhop.core.tails import gamma_tail, hypergeometric_tail

POLICY = DriftPolicy(windows_a_month=30)


@given(st.floats(0.3, 100), st.floats(0.001, 400))
def test_the_tail_of_a_gamma_is_scipys(shape, x):
    assert gamma_tail(shape, x) == pytest.approx(stats.gamma.sf(x, shape), rel=1e-7, abs=1e-12)


@given(st.integers(1, 500), st.integers(1, 500), st.data())
def test_the_tail_of_a_hypergeometric_is_scipys(n, m, data):
    marked, hits = data.draw(st.integers(0, n + m)), data.draw(st.integers(0, m))

    expected = stats.hypergeom.sf(hits - 1, n + m, marked, m)
    assert hypergeometric_tail(hits, m, marked, n + m) == pytest.approx(expected, rel=1e-6)


def test_psi_of_equal_shares_is_nothing_whatever_the_totals():
    assert population_stability([10, 20, 70], [100, 200, 700]) == 0


def test_psi_of_half_as_many_and_half_more():
    assert population_stability([50, 50], [25, 75]) == pytest.approx(0.2747, abs=1e-4)


def test_a_category_that_vanished_counts_as_half_a_row():
    assert population_stability([50, 50], [100, 0]) == pytest.approx(2.622, abs=1e-3)


def test_psi_of_nothing_is_refused():
    with pytest.raises(ValueError, match="no rows"):
        population_stability([1, 2], [0, 0])


def test_a_psi_above_the_textbooks_threshold_is_chance_at_a_hundred_rows():
    reference, live = [1000] * 10, [16, 5, 12, 8, 10, 13, 6, 9, 14, 7]

    assert population_stability(reference, live) > 0.1
    assert shift_p_value(reference, live, in_order=True) > 0.1


def test_the_same_shares_at_ten_thousand_rows_are_no_chance():
    live = [1600, 500, 1200, 800, 1000, 1300, 600, 900, 1400, 700]

    assert shift_p_value([1000] * 10, live, in_order=True) < 1e-50


def test_too_few_rows_for_two_cells_say_nothing():
    assert shift_p_value([500, 500], [0, 15], in_order=False) == 1


def test_the_p_value_is_what_dealing_at_random_gives():
    before, now = np.array([300, 120, 60, 60]), np.array([45, 25, 15, 15])
    total, m = before + now, now.sum()
    dealt = np.random.default_rng(0).multivariate_hypergeometric(total, m, 20_000)

    def apart(counts):
        return (np.square(counts - m * total / total.sum()) / total).sum(axis=-1)

    by_dealing = (apart(dealt) >= apart(now)).mean()

    assert shift_p_value(before, now, in_order=False) == pytest.approx(by_dealing, abs=0.004)


def test_of_many_columns_each_must_be_less_likely():
    assert false_discoveries([0.03], 0.05) == [True]
    assert false_discoveries([0.03] + [0.5] * 9, 0.05) == [False] * 10
    assert false_discoveries([0.03, 0.001, 0.02, 0.9], 0.05) == [True, True, True, False]


def test_the_budget_gives_the_level_of_a_window():
    hourly = DriftPolicy(windows_a_month=windows_a_month(24_000, 1000))

    assert hourly.level == pytest.approx(1 / 720)
    assert DriftPolicy(windows_a_month=1).level == 0.05


def test_rows_needed_find_the_move_four_times_of_five():
    needed = rows_needed(10_000, 10, 0.001, 0.25)
    rng = np.random.default_rng(0)
    shares = np.array([0.1] * 10) * (1 + 0.5 * np.array([1, -1] * 5))
    psi = population_stability([1000] * 10, shares * 1e6)

    needed = rows_needed(10_000, 10, 0.001, psi)
    live = rng.multinomial(needed, shares, 400)
    found = np.mean([shift_p_value([1000] * 10, x, in_order=True) < 0.001 for x in live])

    assert 0.7 < found < 0.92


def test_a_reference_that_is_too_small_is_enough_for_no_number_of_rows():
    assert rows_needed(50, 10, 0.001, 0.25) is None


SCHEMA = Schema(
    "frame",
    (
        Column("age", "number", "float64", accepts_missing=True),
        Column("region", "category", "object", categories=("north", "sea", "south")),
        Column("note", "text", "object"),
    ),
)
REGRESSION = AnswerSpec("regression")


def rows(n, seed):
    rng = np.random.default_rng(seed)
    words = np.array(["whale", "seal", "calm", "storm", "boat"], dtype=object)
    table = {
        "age": rng.normal(40, 10, n),
        "region": rng.choice(np.array(["north", "sea", "south"], dtype=object), n),
        "note": np.array([" ".join(rng.choice(words, 3)) for _ in range(n)], dtype=object),
    }
    return table, Outputs(values=rng.normal(0, 1, n))


REFERENCE = reference_profile(*[rows(5000, 0)[0], SCHEMA, rows(2000, 1)[1], REGRESSION])


def findings(change, n=2000, policy=POLICY):
    table, outputs = rows(n, 2)
    change(table, outputs)
    return compare_profiles(REFERENCE, live_profile(table, outputs, REFERENCE), policy)


def alarms(found):
    return {(f.column, f.kind, f.verdict) for f in found if f.verdict in ("drift", "break")}


def test_unchanged_data_is_steady():
    found = findings(lambda table, outputs: None)

    assert {finding.verdict for finding in found} == {"steady"}


def test_a_number_that_moved_is_drift_of_that_column_alone():
    def older(table, outputs):
        table["age"] = np.minimum(table["age"] + 5, 70)

    assert alarms(findings(older)) == {("age", "shift", "drift")}


def test_values_that_went_missing_are_a_break():
    def lost(table, outputs):
        table["age"][:20] = np.nan

    assert alarms(findings(lost)) == {("age", "missing", "break")}


def test_a_category_that_training_never_saw_is_a_break():
    def new(table, outputs):
        table["region"][:20] = "moon"

    (found,) = [f for f in findings(new) if f.verdict == "break"]

    assert (found.column, found.kind, found.statistic) == ("region", "unseen", 0.01)


def test_values_in_another_unit_are_outside_the_range():
    def in_months(table, outputs):
        table["age"] *= 12

    assert ("age", "range", "break") in alarms(findings(in_months))


def test_a_word_that_became_frequent_is_drift():
    def stormy(table, outputs):
        table["note"][:600] = "storm storm whale"

    assert ("note", "words", "drift") in alarms(findings(stormy))


def test_predictions_that_moved_are_drift_of_the_prediction():
    def higher(table, outputs):
        outputs.values[:] += 0.5

    (found,) = [f for f in findings(higher) if f.verdict == "drift"]

    assert (found.of, found.column) == ("prediction", "value")


def test_a_move_of_few_rows_is_real_but_slight():
    def older(table, outputs):
        table["age"] = np.minimum(table["age"] + 5, 70)

    found = findings(older, policy=DriftPolicy(windows_a_month=30, least_moved=0.5))

    assert {f.verdict for f in found} == {"steady", "slight"}


def test_fifty_rows_are_too_few_and_say_how_many_are_needed():
    found = findings(lambda table, outputs: None, n=50)

    (age,) = [f for f in found if (f.column, f.kind) == ("age", "shift")]
    assert age.verdict == "too few rows"
    assert 100 < age.rows_needed < 300


def test_no_rows_at_all_are_too_few():
    found = findings(lambda table, outputs: None, n=0)

    assert {f.verdict for f in found if f.kind == "shift"} == {"too few rows"}
    assert not alarms(found)
