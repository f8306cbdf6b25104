"""text/csv: a row a line, with or without a header; an empty cell is a missing value.

The first line is a header if its cells are exactly the columns' names, in any order, or if the
content type says `header=present`.  The reply has one line a row, so that it can be put beside
what was sent, and a header where accept says `header=present`.
"""

import csv
import io
from itertools import islice
from typing import Any

from spyhop.codecs import Body
from spyhop.codecs.media import Media
from spyhop.core.answers import Prediction
from spyhop.core.cells import row_of, value_of
from spyhop.core.instances import check_number
from spyhop.core.question import Answered, Question
from spyhop.core.schema import Schema
from spyhop.errors import InvalidRequest, Problem

# What spreadsheets write; everything else is, or ought to be, UTF-8.
_CHARSETS = {"iso-8859-1": "iso-8859-1", "latin1": "iso-8859-1", "windows-1252": "windows-1252"}

# No text in a body is longer than the body.
_LONGEST_CELL = 2**31 - 1


def read(body: Body) -> Question:
    """See `Codec.read`."""
    lines = _lines(_text(body), body.most_rows + 2)
    header = body.media.parameters.get("header")
    if len(lines) > body.most_rows + 1:
        check_number(len(lines), body.most_rows)

    def rows_of(schema: Schema) -> list[Any]:
        rows = _rows(lines, header, schema)
        check_number(len(rows), body.most_rows)
        return rows

    return Question(rows_of, body.parameters)


def write(answered: Answered, media: Media) -> tuple[str, bytes]:
    """See `Codec.write`."""
    with_errors = any("error" in prediction for prediction in answered.predictions)
    lines = [_cells(p, answered, with_errors) for p in answered.predictions]
    header = "present" if media.parameters.get("header") == "present" else "absent"
    if header == "present":
        lines.insert(0, [*_names(answered), *(["error"] if with_errors else [])])
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(lines)
    return f"text/csv; charset=utf-8; header={header}", out.getvalue().encode()


def _text(body: Body) -> str:
    charset = _CHARSETS.get(body.media.parameters.get("charset", ""), "utf-8-sig")
    try:
        return body.content.decode(charset)
    except UnicodeDecodeError as error:
        raise InvalidRequest(
            f"byte {error.start} of the body is not {error.encoding}. Send CSV in UTF-8."
        ) from error


def _lines(text: str, most: int) -> list[list[str]]:
    """Return the first lines that are not blank: a small body may have millions."""
    csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        return list(islice(filter(None, reader), most))
    except csv.Error as error:
        raise InvalidRequest(
            f"line {reader.line_num} is not CSV ({error}), expected commas between cells and "
            "double quotes around those that hold commas, quotes or line breaks."
        ) from error


def _rows(lines: list[list[str]], header: str | None, schema: Schema) -> list[Any]:
    first = lines[0] if lines else []
    named = len(first) == len(schema.names) and set(first) == schema.name_set
    if header == "present" and not named:
        # Not this model's columns: rows by these names are refused, and told what is wrong.
        return [_named(first, line, schema) for line in lines[1:]]
    if header == "absent" or not named:
        return [_values(line, schema) for line in lines]
    places = [first.index(name) for name in schema.names]
    return [_values(_in_order(line, places), schema) for line in lines[1:]]


def _named(header: list[str], line: list[str], schema: Schema) -> Any:
    if len(line) != len(header):  # refused: for its width, or for its names
        return dict(zip(header, line, strict=False))
    return row_of(header, line, schema)


def _in_order(line: list[str], places: list[int]) -> list[str]:
    return [line[place] for place in places] if len(line) == len(places) else line


def _values(line: list[str], schema: Schema) -> list[Any]:
    """Return the values of a line; one of another length is refused as it is."""
    if len(line) != len(schema.columns):
        return line
    return [value_of(cell, c) for c, cell in zip(schema.columns, line, strict=True)]


def _names(answered: Answered) -> list[str]:
    names: list[str] = []
    for output in answered.outputs:
        keys = answered.spec.keys if output == "probabilities" else None
        names += [output] if keys is None else [f"{output}.{key}" for key in keys]
    return names


def _cells(prediction: Prediction, answered: Answered, with_errors: bool) -> list[Any]:
    if "error" in prediction:
        reasons = "; ".join(str(Problem(**problem)) for problem in prediction["error"])
        return [*([""] * len(_names(answered))), reasons]
    cells: list[Any] = []
    for output in answered.outputs:
        value = prediction[output]
        cells += value.values() if output == "probabilities" else [_cell(value)]
    return [*cells, ""] if with_errors else cells


def _cell(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value
