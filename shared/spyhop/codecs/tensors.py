"""Tensors of the Open Inference Protocol: rows in by columns, answers out by outputs.

A request has one tensor a column, of shape [rows] or [rows, 1], or one of all columns in the
schema's order, of shape [rows, columns].  Data is in the JSON or, as the protocol's extension
for binary data has it, behind it.  NaN, null and an empty text are missing values.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from math import prod
from typing import Any, TypeGuard

import numpy as np
from msgspec import Struct

from spyhop.core.cells import array_value
from spyhop.core.instances import check_number, type_name
from spyhop.core.question import Answered, RowsOf
from spyhop.core.refusals import printable
from spyhop.core.schema import Column, Schema
from spyhop.errors import InvalidRequest

BYTES = "BYTES"
_WIDTHS = {"INT": (8, 16, 32, 64), "UINT": (8, 16, 32, 64), "FP": (16, 32, 64)}
_LETTERS = {"INT": "i", "UINT": "u", "FP": "f"}

# The protocol's name → numpy's, little-endian as the protocol has it.
DATATYPES = {"BOOL": "?"} | {
    f"{kind}{bits}": f"<{_LETTERS[kind]}{bits // 8}"
    for kind, widths in _WIDTHS.items()
    for bits in widths
}

_OF_LABEL = {str: BYTES, bool: "BOOL", int: "INT64", float: "FP64"}


class Tensor(Struct, frozen=True):
    """A named tensor; `values` are its elements, the last dimension's beside each other."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    values: list[Any]


def tensors_in(inputs: object, binary: bytes) -> list[Tensor]:
    """Return the tensors that `inputs` describes; `binary` holds the data of some of them.

    Raises:
        InvalidRequest: they are not described as the protocol does.
    """
    if not isinstance(inputs, list) or not inputs:
        raise InvalidRequest(f'got {type_name(inputs)} as "inputs", expected a list of tensors')
    found, rest = [], binary
    for sent in inputs:
        tensor, rest = _tensor(sent, rest)
        found.append(tensor)
    if rest:
        raise InvalidRequest(f"{len(rest)} bytes follow the data of the last tensor")
    if len({tensor.name for tensor in found}) < len(found):
        raise InvalidRequest("two tensors have the same name")
    return found


def rows_of(tensors: list[Tensor], most_rows: int) -> RowsOf:
    """Return what makes rows of `tensors`.

    Raises:
        InvalidRequest: they differ in their number of rows, or have more than `most_rows`.
    """
    lengths = {tensor.shape[0] for tensor in tensors}
    if len(lengths) != 1:
        raise InvalidRequest("the tensors have different numbers of rows (their shape's first)")
    check_number(lengths.pop(), most_rows)

    def rows(schema: Schema) -> list[Any]:
        first = tensors[0]
        if len(tensors) == 1 and len(first.shape) == 2 and first.shape[1] == len(schema.names) > 1:
            return _by_place(first, schema)
        return _by_name(tensors, schema)

    return rows


def outputs_of(answered: Answered) -> Iterator[Tensor]:
    """Yield what was answered, one tensor an output."""
    n_rows, spec = len(answered.predictions), answered.spec
    for name in answered.outputs:
        values = [prediction[name] for prediction in answered.predictions]
        if name == "probabilities":
            flat = [share for row in values for share in row.values()]
            yield Tensor(name, "FP64", (n_rows, len(spec.keys)), flat)
        else:
            yield Tensor(name, output_datatype(name, spec.classes), (n_rows,), values)


def output_datatype(name: str, classes: tuple[Any, ...]) -> str:
    """Return the datatype of an output; a label's is that of the `classes`."""
    return _OF_LABEL[type(classes[0])] if name == "label" else "FP64"


def packed(tensor: Tensor) -> bytes:
    """Return the elements as the protocol's binary data."""
    if tensor.datatype != BYTES:
        return np.array(tensor.values, DATATYPES[tensor.datatype]).tobytes()
    texts = [text.encode() for text in tensor.values]
    return b"".join(len(text).to_bytes(4, "little") + text for text in texts)


