"""What the row parser takes, what it refuses, and in which words."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spyhop.core.rows import column_array, parse_rows
from spyhop.core.schema import Column, Schema, schema_from_json, schema_to_json
from spyhop.errors import InvalidRequest

SCHEMA = Schema(
    "frame",
    (
        Column("age", "number", "float64", accepts_missing=True, minimum=0, maximum=130),
        Column("visits", "integer", "int64", minimum=0, maximum=30),
        Column("member", "boolean", "bool"),
        Column("region", "category", "str", categories=("north", "south")),
        Column("plan", "category", "str", accepts_missing=True, accepts_unknown=True),
        Column("grade", "category", "int64", categories=(1, 2, 3)),
        Column("note", "text", "object"),
    ),
)
ROW = {
    "age": 41.5,
    "visits": 3,
    "member": True,
    "region": "north",
    "plan": "plus",
    "grade": 2,
    "note": "hello",
}


def problems(**changed):
    with pytest.raises(InvalidRequest) as caught:
        parse_rows([ROW, {**ROW, **changed}], SCHEMA)
    return [tuple(problem[:3]) for problem in caught.value.problems]


def test_columns_come_back_typed_and_in_the_order_of_the_schema():
    table = parse_rows([dict(reversed(ROW.items())), ROW], SCHEMA)

    assert list(table) == list(SCHEMA.names)
    kinds = [array.dtype.kind for array in table.values()]
    assert kinds == ["f", "i", "b", "O", "O", "i", "O"]


def test_a_list_in_column_order_is_the_same_row():
    assert parse_rows([list(ROW.values())], SCHEMA) == parse_rows([ROW], SCHEMA)


def test_null_is_taken_only_where_the_column_accepts_missing_values():
    table = parse_rows([{**ROW, "age": None, "plan": None}], SCHEMA)

    assert np.isnan(table["age"][0])
    assert table["plan"][0] is None
    assert problems(visits=None)[0][:2] == (1, "visits")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"age": "41"}, "got text, expected a finite number (training saw 0 to 130) or null"),
        ({"age": True}, "got a boolean, expected a finite number (training saw 0 to 130) or null"),
        ({"age": float("nan")}, "got a number that is not finite or too large"),
        ({"age": 10**400}, "got a number that is not finite or too large"),
        ({"visits": 3.5}, "got a number outside that, expected an integer within ±2^53"),
        ({"visits": 2**53 + 1}, "got a number outside that, expected an integer within ±2^53"),
        ({"visits": None}, "got null, expected an integer"),
        ({"member": 1}, "got a number, expected true or false"),
        ({"member": "true"}, "got text, expected true or false"),
        ({"region": "west"}, "got an unknown category, expected one of north, south"),
        ({"region": 1}, "got a number, expected one of north, south"),
        ({"grade": 4}, "got an unknown category, expected one of 1, 2, 3"),
        ({"grade": True}, "got a boolean, expected one of 1, 2, 3"),
        ({"note": ["hello"]}, "got a list, expected text"),
        ({"note": "\ud800"}, "got text with a lone surrogate"),
        ({"note": np.float64(1)}, "got a Python float64, expected text"),
    ],
)
def test_a_refused_cell_is_named_with_row_column_and_reason(changed, reason):
    ((row, column, said),) = problems(**changed)

    assert (row, column) == (1, next(iter(changed)))
    assert said.startswith(reason)


def test_a_wrong_name_suggests_the_column_that_was_meant():
    misspelt = {("vists" if k == "visits" else k): v for k, v in ROW.items()}

    with pytest.raises(InvalidRequest) as caught:
        parse_rows([misspelt], SCHEMA)

    unknown, absent = caught.value.problems
    assert (unknown.column, absent.column) == ("vists", "visits")
    assert 'did you mean "visits"?' in unknown.reason
    assert absent.reason.startswith("absent, expected an integer")


def test_a_row_that_is_too_wide_says_how_many_values_in_which_order():
    with pytest.raises(InvalidRequest, match=r"got 8 values, expected 7, in this order: age, vis"):
        parse_rows([[*ROW.values(), 1]], SCHEMA)


def test_an_integer_written_as_a_whole_float_is_an_integer():
    assert parse_rows([{**ROW, "visits": 3.0}], SCHEMA)["visits"].tolist() == [3]


def test_no_value_that_was_sent_is_echoed():
    secret = "hunter2"
    with pytest.raises(InvalidRequest) as caught:
        parse_rows([dict.fromkeys(ROW, secret)], SCHEMA)

    assert secret not in str(caught.value) + str(caught.value.problems)


def test_only_the_first_hundred_problems_are_listed_and_the_caller_is_told():
    with pytest.raises(InvalidRequest) as caught:
        parse_rows([{**ROW, "age": "x"}] * 500, SCHEMA)

    assert len(caught.value.problems) == 100
    assert caught.value.more


@pytest.mark.parametrize("instances", [None, 5, "x", {}, [], [5], [None], ["x"], [[]], [{}]])
def test_whatever_is_no_list_of_rows_is_refused_by_name(instances):
    with pytest.raises(InvalidRequest):
        parse_rows(instances, SCHEMA)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
cells = st.sampled_from(list(ROW.values())) | json_values
near_rows = st.lists(
    st.fixed_dictionaries({}, optional=dict.fromkeys([*ROW, "extra"], cells))
    | st.lists(cells, min_size=6, max_size=8)
    | json_values
    | st.just(ROW),
    max_size=4,
)


@given(near_rows | json_values)
def test_no_input_makes_anything_but_a_table_or_a_named_error(instances):
    try:
        table = parse_rows(instances, SCHEMA)
    except InvalidRequest as error:
        assert str(error)
        assert all(problem.reason for problem in error.problems)
    else:
        assert {len(array) for array in table.values()} == {len(instances)}


@given(st.lists(st.fixed_dictionaries(dict.fromkeys(ROW, cells)), min_size=1, max_size=4))
def test_rows_are_refused_together_exactly_if_one_of_them_is_refused_alone(rows):
    def refused(some):
        try:
            parse_rows(some, SCHEMA)
        except InvalidRequest:
            return True
        return False

    assert refused(rows) == any(refused([row]) for row in rows)


wide = st.integers(-(10**400), 10**400) | st.floats() | st.sampled_from([3.5e38, -(10**39), None])


@given(st.lists(st.fixed_dictionaries({"a": wide, "b": wide, "c": wide}), min_size=1))
def test_columns_read_together_are_what_each_is_alone(rows):
    columns = [Column(name, "number", "float64", True, largest=3.4e38) for name in "ab"]
    schema = Schema("frame", (*columns, Column("c", "number", "float32", True, largest=3.4e38)))
    alone = [column_array([row[c.name] for row in rows], c) for c in schema.columns]

    try:
        table = parse_rows(rows, schema)
    except InvalidRequest as error:
        assert error.problems
        assert any(array is None for array in alone)
    else:
        for array, column in zip(alone, table.values(), strict=True):
            assert np.array_equal(array, column, equal_nan=True)


def test_rows_as_objects_and_as_lists_may_stand_together():
    together = parse_rows([ROW, list(ROW.values())], SCHEMA)

    assert all(column[0] == column[1] for column in together.values())


def test_a_missing_integer_widens_its_own_column_only():
    columns = [Column(name, "integer", "Int64", accepts_missing=True) for name in "ab"]

    table = parse_rows([{"a": 1, "b": None}, {"a": 2, "b": 3}], Schema("frame", tuple(columns)))

    assert [table[name].dtype.kind for name in "ab"] == ["i", "f"]


def test_each_of_several_categories_is_held_to_its_own():
    columns = (
        Column("a", "category", "str", categories=("x", "y")),
        Column("b", "category", "str", accepts_missing=True, categories=("z",)),
        Column("c", "category", "str", categories=("x", "z")),
    )
    taken, refused = {"a": "x", "b": None, "c": "z"}, {"a": "z", "b": "z", "c": "y"}

    assert parse_rows([taken], Schema("frame", columns))
    with pytest.raises(InvalidRequest) as caught:
        parse_rows([taken, refused], Schema("frame", columns))

    assert [problem[:2] for problem in caught.value.problems] == [(1, "a"), (1, "c")]


def test_a_schema_survives_its_own_json():
    assert schema_from_json(json.loads(json.dumps(schema_to_json(SCHEMA)))) == SCHEMA
