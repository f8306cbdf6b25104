"""Writing one model's part of a graph: nodes and constants by value, names left to skl2onnx.

A rule is a function `(nodes, model, X)` that writes what `model` computes from `X` and
returns the names of its results.  Rules call each other through `Nodes`, so that an ensemble
need not know what it is made of.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, numpy_helper
from skl2onnx._parse import _parse_sklearn
from skl2onnx.common.data_types import DoubleTensorType, StringTensorType
from sklearn.base import is_regressor

from spyhop.engines.options import without_zipmap

Value = str | NDArray[Any] | float | int

ML = "ai.onnx.ml"


class NoRule(Exception):
    """The rules do not cover this model, or this argument of it; another rung may."""


class Scores(NamedTuple):
    """What a classifier computes: the position of the winning class, and numbers behind it.

    `winner` has shape (n,) and counts in the order of `classes_`; `probabilities` (n, classes);
    `decision` is its `decision_function`, (n, 1) for two classes.  None where it has none.
    """

    winner: str
    probabilities: str | None = None
    decision: str | None = None


Rule = Callable[["Nodes", Any, "Inputs"], Any]


class Nodes:
    """Adds nodes to the graph that skl2onnx is building."""

    def __init__(self, scope: Any, container: Any, rules: Mapping[type, Rule], parsers: Any):
        self._scope, self._container = scope, container
        self._rules, self._parsers = rules, parsers

    def add(self, op: str, *values: Value, domain: str = "", **attributes: Any) -> str:
        """Return the name of the only output of a new node; numbers become constants."""
        return self.add_many(op, 1, *values, domain=domain, **attributes)[0]

    def add_many(
        self, op: str, outputs: int, *values: Value, domain: str = "", **attributes: Any
    ) -> list[str]:
        """Return the names of the outputs of a new node."""
        names = [self._scope.get_unique_variable_name(op.lower()) for _ in range(outputs)]
        inputs = [value if isinstance(value, str) else self.constant(value) for value in values]
        name = self._scope.get_unique_operator_name(op)
        self._container.add_node(op, inputs, names, op_domain=domain, name=name, **attributes)
        return names

    def constant(self, value: NDArray[Any] | float | int) -> str:
        """Return the name of a constant of the dtype that numpy gives `value`."""
        name: str = self._scope.get_unique_variable_name("constant")
        array = np.asarray(value)
        if array.dtype.kind in "UO":
            texts = [str(text).encode() for text in array.ravel()]
            self._container.add_initializer(name, TensorProto.STRING, array.shape, texts)
        else:
            tensor = numpy_helper.from_array(np.ascontiguousarray(array).reshape(array.shape))
            self._container.add_initializer(name, tensor.data_type, None, tensor)
        return name

    def within(self, container: Any, n_names: int) -> tuple[Any, ...]:
        """Return what adds nodes to another container, and so many names for its inputs."""
        names = [self._scope.get_unique_variable_name("state") for _ in range(n_names)]
        return Nodes(self._scope, container, self._rules, self._parsers), *names

    def save(self, name: str, variable: Any) -> None:
        """Make the result `name` be `variable`."""
        self._container.add_node("Identity", [name], [variable.full_name])

    def inputs(self, name: str, columns: int) -> "Inputs":
        """Return a matrix of doubles written by a rule as the inputs of a further model."""
        variable = self._scope.declare_local_variable("matrix", DoubleTensorType([None, columns]))
        self.save(name, variable)
        return Inputs(self, [variable])

    def only(self, variable: Any) -> "Inputs":
        """Return one of skl2onnx's variables as the inputs of a further model."""
        return Inputs(self, [variable])

    def classify(self, model: Any, X: "Inputs") -> Scores:
        """Return what the classifier `model` computes, by a rule or by skl2onnx."""
        rule = self._rules.get(type(model))
        if rule is not None:
            scores: Scores = rule(self, model, X)
            return scores
        label, *numbers = self._parsed(model, X)
        index = self._index_of(label, model.classes_)
        return Scores(index, numbers[0] if numbers else None)

    def regress(self, model: Any, X: "Inputs") -> str:
        """Return the values, shape (n, 1), that the regressor `model` computes."""
        rule = self._rules.get(type(model))
        value = rule(self, model, X) if rule is not None else self._parsed(model, X)[0]
        return self.add("Reshape", value, np.array([-1, 1]))

    def transform(self, model: Any, X: "Inputs") -> str:
        """Return what the transformer `model`, which has a rule, makes of `X`."""
        return str(self._rules[type(model)](self, model, X))

    def _parsed(self, model: Any, X: "Inputs") -> list[str]:
        for key, option in without_zipmap(model).items():
            self._scope.add_options(key, option)
            self._container.add_options(key, option)
        others = {key: value for key, value in self._parsers.items() if key is not type(model)}
        outputs = _parse_sklearn(self._scope, model, X.variables, custom_parsers=others)
        return [
            variable.full_name
            if i == 0 and not is_regressor(model)
            else self.add("Cast", variable.full_name, to=TensorProto.DOUBLE)
            for i, variable in enumerate(outputs)
        ]

    def _index_of(self, label: str, classes: NDArray[Any]) -> str:
        """Return the position in `classes` of each label."""
        column = self.add("Reshape", label, np.array([-1, 1]))
        if classes.dtype.kind in "fbiu":
            column = self.add("Cast", column, to=TensorProto.DOUBLE)
            classes = classes.astype(np.float64)
        same = self.add("Equal", column, classes.reshape(1, -1))
        return argmax(self, self.add("Cast", same, to=TensorProto.INT32))