def _by_place(tensor: Tensor, schema: Schema) -> list[Any]:
    width = tensor.shape[1]
    columns = [
        _values(tensor.values[place::width], tensor.datatype, column)
        for place, column in enumerate(schema.columns)
    ]
    return [list(row) for row in zip(*columns, strict=True)]


def _by_name(tensors: list[Tensor], schema: Schema) -> list[Any]:
    known = {column.name: column for column in schema.columns}
    columns = {}
    for tensor in tensors:
        if tensor.shape[1:] not in ((), (1,)):
            raise InvalidRequest(
                f"inputs.{printable(tensor.name)}: expected shape [rows] or [rows, 1], or one "
                f"tensor alone of shape [rows, {len(known)}]"
            )
        column = known.get(tensor.name)
        columns[tensor.name] = (
            tensor.values if column is None else _values(tensor.values, tensor.datatype, column)
        )
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _values(values: Iterable[Any], datatype: str, column: Column) -> list[Any]:
    # A text where numbers were announced is none, though it may look like one.
    return [
        v if v is None or (type(v) is str and datatype != BYTES) else array_value(v, column)
        for v in values
    ]


def _tensor(sent: object, binary: bytes) -> tuple[Tensor, bytes]:
    """Return the tensor and what of `binary` is left for others."""
    fields: Mapping[str, Any] = sent if isinstance(sent, dict) else {}
    name, datatype, shape = fields.get("name"), fields.get("datatype"), fields.get("shape")
    if not isinstance(name, str) or not isinstance(datatype, str) or not _is_shape(shape):
        raise InvalidRequest("a tensor lacks name, datatype or shape (one or two whole numbers)")
    if datatype not in (*DATATYPES, BYTES):
        known = ", ".join([*DATATYPES, BYTES])
        raise InvalidRequest(f"inputs.{printable(name)}: no such datatype. Known: {known}")
    parameters = fields.get("parameters") or {}
    if not isinstance(parameters, dict):
        raise InvalidRequest(f"inputs.{printable(name)}: expected its parameters as an object")
    size = parameters.get("binary_data_size")
    if size is None:
        values = _flat(fields.get("data"), len(shape))
    elif type(size) is int and 0 <= size <= len(binary):
        values = _unpacked(binary[:size], datatype)
        binary = binary[size:]
    else:
        raise InvalidRequest(f"inputs.{printable(name)}: binary_data_size is not how much follows")
    if len(values) != prod(shape):
        raise InvalidRequest(f"inputs.{printable(name)}: its data has not as much as its shape")
    return Tensor(name, datatype, tuple(shape), values), binary


def _is_shape(shape: object) -> TypeGuard[list[int]]:
    if not isinstance(shape, list) or len(shape) not in (1, 2):
        return False
    return all(type(length) is int and 0 <= length <= 2**31 for length in shape)


def _flat(data: object, dimensions: int) -> list[Any]:
    """Return elements that may be nested as the shape is."""
    if not isinstance(data, list):
        raise InvalidRequest(f'got {type_name(data)} as "data", expected a list')
    if dimensions == 2 and data and all(type(row) is list for row in data):
        return list(chain.from_iterable(data))
    return data


def _unpacked(content: bytes, datatype: str) -> list[Any]:
    try:
        if datatype != BYTES:
            numbers: list[Any] = np.frombuffer(content, DATATYPES[datatype]).tolist()
            return numbers
        return list(_texts(content))
    except ValueError as error:  # half an element, or no UTF-8
        raise InvalidRequest(f"the binary data is no {datatype}") from error


def _texts(content: bytes) -> Iterator[str]:
    start = 0
    while start < len(content):
        end = start + 4 + int.from_bytes(content[start : start + 4], "little")
        if end > len(content) or start + 4 > len(content):
            raise ValueError("a text is cut off")
        yield content[start + 4 : end].decode()
        start = end
