"""Files of rows, JSON Lines or CSV, read row by row in bounded memory; either may be gzipped."""

import csv
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Struct

from spyhop.compression import gunzipped_pieces
from spyhop.core.cells import row_of
from spyhop.core.lines import lines
from spyhop.core.schema import Schema
from spyhop.errors import InvalidRequest

MOST_LINE_BYTES = 1024 * 1024


class BadRow(Struct, frozen=True):
    """A row that cannot even be read, and why."""

    reason: str


# Rows with their sizes in bytes, about.
Rows = Iterator[tuple[Any | BadRow, int]]


def rows_in(name: str, pieces: Iterable[bytes], schema: Schema) -> Rows:
    """Return the rows of the file `name`, whose bytes are `pieces`; its ending says the format.

    Raises:
        InvalidRequest: it is no such file, or has no header; while reading: it is damaged.
    """
    plain = name.lower()
    if plain.endswith(".gz"):
        plain, pieces = plain.removesuffix(".gz"), gunzipped_pieces(pieces)
    for ending, read in _FORMATS.items():
        if plain.endswith(ending):
            return read(pieces, schema)
    raise InvalidRequest(
        f"the object's name ends in none of {', '.join(_FORMATS)}, with or without .gz. "
        "Name its format, or notify of such names alone."
    )


def _json_lines(pieces: Iterable[bytes], schema: Schema) -> Rows:
    for line in lines(pieces, MOST_LINE_BYTES):
        if line is None:
            yield BadRow(_TOO_LONG), 0
        elif not line.isspace():
            yield _json_row(line), len(line)


def _json_row(line: bytes) -> Any | BadRow:
    try:
        return msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return BadRow("not JSON, expected one row a line: an object, or a list in column order")


def _csv(pieces: Iterable[bytes], schema: Schema) -> Rows:
    table = csv.reader(_texts(pieces), strict=True)
    header = _header(table)
    for cells in _records(table):
        if isinstance(cells, BadRow):
            yield cells, 0
        elif len(cells) != len(header):
            yield BadRow(f"got {len(cells)} cells, expected {len(header)} as in the header"), 0
        else:
            yield row_of(header, cells, schema), sum(map(len, cells))


def _texts(pieces: Iterable[bytes]) -> Iterator[str]:
    """Return the lines as text; bytes that are not UTF-8 become what no column takes."""
    start = "\ufeff"  # what spreadsheets put before the first line
    for line in lines(pieces, MOST_LINE_BYTES):
        # A quote that nothing follows: the reader refuses it, and goes on with the next line.
        text = '"x"x\n' if line is None else line.decode("utf-8", "surrogateescape")
        yield text.removeprefix(start)
        start = ""


def _header(table: Iterator[list[str]]) -> list[str]:
    try:
        header = next(table, [])
    except csv.Error as error:
        raise InvalidRequest(_NO_HEADER) from error
    if not header or len(set(header)) < len(header):
        raise InvalidRequest(_NO_HEADER)
    return header


def _records(table: Iterator[list[str]]) -> Iterator[list[str] | BadRow]:
    """Return the records that are not empty; after one that is misquoted goes on with the next."""
    while True:
        try:
            cells = next(table, None)
        except csv.Error:
            yield BadRow("not CSV: a quote is misplaced, or the row is too long")
            continue
        if cells is None:
            return
        if cells:
            yield cells


_TOO_LONG = f"longer than {MOST_LINE_BYTES} bytes"
_NO_HEADER = "the first line is no header, expected the columns' names, each once, with commas"

_FORMATS: dict[str, Callable[[Iterable[bytes], Schema], Rows]] = {
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".csv": _csv,
}
