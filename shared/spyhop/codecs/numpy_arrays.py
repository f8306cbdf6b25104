"""application/x-npy and x-npz: numpy's own files, read without ever unpickling.

An array of shape (rows, columns) is in the order of the schema; a structured one, and a .npz of
one array a column, is by name.  NaN is a missing value.  The header is checked against the bytes
before anything of the size that it claims is made.

The reply is one array: a regressor's values, a classifier's probabilities in the order of its
classes, or its labels where it has no others or `outputs` asks for them alone.
"""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spyhop.codecs import Body
from spyhop.codecs.media import Media
from spyhop.core.cells import array_value
from spyhop.core.instances import check_number
from spyhop.core.question import Answered, Question
from spyhop.core.schema import Column, Schema
from spyhop.errors import InvalidRequest

Columns = dict[str, NDArray[Any]]

_KINDS = "biufU"  # booleans, numbers, texts
_WIDEST_NUMBER = 8


def read(body: Body) -> Question:
    """See `Codec.read`."""
    zipped = body.content[:2] == b"PK"
    found = _unzipped(body.content) if zipped else _array(body.content)
    if isinstance(found, np.ndarray) and found.dtype.names is None:
        array = found
        check_number(len(array), body.most_rows)
        return Question(lambda schema: _rows(array, schema), body.parameters)
    columns = _by_name(found)
    lengths = {len(array) for array in columns.values()}
    if len(lengths) != 1:
        raise InvalidRequest("the arrays have different lengths, expected one value a row in each")
    check_number(lengths.pop(), body.most_rows)
    return Question(lambda schema: _rows_by_name(columns, schema), body.parameters)


def write(answered: Answered, media: Media) -> tuple[str, bytes]:
    """See `Codec.write`."""
    if any("error" in prediction for prediction in answered.predictions):
        raise InvalidRequest(
            "a row was refused, and an array has no place for its error. Accept application/json.",
            fault="accept",
        )
    out, arrays = io.BytesIO(), _outputs(answered)
    if media.name.endswith("npz"):
        np.savez(out, allow_pickle=False, **arrays)
    else:
        np.save(out, arrays[list(arrays)[-1]], allow_pickle=False)
    return media.name, out.getvalue()


def _outputs(answered: Answered) -> Columns:
    """Return the outputs as arrays; the last is the one that says most."""
    rows = answered.predictions
    arrays = {}
    for name in answered.outputs:
        nested = name == "probabilities"
        arrays[name] = np.array([list(r[name].values()) if nested else r[name] for r in rows])
    return arrays


def _rows(array: NDArray[Any], schema: Schema) -> list[Any]:
    if array.ndim == 1 and len(schema.names) == 1:
        array = array.reshape(-1, 1)
    if array.ndim != 2:
        raise InvalidRequest(
            f"got an array of {array.ndim} dimensions, expected shape (rows, columns)"
        )
    if not len(array):
        return []
    if array.shape[1] != len(schema.names):
        return [array[0].tolist()] * len(array)  # refused for its width, which all rows share
    columns = zip(array.T, schema.columns, strict=True)
    values = [_values(cells, column) for cells, column in columns]
    return [list(row) for row in zip(*values, strict=True)]


def _values(cells: NDArray[Any], column: Column) -> list[Any]:
    return [array_value(value, column) for value in cells.tolist()]


def _rows_by_name(columns: Columns, schema: Schema) -> list[Any]:
    known = {column.name: column for column in schema.columns}
    values = [
        _values(cells, known[name]) if name in known else cells.tolist()
        for name, cells in columns.items()
    ]
    return [dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True)]


def _by_name(found: NDArray[Any] | Columns) -> Columns:
    if isinstance(found, dict):
        columns = found
    else:
        columns = {name: found[name] for name in found.dtype.names or ()}
    if any(array.ndim != 1 for array in columns.values()):
        raise InvalidRequest("a column has several dimensions, expected one value a row")
    return columns


def _unzipped(content: bytes) -> NDArray[Any] | Columns:
    """Return the one array of an archive, or its columns by name if it has several."""
    from spyhop.codecs.archives import members  # only an archive pays for it

    arrays = {name: _array(member) for name, member in members(content)}
    return next(iter(arrays.values())) if len(arrays) == 1 else arrays


def _array(content: bytes) -> NDArray[Any]:
    """Return the array in a .npy file, looking at its bytes where they are."""
    stream = io.BytesIO(content)
    try:
        version = np.lib.format.read_magic(stream)
        if version == (1, 0):
            header = np.lib.format.read_array_header_1_0(stream)
        else:
            header = np.lib.format.read_array_header_2_0(stream)
        return _checked(*header, content[stream.tell() :])
    except InvalidRequest:
        raise
    except Exception as error:  # numpy lets through what its tokenizer and its dtypes raise
        raise InvalidRequest(
            "the body is not a .npy file that can be read, expected what numpy.save writes"
        ) from error


def _checked(
    shape: tuple[int, ...], columns_first: bool, dtype: np.dtype[Any], content: bytes
) -> NDArray[Any]:
    parts = [dtype] if dtype.fields is None else [part[0] for part in dtype.fields.values()]
    if dtype.hasobject:
        raise InvalidRequest("the array holds pickled objects, which are never read here")
    if not parts or not all(p.kind in _KINDS and p.itemsize > 0 and _is_narrow(p) for p in parts):
        raise InvalidRequest("got an array of another type than numbers, booleans or texts")
    size = dtype.itemsize
    for length in shape:
        size *= length
    if not shape or size != len(content):
        raise InvalidRequest("the array is not as long as its header says")
    array = np.frombuffer(content, dtype)
    array = array.reshape(shape, order="F" if columns_first else "C")
    _check_texts(array)
    return array


def _is_narrow(dtype: np.dtype[Any]) -> bool:
    return dtype.kind == "U" or dtype.itemsize <= _WIDEST_NUMBER


def _check_texts(array: NDArray[Any]) -> None:
    """Refuse code points that are none: numpy would raise where their texts are asked for."""
    for texts in [array[name] for name in array.dtype.names or ()] or [array]:
        if texts.dtype.kind == "U":
            texts.tolist()