class Inputs:
    """What a model reads, as skl2onnx's variables or as one matrix of doubles."""

    def __init__(self, nodes: Nodes, variables: Sequence[Any]) -> None:
        self._nodes, self.variables = nodes, list(variables)

    @cached_property
    def matrix(self) -> str:
        """The name of all columns side by side, as float64."""
        names = [self._double(variable) for variable in self.variables]
        return names[0] if len(names) == 1 else self._nodes.add("Concat", *names, axis=1)

    @cached_property
    def is_text(self) -> bool:
        """True if the columns are texts."""
        return all(isinstance(variable.type, StringTensorType) for variable in self.variables)

    @cached_property
    def texts(self) -> str:
        """The name of all columns side by side, where all are texts."""
        names = [variable.full_name for variable in self.variables]
        return names[0] if len(names) == 1 else self._nodes.add("Concat", *names, axis=1)

    def cells(self, n_columns: int) -> list[tuple[Any, int]]:
        """Return each column as the variable that has it and its place there.

        `n_columns` is how many there are in all: a variable that stands alone may not say.
        """
        if len(self.variables) == 1:
            return [(self.variables[0], place) for place in range(n_columns)]
        return [(one, place) for one in self.variables for place in range(one.type.shape[1])]

    def _double(self, variable: Any) -> str:
        if isinstance(variable.type, StringTensorType):
            raise NoRule("it computes with numbers, and its input has text")
        if isinstance(variable.type, DoubleTensorType):
            return str(variable.full_name)
        return self._nodes.add("Cast", variable.full_name, to=TensorProto.DOUBLE)


def argmax(nodes: Nodes, scores: str) -> str:
    """Return for each row of `scores` the first of its largest columns, shape (n,)."""
    return nodes.add("ArgMax", scores, axis=1, keepdims=0)


def is_above(nodes: Nodes, score: str, threshold: float = 0.0) -> str:
    """Return 1 for each row of the column `score` above the threshold, else 0, shape (n,)."""
    return _flat(nodes, nodes.add("Greater", score, threshold))


def is_at_least(nodes: Nodes, score: str, threshold: float = 0.0) -> str:
    """Return 1 for each row of the column `score` at or above the threshold, else 0."""
    return _flat(nodes, nodes.add("GreaterOrEqual", score, threshold))


def _flat(nodes: Nodes, flags: str) -> str:
    return nodes.add("Reshape", nodes.add("Cast", flags, to=TensorProto.INT64), np.array([-1]))


def both_classes(nodes: Nodes, of_second: str) -> str:
    """Return (1 - p, p) for a column of probabilities of the second class."""
    return nodes.add("Concat", nodes.add("Sub", 1.0, of_second), of_second, axis=1)


def columns(nodes: Nodes, matrix: str, chosen: Sequence[int] | NDArray[Any]) -> str:
    """Return the chosen columns of a matrix."""
    return nodes.add("Gather", matrix, np.asarray(chosen, dtype=np.int64), axis=1)
