"""Every format asks the same question: the same rows, the same answers, the same refusals."""

import csv
import io
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import spyhop
from spyhop.codecs import Body, media_of, read
from spyhop.core.question import DEFAULT
from spyhop.core.schema import Column, Schema
from spyhop.http import Request, respond
from spyhop.service import DEFAULT_MOST_ROWS, Service
from spyhop.serving import serving_alone

SCHEMA = Schema(
    "frame",
    (
        Column("size", "number", "float64", accepts_missing=True),
        Column("legs", "integer", "int64"),
        Column("alive", "boolean", "bool"),
        Column("grade", "category", "int64", categories=(1, 2), accepts_unknown=True),
        Column("note", "text", "object", accepts_missing=True),
    ),
)


def rows_in(content, content_type, schema=SCHEMA):
    body = Body(content, media_of(content_type), DEFAULT_MOST_ROWS, DEFAULT)
    return read(body).rows_of(schema)


def as_csv(rows, names=None):
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    if names:
        writer.writerow(names)
    for row in rows:
        writer.writerow(["" if v is None else v for v in row])
    return out.getvalue().encode()


def as_npz(rows):
    """Return one array a column, with NaN where a number is missing."""
    columns = {}
    for column, cells in zip(SCHEMA.columns, zip(*rows, strict=True), strict=True):
        kept = [("" if column.kind == "text" else np.nan) if v is None else v for v in cells]
        columns[column.name] = np.array(kept)
    out = io.BytesIO()
    np.savez(out, **columns)
    return out.getvalue()


numbers = st.floats(allow_nan=False, allow_infinity=False)
# numpy strips a text's NULs at its end; an empty cell is a missing value.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
rows_of_values = st.lists(
    st.tuples(
        numbers | st.none(),
        st.integers(-(2**53), 2**53),
        st.booleans(),
        st.sampled_from([1, 2, 3]),
        texts | st.none(),
    ),
    min_size=1,
    max_size=5,
)


@given(rows_of_values)
def test_csv_jsonl_and_npz_hold_the_same_values_as_json(rows):
    expected = [list(row) for row in rows]
    jsonl = b"\n".join(json.dumps(row).encode() for row in rows)

    assert rows_in(json.dumps({"instances": rows}).encode(), None) == expected
    assert rows_in(jsonl, "application/jsonlines") == expected
    assert rows_in(as_csv(rows), "text/csv") == expected
    assert [list(row.values()) for row in rows_in(as_npz(rows), "application/x-npz")] == expected


@given(rows_of_values, st.permutations(SCHEMA.names))
def test_a_header_puts_the_columns_of_csv_in_any_order(rows, names):
    order = [SCHEMA.names.index(name) for name in names]
    content = as_csv([[row[i] for i in order] for row in rows], names)

    assert rows_in(content, "text/csv; charset=utf-8") == [list(row) for row in rows]


NUMBERS = Schema("matrix", tuple(Column(f"x{i}", "number", "float64", True) for i in range(3)))
matrices = st.lists(st.tuples(*[numbers | st.none()] * 3), min_size=1, max_size=6)


@given(matrices, st.sampled_from(["C", "F"]), st.sampled_from(["<f8", ">f8"]))
def test_a_matrix_as_npy_holds_the_same_values_as_json(rows, order, dtype):
    out = io.BytesIO()
    filled = [[np.nan if v is None else v for v in row] for row in rows]
    np.save(out, np.array(filled, dtype=dtype, order=order))

    assert rows_in(out.getvalue(), "application/x-npy", NUMBERS) == [list(row) for row in rows]


@pytest.mark.parametrize("number", [16777217, 2**53, 0.1, 5e-324, 1.7976931348623157e308])
def test_no_format_rounds_a_number(number):
    schema = Schema("matrix", (Column("x0", "number", "float64"),))
    out = io.BytesIO()
    np.save(out, np.array([[number]]))

    assert rows_in(repr(number).encode(), "text/csv", schema) == [[number]]
    assert rows_in(f"[{number!r}]".encode(), "application/x-ndjson", schema) == [[number]]
    assert rows_in(out.getvalue(), "application/x-npy", schema) == [[number]]


@pytest.mark.parametrize(
    ("cell", "kind", "value"),
    [
        *(("", kind, None) for kind in ("number", "integer", "boolean")),
        ("", "text", ""),
        *((" 1.50 ", "number", 1.5), ("3", "integer", 3), ("3.0", "integer", 3.0)),
        *(("9007199254740993", "integer", 9007199254740993), ("12", "text", "12")),
        *((cell, "boolean", True) for cell in ("true", "True", " TRUE", "1", "1.0")),
        *((cell, "boolean", False) for cell in ("false", "0")),
        # What makes no sense is left as it is, to be refused with its row and column.
        *((cell, "number", cell) for cell in ("four", "1_000", "١", "0x10", "1,5")),
        *((cell, "boolean", cell) for cell in ("yes", "2")),
        *(("four", "integer", "four"), ("1_0", "integer", "1_0")),
    ],
)
def test_a_cell_of_csv_is_read_as_its_column(cell, kind, value):
    schema = Schema("frame", (Column("a", kind, "object"), Column("b", "text", "object")))

    (row,) = rows_in(as_csv([[cell, "end"]]), "text/csv", schema)

    assert row == [value, "end"]
    assert type(row[0]) is type(value)


