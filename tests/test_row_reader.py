"""The quick reading of a request's JSON: the careful reading's answer, or none."""

import json

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import spyhop
from spyhop.core.rows import parse_rows
from spyhop.core.schema import Column, Schema
from spyhop.errors import InvalidRequest
from spyhop.http import Request, respond
from spyhop.row_reader import RowReader
from spyhop.service import Service
from spyhop.serving import serving_alone

SCHEMA = Schema(
    "frame",
    (
        Column("é", "number", "float64", accepts_missing=True, largest=1e30),
        Column("", "number", "float32"),
        Column("visits", "integer", "int64"),
        Column("days", "integer", "Int64", accepts_missing=True),
        Column("member", "boolean", "bool"),
        Column("region", "category", "str", categories=("north", "south")),
        Column("grade", "category", "int64", accepts_missing=True, categories=(1, 2)),
        Column("plan", "category", "str", accepts_missing=True, accepts_unknown=True),
    ),
)
ROW = dict(zip(SCHEMA.names, (1.5, 2, 3, 4.0, True, "north", 1, None), strict=True))

cells = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text()
    | st.sampled_from([1, 1.0, 2, "north", "south", 10**400, 1e300, []])
)
rows = st.just(ROW) | st.fixed_dictionaries({}, optional=dict.fromkeys(ROW, cells)).map(
    lambda changed: {**ROW, **changed}
)
lists = st.builds(list, st.just(ROW.values()))
strange = st.fixed_dictionaries({}, optional=dict.fromkeys([*ROW, "extra"], cells)) | lists | cells


def quickly(body, schema=SCHEMA):
    reader = RowReader(schema)
    found = reader.rows(body)
    return reader.table(found) if found else None


def carefully(body, schema=SCHEMA):
    try:
        return parse_rows(json.loads(body)["instances"], schema)
    except InvalidRequest:
        return None


def same(one, other):
    return list(one) == list(other) and all(
        a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
        for a, b in zip(one.values(), other.values(), strict=True)
    )


@given(st.lists(rows, min_size=1, max_size=4))
@example([ROW])
def test_rows_of_known_names_are_read_as_the_careful_way_reads_them(some):
    body = json.dumps({"instances": some}).encode()

    quick, careful = quickly(body), carefully(body)

    if quick is None:  # JSON has no NaN, and Python reads it
        assert careful is None or b"NaN" in body or b"Infinity" in body
    else:
        assert careful is not None
        assert same(quick, careful)


@given(st.lists(rows | strange, max_size=4))
def test_what_is_read_quickly_would_not_be_refused(some):
    body = json.dumps({"instances": some}).encode()

    assert quickly(body) is None or same(quickly(body), carefully(body))


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"[]", b"{", b"null", b"{}", b'{"instances": []}', b'{"instances": {}}', b"\xff"),
        b'{"instances": [{}]}',
        b'{"more": 1, "instances": [{"a": 1}]}',
        b'{"instances": [{"a": 1, "b": 2}]}',
        b'{"instances": [{"a": "1"}]}',
        b'{"instances": [{"a": true}]}',
        b'{"instances": [{"a": 1e999}]}',
        b'{"instances": [[1]]}',
        b"[" * 100_000,
    ],
)
def test_anything_unusual_is_left_to_the_careful_way(body):
    assert quickly(body, Schema("frame", (Column("a", "number", "float64"),))) is None


@pytest.mark.parametrize("name", ['say "a"', "a\\b", "a\nb"])
def test_a_name_that_needs_escaping_is_left_to_the_careful_way(name):
    schema = Schema("frame", (Column(name, "number", "float64"),))
    body = json.dumps({"instances": [{name: 1}]}).encode()

    assert quickly(body, schema) is None
    assert carefully(body, schema) is not None


def test_the_same_rows_get_the_same_answers_in_every_form(mixed):
    model = spyhop.load(mixed.folder)
    service = Service(lambda now: serving_alone(model))
    service.warm()
    bodies = [mixed.rows, [list(row.values()) for row in mixed.rows]]

    replies = [
        respond(service, Request("POST", "/predict", body=json.dumps({"instances": rows}).encode()))
        for rows in bodies
    ]

    assert model.predict_json(json.dumps({"instances": mixed.rows}).encode(), 1000) is not None
    answers = [json.loads(reply.body)["predictions"] for reply in replies]
    assert answers == [model.predict(mixed.rows)] * 2


def test_more_rows_than_allowed_are_left_to_the_careful_way(mixed):
    model = spyhop.load(mixed.folder)
    body = json.dumps({"instances": mixed.rows[:3]}).encode()

    assert model.predict_json(body, 2) is None
    assert model.predict_json(body, 3) == model.predict(mixed.rows[:3])
