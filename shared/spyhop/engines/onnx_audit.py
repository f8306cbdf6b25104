"""What a graph may hold, read off its bytes before onnxruntime opens it.

onnxruntime reads tensors from other files where a graph says so, and takes operators from any
domain that is registered.  Our converters make neither, so a graph that has either is none of
ours.  Nothing is decoded here but the fields that say so; all else is skipped where it lies.

The field numbers are those of ONNX's public onnx.proto (github.com/onnx/onnx, onnx/onnx.proto),
the wire format is Protocol Buffers' (protobuf.dev/programming-guides/encoding).  A field of a
number that is not named here is skipped, as protobuf skips what it does not know.
"""

import os
import re
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from spyhop.errors import ArtifactError

if TYPE_CHECKING:
    import mmap

# Those of onnxruntime's domains that our converters use.  The first two mean the same.
DOMAINS = frozenset({b"", b"ai.onnx", b"ai.onnx.ml"})

# A thousand boosted trees of their own make some ten thousand nodes.
MOST_NODES = 100_000

# Graphs inside graphs: the bodies of If, Loop and Scan.
MOST_DEPTH = 8

# For each message the fields that are messages to be read, too, by number.
_PARTS = {
    "Model": {7: "Graph", 20: "Training", 25: "Function"},
    "Training": {1: "Graph", 2: "Graph"},
    "Function": {7: "Node", 11: "Attribute"},
    "Graph": {1: "Node", 5: "Tensor", 15: "Sparse"},
    "Node": {5: "Attribute"},
    "Attribute": {
        5: "Tensor",
        10: "Tensor",
        6: "Graph",
        11: "Graph",
        22: "Sparse",
        23: "Sparse",
    },
    "Sparse": {1: "Tensor", 2: "Tensor"},
    "Tensor": {},
}
_DOMAIN = 7  # of a Node
_EXTERNAL_DATA, _DATA_LOCATION = 13, 14  # of a Tensor

# Wire types.
_VARINT, _EIGHT_BYTES, _LENGTH, _FOUR_BYTES = 0, 1, 2, 5

# A smaller graph is read before the expressions below are compiled.
SMALL_BYTES = 64 * 1024

_WIDEST_TAG = 2**32 - 1

# The tag of an Attribute's integers, of which a forest has millions: numpy skips these.
_INTEGERS = 0x40
_FIRST_BYTES, _MOST_BYTES = 256, 65536


@cache
def _skipped(message: str) -> "re.Pattern[bytes]":
    """Return what matches the fields of `message` that come by the million and say nothing:

    names and texts below 32 bytes (tag, length, bytes), four-byte floats, dimensions.
    """
    text = rb"(?:" + rb"|".join(rb"\x%02x.{%d}" % (n, n) for n in range(32)) + rb")"
    number = rb"[\x80-\xff]{0,9}+[\x00-\x7f]"
    fields = {
        "Node": rb"(?s:[\x0a\x12\x1a\x22]" + text + rb")*+",
        "Attribute": rb"(?s:\x3d.{4}|[\x0a\x22\x4a]" + text + rb")*+",
        "Tensor": rb"(?s:\x08" + number + rb"|\x32" + text + rb")*+",
    }
    return re.compile(fields.get(message, rb""))


def audit_graph(artefact: bytes | str) -> None:
    """Return if the graph in `artefact` (bytes, or a file's path) holds only what ours hold.

    Raises:
        ArtifactError: a tensor lies in another file, an operator is of a strange domain, there
            are too many nodes or graphs in graphs, or the bytes are no graph.
    """
    if isinstance(artefact, bytes):
        _Audit(artefact).walk("Model", 0, len(artefact), 0)
        return
    import mmap  # only a large graph is left on the disk

    with open(artefact, "rb") as file:
        size = os.stat(artefact).st_size
        if size == 0:
            raise _no_graph("it is empty")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            _Audit(mapped).walk("Model", 0, size, 0)