def test_csv_of_a_spreadsheet_is_read(tmp_path):
    content = '\ufeffsize,legs,alive,grade,note\r\n1.5,4,TRUE,1,"a, ""b""\nc"\r\n\r\n'.encode()

    assert rows_in(content, "text/csv") == [[1.5, 4, True, 1, 'a, "b"\nc']]
    assert rows_in("1,1,1,1,\xe9".encode("latin1"), "text/csv; charset=ISO-8859-1")[0][4] == "é"


def test_a_header_can_be_told_where_a_row_looks_like_one_or_a_header_has_a_stranger():
    schema = Schema("vector", (Column("text", "text", "object"),))

    assert rows_in(b"text\nspam", "text/csv", schema) == [["spam"]]
    assert rows_in(b"text\nspam", "text/csv; header=absent", schema) == [["text"], ["spam"]]
    assert rows_in(b"texts\nspam", "text/csv; header=present", schema) == [{"texts": "spam"}]


@pytest.fixture(scope="module")
def service(whales) -> Service:
    model = spyhop.load(whales.folder)
    return Service(lambda now: serving_alone(model))


def post(service, content, headers):
    return respond(service, Request("POST", "/predict", headers, content))


FORMATS = {
    "application/json": lambda rows: json.dumps({"instances": rows}).encode(),
    "application/x-ndjson": lambda rows: b"\n".join(json.dumps(r).encode() for r in rows) + b"\n",
    "text/csv": lambda rows: as_csv([r.values() for r in rows], list(rows[0])),
    "text/csv; header=absent": lambda rows: as_csv([r.values() for r in rows]),
}


@pytest.mark.parametrize("content_type", FORMATS)
def test_the_same_rows_get_the_same_answers_in_every_format(service, whales, content_type):
    rows = whales.rows[:20]
    expected = post(service, FORMATS["application/json"](rows), {"x-request-id": "golden"})

    reply = post(
        service,
        FORMATS[content_type](rows),
        {"content-type": content_type, "x-request-id": "golden"},
    )

    assert (reply.status, reply.body, reply.rows) == (200, expected.body, 20)


@pytest.mark.parametrize("content_type", FORMATS)
def test_the_same_bad_cell_is_refused_in_the_same_words_in_every_format(
    service, whales, content_type
):
    rows = [whales.rows[0], {**whales.rows[0], "legs": "four"}]

    reply = post(service, FORMATS[content_type](rows), {"content-type": content_type})

    assert reply.status == 422
    (problem,) = json.loads(reply.body)["errors"]
    assert (problem["row"], problem["column"], problem["code"]) == (1, "legs", "wrong_type")
    assert b"four" not in reply.body


def test_one_line_of_csv_is_one_row(service, whales):
    content = as_csv([whales.rows[0].values()])

    reply = post(service, content, {"content-type": "text/csv"})

    assert len(json.loads(reply.body)["predictions"]) == 1


@pytest.mark.parametrize(
    ("content_type", "content", "said"),
    [
        ("application/jsonlines", b"[1]\n\n{bad", "line 3 is not JSON"),
        ("application/jsonlines", b"[NaN]", "line 1 is not JSON"),
        ("text/csv", b'a\n"b"c', "line 2 is not CSV"),
        ("text/csv", b"\xff", "is not utf-8"),
        ("application/x-npy", b"hello", "not a .npy file"),
        ("application/x-npy", b"", "not a .npy file"),
        ("application/x-npz", b"PKhello", "not a .npz archive"),
    ],
)
def test_a_body_that_is_not_what_it_says_is_a_400(service, content_type, content, said):
    reply = post(service, content, {"content-type": content_type})

    assert reply.status == 400
    assert said in json.loads(reply.body)["detail"]


@pytest.mark.parametrize(
    ("content_type", "content"),
    [
        ("application/jsonlines", b"[1]\n" * (DEFAULT_MOST_ROWS + 1)),
        ("text/csv", b"1,2\n" * (DEFAULT_MOST_ROWS + 1)),
        ("text/csv", b"1,2\n" * (DEFAULT_MOST_ROWS + 2)),
        ("text/csv", b"1\n" * 3_000_000),
        ("application/jsonlines", b"1\n" * 3_000_000),
    ],
)
def test_too_many_rows_are_a_413_in_every_format(service, content_type, content):
    assert post(service, content, {"content-type": content_type}).status == 413


@given(content=st.binary(), kind=st.sampled_from(["text/csv", "application/x-ndjson"]))
def test_no_bytes_make_anything_but_an_answer_or_a_4xx(service, content, kind):
    assert post(service, content, {"content-type": kind}).status in (200, 400, 422)
