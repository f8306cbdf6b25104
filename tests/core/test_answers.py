"""How outputs become answers, how answers are compared, which rows are kept as golden."""

import numpy as np
import pytest

from spyhop.core.answers import AnswerSpec, Outputs, answers_from_json, answers_to_json, predictions
from spyhop.core.golden import golden_rows
from spyhop.core.parity import compare, scale_of
from spyhop.errors import InvalidRequest

BINARY = AnswerSpec("classification", (False, True), has_probabilities=True)
REGRESSION = AnswerSpec("regression")


def test_a_graphs_zero_and_one_are_the_callers_false_and_true():
    outputs = Outputs(labels=np.array([1]), probabilities=np.array([[0.25, 0.75]]))

    assert predictions(outputs, BINARY) == [
        {"label": True, "probabilities": {"false": 0.25, "true": 0.75}}
    ]
    assert predictions(outputs, BINARY)[0]["label"] is True


@pytest.mark.parametrize("n_classes", [2, 3])
def test_each_probability_stands_beside_the_class_it_is_for(n_classes):
    classes = ("a", "b", "c")[:n_classes]
    spec = AnswerSpec("classification", classes, has_probabilities=True)
    table = np.arange(2.0 * n_classes).reshape(2, -1)

    answers = predictions(Outputs(labels=np.array(["b", "a"]), probabilities=table), spec)

    assert [answer["label"] for answer in answers] == ["b", "a"]
    assert [list(answer["probabilities"].items()) for answer in answers] == [
        list(zip(classes, row, strict=True)) for row in table.tolist()
    ]


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_an_answer_that_json_cannot_say_is_refused_with_its_row(number):
    with pytest.raises(InvalidRequest) as caught:
        predictions(Outputs(values=np.array([1.0, number])), REGRESSION)

    assert [problem.row for problem in caught.value.problems] == [1]


@pytest.mark.parametrize(
    "spec", [BINARY, REGRESSION, AnswerSpec("classification", ("a", "b", "c"))]
)
def test_a_spec_survives_its_own_json(spec):
    assert answers_from_json(answers_to_json(spec)) == spec


def values(*numbers):
    return [{"value": number} for number in numbers]


def test_parity_names_the_worst_row_and_its_difference_relative_to_the_scale():
    expected, answered = values(0.0, 100.0, 200.0), values(0.0, 100.0, 200.2)

    parity = compare(expected, answered, REGRESSION, 1e-5, scale_of(expected, REGRESSION))

    assert not parity.holds
    assert parity.worst_row == 2
    assert parity.worst_difference == pytest.approx(1e-3)
    assert "row 2" in parity.why_not()


def test_a_value_near_zero_is_measured_against_the_spread_of_all_values():
    expected = values(0.0, 100.0, -100.0)

    parity = compare(
        expected, values(1e-5, 100.0, -100.0), REGRESSION, 1e-6, scale_of(expected, REGRESSION)
    )

    assert parity.holds


def test_one_other_label_is_enough_to_fail():
    expected = [{"label": True, "probabilities": {"false": 0.5, "true": 0.5}}]
    answered = [{"label": False, "probabilities": {"false": 0.5, "true": 0.5}}]

    parity = compare(expected, answered, BINARY, 1.0, 1.0)

    assert not parity.holds
    assert parity.labels_differ == (0,)


def test_a_label_of_another_type_is_another_label():
    assert not compare([{"label": 1}], [{"label": True}], AnswerSpec("classification"), 1, 1).holds


def test_an_answer_that_is_not_a_number_never_passes():
    assert not compare(values(1.0), values(float("nan")), REGRESSION, 1e9, 1.0).holds


def test_golden_rows_cover_every_label_and_avoid_near_ties():
    clear_a = {"label": "a", "probabilities": {"a": 0.9, "b": 0.1}}
    clear_b = {"label": "b", "probabilities": {"a": 0.1, "b": 0.9}}
    tie = {"label": "a", "probabilities": {"a": 0.5001, "b": 0.4999}}
    expected = [tie, *[clear_a] * 500, clear_b, *[clear_a] * 500, clear_a, tie]
    spec = AnswerSpec("classification", ("a", "b"), has_probabilities=True)

    kept = golden_rows(expected, spec, probes=2)

    assert {expected[row]["label"] for row in kept} == {"a", "b"}
    assert 0 not in kept
    assert kept[-1] == len(expected) - 2
    assert len(kept) <= 20
