"""The columns a model takes, as one immutable value that travels in the bundle.

A `Schema` is derived from the fitted pipeline and its training table (`derive.py`) and is
never typed by hand.  `rows.py` enforces it.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from itertools import chain
from operator import itemgetter
from typing import Any, Literal, NamedTuple, cast, get_args

from msgspec import Struct

from spyhop.errors import ArtifactError

Kind = Literal["number", "integer", "boolean", "category", "text"]
Layout = Literal["frame", "matrix", "vector"]
Category = str | int | float | bool


class Column(Struct, frozen=True, dict=True):
    """One column: what a row may hold there, and what the training table held.

    `dtype` is the training table's own (pandas or numpy) name, so that an engine can rebuild
    exactly that column.  `categories` lists the values seen in training, of one type.  Only
    where `accepts_unknown` is False must a value be among them.  `missing_as` is how the
    training table wrote a missing value into an object column.  `minimum` and `maximum` are
    the training range of a number or integer; they inform, they do not refuse.  `largest` is
    the magnitude beyond which the pipeline cannot compute, and numbers are refused.
    """

    name: str
    kind: Kind
    dtype: str
    accepts_missing: bool = False
    missing_as: Literal["nan", "None"] = "nan"
    accepts_unknown: bool = False
    categories: tuple[Category, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    largest: float | None = None

    @cached_property
    def known(self) -> frozenset[Category]:
        """The categories as a set, for membership."""
        return frozenset(self.categories)

    @cached_property
    def taken(self) -> frozenset[Category | None]:
        """The categories, and None where the column accepts missing values."""
        return self.known | ({None} if self.accepts_missing else set())


# Rows → their cells, one row's after the other.
Cells = Callable[[Sequence[Any]], Sequence[Any]]


class Alike(NamedTuple):
    """Columns that take the same values, their categories apart, and so are checked as one.

    `places` are theirs in the schema.  `by_name` returns their cells of rows that are mappings
    (KeyError if one is absent), and `by_place` of rows that are lists.
    """

    columns: tuple[Column, ...]
    places: tuple[int, ...]
    by_name: Cells
    by_place: Cells


def alike(columns: Sequence[Column]) -> tuple[Alike, ...]:
    """Return `columns` in groups."""
    groups: dict[object, list[int]] = {}
    for place, column in enumerate(columns):
        category = type(column.categories[0]) if column.categories else None
        rule = (column.kind, category, column.dtype, column.accepts_missing, column.largest)
        groups.setdefault(rule, []).append(place)
    return tuple(_together([columns[i] for i in p], p) for p in groups.values())


def _together(columns: list[Column], places: list[int]) -> Alike:
    names = [column.name for column in columns]
    return Alike(tuple(columns), tuple(places), _cells(names), _cells(places))


def _cells(keys: Sequence[Any]) -> Cells:
    pick = itemgetter(*keys)
    if len(keys) == 1:
        return lambda rows: list(map(pick, rows))
    return lambda rows: list(chain.from_iterable(map(pick, rows)))


class Schema(Struct, frozen=True, dict=True):
    """Columns in the order of the training table.

    `layout` is the shape the pipeline was fitted on: "frame" (a DataFrame), "matrix" (a
    two-dimensional array, columns named x0, x1, …) or "vector" (one column of texts).
    """

    layout: Layout
    columns: tuple[Column, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @cached_property
    def groups(self) -> tuple[Alike, ...]:
        """All columns, in groups that are alike."""
        return alike(self.columns)

    @cached_property
    def name_set(self) -> frozenset[str]:
        return frozenset(self.names)


def schema_to_json(schema: Schema) -> dict[str, Any]:
    """Return `schema` as plain JSON values; `schema_from_json` reads them back."""
    return {"layout": schema.layout, "columns": [_column_to_json(c) for c in schema.columns]}


def schema_from_json(value: Mapping[str, Any]) -> Schema:
    """Return the schema that `schema_to_json` wrote.

    Raises:
        ArtifactError: a field is absent or is not what this version of spyhop knows.
    """
    try:
        columns = tuple(_column_from_json(column) for column in value["columns"])
        layout = value["layout"]
    except (KeyError, TypeError) as error:
        raise ArtifactError(
            f"schema.json lacks or garbles {error}. Expected the schema that spyhop wrote; "
            "pack the model again."
        ) from error
    if layout not in get_args(Layout):
        raise ArtifactError(
            f"schema.json has the layout {layout!r}, expected one of {', '.join(get_args(Layout))}."
            " Serve this bundle with the spyhop that packed it, or a newer one."
        )
    return Schema(cast(Layout, layout), columns)


def _column_to_json(column: Column) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "name": column.name,
        "kind": column.kind,
        "dtype": column.dtype,
        "accepts_missing": column.accepts_missing,
    }
    if column.missing_as != "nan":
        fields["missing_as"] = column.missing_as
    if column.kind == "category":
        fields["accepts_unknown"] = column.accepts_unknown
        fields["categories"] = list(column.categories)
    if column.minimum is not None:
        fields["training_range"] = [column.minimum, column.maximum]
    if column.largest is not None:
        fields["largest"] = column.largest
    return fields


def _column_from_json(value: Mapping[str, Any]) -> Column:
    if value["kind"] not in get_args(Kind):
        raise ArtifactError(
            f'schema.json gives column "{value["name"]}" the kind {value["kind"]!r}, expected one '
            f"of {', '.join(get_args(Kind))}. Serve this bundle with the spyhop that packed it."
        )
    minimum, maximum = value.get("training_range", (None, None))
    return Column(
        name=value["name"],
        kind=value["kind"],
        dtype=value["dtype"],
        accepts_missing=value["accepts_missing"],
        missing_as=value.get("missing_as", "nan"),
        accepts_unknown=value.get("accepts_unknown", False),
        categories=tuple(value.get("categories", ())),
        minimum=minimum,
        maximum=maximum,
        largest=value.get("largest"),
    )
