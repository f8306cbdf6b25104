"""A part of a graph that is computed again and again until a condition no longer holds."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from onnx import NodeProto, TensorProto, helper

from spyhop.engines.converters.graph import Nodes

# Writes one turn: from the states to whether to go on and the states that follow.
Turn = Callable[[Nodes, Sequence[str]], tuple[str, Sequence[str]]]


def repeated(nodes: Nodes, turn: Turn, states: Sequence[str], most: int) -> list[str]:
    """Return the states, matrices of doubles, after `most` turns at most.

    A turn may read its states and constants only, for skl2onnx does not see what else its
    nodes need.
    """
    body = _Body()
    within, count, going_on, *before = nodes.within(body, 2 + len(states))
    condition, after = turn(within, before)
    results = [within.add("Identity", name) for name in (condition, *after)]
    inputs = [
        helper.make_tensor_value_info(count, TensorProto.INT64, []),
        helper.make_tensor_value_info(going_on, TensorProto.BOOL, []),
        *(helper.make_tensor_value_info(name, TensorProto.DOUBLE, None) for name in before),
    ]
    outputs = [
        helper.make_tensor_value_info(results[0], TensorProto.BOOL, []),
        *(helper.make_tensor_value_info(name, TensorProto.DOUBLE, None) for name in results[1:]),
    ]
    graph = helper.make_graph(body.nodes, "turn", inputs, outputs, body.constants)
    return nodes.add_many("Loop", len(states), np.array(most), np.array(True), *states, body=graph)


class _Body:
    """Keeps what is written in a loop apart from the graph around it."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []

    def add_node(
        self, op: str, inputs: Any, outputs: Any, op_domain: str = "", **attributes: Any
    ) -> None:
        self.nodes.append(helper.make_node(op, inputs, outputs, domain=op_domain, **attributes))

    def add_initializer(self, name: str, _: Any, shape: Any, content: Any) -> None:
        assert shape is None, "a loop has constants of numbers only"
        content.name = name
        self.constants.append(content)
