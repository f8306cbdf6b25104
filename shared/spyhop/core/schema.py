"""The columns a model takes, as one immutable value that travels in the bundle.

A `Schema` is derived from the fitted pipeline and its training table (`derive.py`) and is
never typed by hand.  `rows.py` enforces it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import Any, Literal, cast, get_args

from spyhop.errors import ArtifactError

Kind = Literal["number", "integer", "boolean", "category", "text"]
Layout = Literal["frame", "matrix", "vector"]
Category = str | int | float | bool


@dataclass(frozen=True)
class Column:
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


@dataclass(frozen=True)
class Schema:
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
    def cells_of(self) -> Callable[[Mapping[str, Any]], Sequence[Any]]:
        """Returns the values of a row by column name, in order; KeyError if one is absent."""
        pick = itemgetter(*self.names)
        return pick if len(self.names) > 1 else lambda row: (pick(row),)

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
