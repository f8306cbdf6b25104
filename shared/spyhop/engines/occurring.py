"""A graph over counts of terms, rewritten to read only those of the terms that occur.

A text has a hundred terms of a vocabulary of thirty thousand.  Where a graph keeps to the
columns of its counts until it adds them up, a column of zeros adds nothing, and its weights
need not be read: they are gathered for the columns that are fed.
"""

from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import GraphProto, NodeProto, TensorProto, helper, numpy_helper

from spyhop.core.blocks import Block

# What makes a number of the numbers in the same column, and what it makes of them.
_IN_COLUMNS: Mapping[str, Callable[..., Any]] = {
    "Abs": np.abs,
    "Add": np.add,
    "Cast": np.float64,
    "Div": np.divide,
    "Equal": np.equal,
    "Greater": np.greater,
    "Identity": np.array,
    "Log": np.log,
    "Mul": np.multiply,
    "Neg": np.negative,
    "Sqrt": np.sqrt,
    "Sub": np.subtract,
    "Where": np.where,
}

_SUMS = ("ReduceL1", "ReduceL2", "ReduceSum")


class _Dense(Exception):
    """The graph needs its columns of zeros, or may do."""


def reads_occurring(graph: GraphProto, block: Block) -> bool:
    """Change `graph` to read the counts `block` as "occurring", and return True, if it can.

    Otherwise it stays as it is.
    """
    try:
        nodes = _Rewriting(graph, block).nodes()
    except _Dense:
        return False
    del graph.node[:]
    graph.node.extend(nodes)
    counts = next(one for one in graph.input if one.name == block.name)
    counts.CopyFrom(helper.make_tensor_value_info(block.name, TensorProto.DOUBLE, [None, None]))
    graph.input.append(helper.make_tensor_value_info(block.places, TensorProto.INT64, [None]))
    return True


class _Rewriting:
    """Follows the columns through a graph.

    `at_zero` has, for each result that still has them, what it holds where a count is 0: the
    same in each column, or it could not be left out.
    """

    def __init__(self, graph: GraphProto, block: Block) -> None:
        self._graph, self._block = graph, block
        self._constants = {one.name: one for one in graph.initializer}
        self._at_zero: dict[str, Any] = {block.name: np.float64(0)}
        self._gathered: list[NodeProto] = []
        self._numbers = count(1)

    def nodes(self) -> list[NodeProto]:
        """Return the nodes of the graph, rewritten."""
        return [one for node in self._graph.node for one in self._rewritten(node)]

    def _rewritten(self, node: NodeProto) -> list[NodeProto]:
        if not any(name in self._at_zero for name in node.input):
            return [node]
        changed = NodeProto()
        changed.CopyFrom(node)
        self._gathered = []
        if node.op_type in _IN_COLUMNS:
            self._follow(changed)
        elif node.op_type == "MatMul" and self._is_zero(node.input[0]):
            changed.input[1] = self._weights(node.input[1])
        elif not (node.op_type in _SUMS and self._is_zero(node.input[0]) and self._adds(node)):
            raise _Dense
        return [*self._gathered, changed]

    def _follow(self, node: NodeProto) -> None:
        with np.errstate(all="ignore"):
            found = _IN_COLUMNS[node.op_type](*[self._operand(name) for name in node.input])
        is_by_row = not all(name in self._at_zero or name in self._constants for name in node.input)
        if (found != found.flat[0]).any() or (is_by_row and found.flat[0] != 0):
            raise _Dense
        self._at_zero[node.output[0]] = found.flat[0]
        for i, name in enumerate(node.input):
            if name in self._constants and self._shape(name)[-1:] == (self._block.width,):
                node.input[i] = self._picked(name, axis=len(self._shape(name)) - 1)

    def _operand(self, name: str) -> NDArray[Any]:
        """Return the value at zero; a 1 stands for what a row has in all of its columns."""
        if name in self._at_zero:
            return np.asarray(self._at_zero[name])
        constant = self._constants.get(name)
        return np.asarray(1.0) if constant is None else numpy_helper.to_array(constant)

    def _is_zero(self, name: str) -> bool:
        return bool(self._at_zero.get(name) == 0)

    def _adds(self, node: NodeProto) -> bool:
        axes = self._constants.get(node.input[1]) if len(node.input) > 1 else None
        return axes is not None and numpy_helper.to_array(axes).tolist() == [1]

    def _weights(self, name: str) -> str:
        if name not in self._constants or self._shape(name)[0] != self._block.width:
            raise _Dense
        return self._picked(name, axis=0)

    def _shape(self, name: str) -> tuple[int, ...]:
        return tuple(self._constants[name].dims)

    def _picked(self, name: str, axis: int) -> str:
        """Return the part of a constant for the columns that are fed."""
        picked = f"{self._block.name}_weights_{next(self._numbers)}"
        inputs = [name, self._block.places]
        self._gathered.append(helper.make_node("Gather", inputs, [picked], axis=axis))
        return picked