class _Audit:
    """One walk over the bytes of a model."""

    def __init__(self, buffer: "bytes | mmap.mmap") -> None:
        self._buffer = buffer
        self._is_large = len(buffer) > SMALL_BYTES
        self._nodes = 0

    def walk(self, message: str, at: int, end: int, depth: int) -> None:
        """Audit the message that lies from `at` to `end`, `depth` graphs deep."""
        self._count(message, depth)
        parts = _PARTS[message]
        skipped = _skipped(message).match if self._is_large else None
        while at < end:
            if skipped is not None:
                at = skipped(self._buffer, at, end).end()  # type: ignore[union-attr]
            if message == "Attribute" and at < end and self._buffer[at] == _INTEGERS:
                at = _after_integers(self._buffer, at, end)
            if at == end:
                return
            tag, at = self._number(at, end)
            field, wire = tag >> 3, tag & 7
            # protobuf cuts a tag to 32 bits, and would take a wider one for another field.
            if tag > _WIDEST_TAG or field == 0:
                raise _no_graph("a field in it has no number")
            value, start = self._number(at, end) if wire in (_VARINT, _LENGTH) else (0, at)
            at = _after(wire, value, start, end)
            part = parts.get(field)
            if part is not None:
                if wire != _LENGTH:
                    raise _no_graph("a part of it is a number")
                self.walk(part, start, at, depth + (part == "Graph"))
            elif message == "Node" and field == _DOMAIN:
                self._check_domain(start, at)
            elif message == "Tensor":
                _check_inside(field, wire, value)

    def _count(self, message: str, depth: int) -> None:
        if depth > MOST_DEPTH:
            raise _refused(f"has graphs nested more than {MOST_DEPTH} deep")
        self._nodes += message == "Node"
        if self._nodes > MOST_NODES:
            raise _refused(f"has more than {MOST_NODES} nodes")

    def _number(self, at: int, end: int) -> tuple[int, int]:
        """Return the varint at `at` and where it ends."""
        value = 0
        for i in range(10):
            if at + i >= end:
                break
            byte = self._buffer[at + i]
            value |= (byte & 0x7F) << (7 * i)
            if byte < 0x80:
                return value, at + i + 1
        raise _no_graph("a number in it does not end")

    def _check_domain(self, start: int, end: int) -> None:
        if self._buffer[start:end] not in DOMAINS:
            raise _refused("has an operator of a strange domain; expected ai.onnx and ai.onnx.ml")


def _after_integers(buffer: "bytes | mmap.mmap", at: int, end: int) -> int:
    """Return where the integers end that lie from `at` on, each a tag and a varint.

    It looks at few bytes first and at more as long as it finds nothing else; an integer that
    is cut off by `end` is left to who reads fields one by one.
    """
    n_bytes = _FIRST_BYTES
    while at < end:
        some = np.frombuffer(buffer, np.uint8, min(n_bytes, end - at), at)
        lasts = np.flatnonzero(some < 0x80)  # of tags and numbers, by turns
        tags, numbers = lasts[0 : len(lasts) // 2 * 2 : 2], lasts[1::2]
        places = np.concatenate(([0], numbers[:-1] + 1))[: len(tags)]
        strange = np.flatnonzero((tags != places) | (some[tags] != _INTEGERS))
        whole = int(strange[0]) if len(strange) else len(tags)
        if whole == 0:
            break
        at += int(numbers[whole - 1]) + 1
        if len(strange):
            break
        n_bytes = min(2 * n_bytes, _MOST_BYTES)
    return at


def _after(wire: int, value: int, start: int, end: int) -> int:
    """Return where a field ends whose value starts at `start`."""
    sizes = {_VARINT: 0, _EIGHT_BYTES: 8, _LENGTH: value, _FOUR_BYTES: 4}
    if wire not in sizes or start + sizes[wire] > end:
        raise _no_graph("a field in it is cut off or of no known form")
    return start + sizes[wire]


def _check_inside(field: int, wire: int, value: int) -> None:
    external = field == _DATA_LOCATION and (wire != _VARINT or value != 0)
    if field == _EXTERNAL_DATA or external:
        raise _refused("keeps a tensor in another file; expected all of them inside")


def _no_graph(why: str) -> ArtifactError:
    return _refused(f"is no ONNX graph: {why}")


def _refused(what: str) -> ArtifactError:
    return ArtifactError(f"model.onnx {what}. Refusing to load it; pack the model again.")
