"""Files of rows, read in bounded memory: what is in them, and what is wrong with them."""

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spyhop.core.cells import value_of
from spyhop.core.lines import lines
from spyhop.core.schema import Column, Schema
from spyhop.errors import InvalidRequest
from spyhop.row_files import MOST_LINE_BYTES, BadRow, rows_in

SCHEMA = Schema(
    "frame",
    (
        Column("age", "number", "float64", accepts_missing=True),
        Column("legs", "integer", "int64"),
        Column("fins", "boolean", "bool"),
        Column("habitat", "category", "object", categories=("coast", "sea")),
        Column("told", "text", "object"),
    ),
)
HEADER = b"told,age,legs,fins,habitat\n"


def rows(name, body, size=7):
    pieces = (body[i : i + size] for i in range(0, len(body), size))
    return [row for row, _ in rows_in(name, pieces, SCHEMA)]


def test_cells_become_what_their_columns_hold():
    body = HEADER + b'"a ""b"",\nc",41.5,4,True,sea\r\n,,-0,false,coast\n'

    assert rows("x.csv", body) == [
        {"told": 'a "b",\nc', "age": 41.5, "legs": 4, "fins": True, "habitat": "sea"},
        {"told": "", "age": None, "legs": 0, "fins": False, "habitat": "coast"},
    ]


@pytest.mark.parametrize("cell", ["1_000", "nan", "inf", "0x1", "", "one", "1e", "1,5", "٣"])
def test_what_is_no_number_stays_text_or_is_missing(cell):
    value = value_of(cell, SCHEMA.columns[0])

    assert value == (cell or None)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_read_as_it_was_written(number):
    assert value_of(repr(number), SCHEMA.columns[0]) == number
    assert value_of(f"{number:.17e}", SCHEMA.columns[0]) == number


def test_a_row_that_cannot_be_read_is_one_row_and_the_others_are_there():
    body = b'{"age": 1}\n\nnot JSON\n[1, NaN]\n{"age": 2}'

    first, bad, nan, last = rows("x.jsonl", body)

    assert (first, last) == ({"age": 1}, {"age": 2})
    assert isinstance(bad, BadRow)
    assert isinstance(nan, BadRow)


def test_a_misquoted_record_is_one_row_and_the_others_are_there():
    body = HEADER + b'a,1,2,true,sea\n"b"x,1,2,true,sea\nc,1\n\nd,1,2,true,sea\n'

    found = rows("x.csv", body)

    assert [row if isinstance(row, BadRow) else row["told"] for row in found] == [
        "a",
        BadRow("not CSV: a quote is misplaced, or the row is too long"),
        BadRow("got 2 cells, expected 5 as in the header"),
        "d",
    ]


@pytest.mark.parametrize("name", ["x.jsonl", "x.ndjson", "X.JSONL"])
def test_a_line_that_is_too_long_is_one_row_and_the_others_are_there(name):
    body = b'{"a": 1}\n"' + b"x" * MOST_LINE_BYTES + b'"\n{"a": 2}\n'

    first, bad, last = rows(name, body, size=100_000)

    assert (first, last) == ({"a": 1}, {"a": 2})
    assert isinstance(bad, BadRow)


def test_a_csv_line_that_is_too_long_is_one_row_and_the_others_are_there():
    body = HEADER + b"x" * (MOST_LINE_BYTES + 5) + b"\nd,1,2,true,sea\n"

    bad, last = rows("x.csv", body, size=100_000)

    assert isinstance(bad, BadRow)
    assert last["told"] == "d"


def test_a_spreadsheets_byte_order_mark_is_no_part_of_a_name():
    assert rows("x.csv", b"\xef\xbb\xbfage\n1\n") == [{"age": 1.0}]


@pytest.mark.parametrize("body", [b"", b"\n", b"age,age\n1,2\n", b'"age'])
def test_a_file_without_a_header_is_refused(body):
    with pytest.raises(InvalidRequest, match="header"):
        rows("x.csv", body)


@pytest.mark.parametrize("name", ["x.jpg", "x", "x.jsonl.zip", "jsonl"])
def test_a_name_that_says_no_format_is_refused(name):
    with pytest.raises(InvalidRequest, match=r"\.jsonl"):
        rows(name, b"{}")


def test_gzip_is_read_and_a_cut_off_one_is_told_after_its_rows():
    plain = b"".join(json.dumps({"age": n}).encode() + b"\n" for n in range(3000))
    packed = gzip.compress(plain[:999]) + gzip.compress(plain[999:])

    assert rows("x.jsonl.gz", packed, size=1000) == [{"age": n} for n in range(3000)]
    with pytest.raises(InvalidRequest, match="ends too early"):
        rows("x.jsonl.gz", packed[:-20])
    with pytest.raises(InvalidRequest, match="damaged"):
        rows("x.jsonl.gz", b"{}")


@given(st.lists(st.binary(max_size=9)), st.integers(1, 20))
def test_lines_do_not_depend_on_where_the_pieces_end(pieces, most_bytes):
    whole = b"".join(pieces)

    found = list(lines(pieces, most_bytes))

    assert found == list(lines([whole], most_bytes))
    expected = whole.split(b"\n")
    if expected[-1] == b"":
        expected.pop()
    assert [None if line is None else line.rstrip(b"\n") for line in found] == [
        line if len(line) <= most_bytes else None for line in expected
    ]
