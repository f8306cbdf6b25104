"""A table as the tensors of a graph: columns of one dtype side by side in one block.

A text that a vectoriser reads is a block of its own: the counts of its terms.

One block a dtype costs a graph one input instead of one a column, which is most of the time
a small model takes to answer.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal, cast, get_args

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from spyhop.core.refusals import refusal
from spyhop.core.rows import Table
from spyhop.core.text import Vectoriser, occurring_counts, term_counts
from spyhop.errors import ArtifactError, Problem

BlockType = Literal["float64", "float32", "string", "counts", "occurring"]

# skl2onnx writes a missing category into a graph as the text "nan".  A caller's own text
# "nan" must not be taken for it: it becomes a text that no category has.
MISSING_TEXT = "nan"
TEXT_NAN = "\ufffdnan"

# No table's category is likely to be called so.
UNKNOWN_TEXT = "\ufffdno such category"


class Block(Struct, frozen=True):
    """One input of a graph: `columns` side by side, as `dtype`, shape (n_rows, `width`).

    `nullable` names the text columns of it that accept missing values.  One of "counts" has
    one column of texts, and as float64 what `vectoriser` counts in them.  One of "occurring"
    has the counts of those terms only that occur, and their places as a further input.
    """

    name: str
    dtype: BlockType
    columns: tuple[str, ...]
    nullable: tuple[str, ...] = ()
    vectoriser: Vectoriser | None = None

    @property
    def width(self) -> int:
        """How many columns the graph's input has."""
        return len(self.columns) if self.vectoriser is None else self.vectoriser.width

    @property
    def places(self) -> str:
        """The name of the input that says which terms occur."""
        return f"{self.name}_places"


def block_feed(table: Table, block: Block) -> dict[str, NDArray[Any]]:
    """Return what a graph is fed for `block`, by the names of its inputs.

    Raises:
        InvalidRequest: see `block_array`.
    """
    if block.dtype == "occurring" and block.vectoriser is not None:
        counts, places = occurring_counts(_texts(table, block), block.vectoriser)
        return {block.name: counts, block.places: places}
    return {block.name: block_array(table, block)}


def block_array(table: Table, block: Block) -> NDArray[Any]:
    """Return the columns of `block` side by side.

    Raises:
        InvalidRequest: a number is beyond what float32 holds, in a float32 block; code before
            the engine made no text of a row where terms are counted.
    """
    if block.vectoriser is not None:
        return term_counts(_texts(table, block), block.vectoriser)
    if block.dtype == "string":
        return _text_array(table, block)
    rows = len(table[block.columns[0]])
    array = np.empty((rows, len(block.columns)), dtype=block.dtype)
    if block.dtype == "float64":
        for i, name in enumerate(block.columns):
            array[:, i] = table[name]
        return array
    with np.errstate(over="ignore"):
        for i, name in enumerate(block.columns):
            array[:, i] = table[name]
    if np.isinf(array).any():
        raise refusal(_too_large(array, block))
    return array


def _texts(table: Table, block: Block) -> list[str]:
    (column,) = block.columns
    texts: list[str] = table[column].tolist()
    if not all(isinstance(text, str) for text in texts):
        reason = "got no text, where this model counts terms"
        raise refusal(
            [
                Problem(i, column, reason, "wrong_type")
                for i, text in enumerate(texts)
                if not isinstance(text, str)
            ]
        )
    return texts


def _text_array(table: Table, block: Block) -> NDArray[Any]:
    array = np.empty((len(table[block.columns[0]]), len(block.columns)), dtype=object)
    for i, name in enumerate(block.columns):
        array[:, i] = table[name]
    if block.nullable and not _MARKED.isdisjoint(array.ravel().tolist()):
        for i, name in enumerate(block.columns):
            if name in block.nullable:
                array[:, i] = [_MARKS.get(text, text) for text in table[name].tolist()]
    return array


_MARKS = {None: MISSING_TEXT, MISSING_TEXT: TEXT_NAN}
_MARKED = frozenset(_MARKS)


def _too_large(array: NDArray[Any], block: Block) -> list[Problem]:
    reason = "got a number beyond ±3.4e38, which this model (float32) cannot compute with"
    return [
        Problem(int(r), block.columns[c], reason, "out_of_range")
        for r, c in np.argwhere(np.isinf(array))
    ]


def vectoriser_file(block: Block) -> str:
    """Return the file of a bundle that holds the vectoriser of `block`."""
    return f"{block.name}.json"


def block_to_json(block: Block) -> dict[str, Any]:
    """Return `block` as plain JSON values, its vectoriser as the name of a file."""
    fields: dict[str, Any] = {
        "name": block.name,
        "dtype": block.dtype,
        "columns": list(block.columns),
    }
    if block.nullable:
        fields["nullable"] = list(block.nullable)
    if block.vectoriser is not None:
        fields["vectoriser"] = vectoriser_file(block)
    return fields


def block_from_json(value: Mapping[str, Any], vectoriser_in: Callable[[str], Vectoriser]) -> Block:
    """Return the block that `block_to_json` wrote; `vectoriser_in` reads a file of the bundle.

    Raises:
        ArtifactError: its dtype is none that this version of spyhop feeds.
    """
    if value["dtype"] not in get_args(BlockType):
        raise ArtifactError(
            f"manifest.json feeds a block of {value['dtype']!r}, expected one of "
            f"{', '.join(get_args(BlockType))}. Serve it with the spyhop that packed it."
        )
    return Block(
        name=value["name"],
        dtype=cast(BlockType, value["dtype"]),
        columns=tuple(value["columns"]),
        nullable=tuple(value.get("nullable", ())),
        vectoriser=vectoriser_in(value["vectoriser"]) if "vectoriser" in value else None,
    )
