"""A request's JSON read with the schema in hand: the quick way, where nothing is unusual.

A reader that knows names and types beforehand takes half as long as one that makes a dict of
each row and has every cell's type looked at afterwards.  It refuses nothing: of a body that it
does not take it says no more than that, and the request is then read with care, by
`core/rows.py`, which finds the reasons.
"""

from itertools import chain
from typing import Any

import msgspec

from spyhop.core.rows import Table, table_of_typed
from spyhop.core.schema import Column, Schema
from spyhop.core.values import ValueKind, value_kind


class RowReader:
    """Reads `{"instances": [row, …]}` where each row is an object of the schema's columns."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._decoder = _decoder(schema)

    def rows(self, body: bytes) -> list[Any]:
        """Return the rows in `body`, each a struct, or none if it holds anything else."""
        if self._decoder is None:
            return []
        try:
            return self._decoder.decode(body).instances  # type: ignore[no-any-return]
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return []

    def table(self, rows: list[Any]) -> Table | None:
        """Return the columns of `rows`, or None if a cell is out of its column's bounds."""
        cells = list(chain.from_iterable(map(msgspec.structs.astuple, rows)))
        return table_of_typed(cells, self._schema)


# As JSON writes them: an integer may come as 3.0, and a number as 3.
_TYPES: dict[ValueKind, Any] = {
    "number": float,
    "integer": int | float,
    "boolean": bool,
    "text": str,
}


def _decoder(schema: Schema) -> msgspec.json.Decoder[Any] | None:
    fields = [
        (f"column_{i}", _type(column), msgspec.field(name=column.name))
        for i, column in enumerate(schema.columns)
    ]
    try:
        row: Any = msgspec.defstruct("Row", fields, forbid_unknown_fields=True, gc=False)
    except ValueError:  # a name that msgspec cannot look for: with quotes, say
        return None
    body = msgspec.defstruct("Body", [("instances", list[row])], forbid_unknown_fields=True)
    return msgspec.json.Decoder(body)


def _type(column: Column) -> Any:
    type_ = _TYPES[value_kind(column)]
    return type_ | None if column.accepts_missing else type_
