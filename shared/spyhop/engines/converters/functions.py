"""FunctionTransformer, where its function is one of numpy's that a graph has too."""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.preprocessing import FunctionTransformer

from spyhop.engines.converters.graph import Inputs, Nodes, NoRule, Rule

Written = Callable[[Nodes, str], str]


def _operator(name: str) -> Written:
    return lambda nodes, x: nodes.add(name, x)


def _logarithm(base: float) -> Written:
    return lambda nodes, x: nodes.add("Div", nodes.add("Log", x), float(np.log(base)))


WRITTEN: dict[Any, Written] = {
    np.abs: _operator("Abs"),
    np.exp: _operator("Exp"),
    np.expm1: lambda nodes, x: nodes.add("Sub", nodes.add("Exp", x), 1.0),
    np.log: _operator("Log"),
    np.log10: _logarithm(10),
    np.log1p: lambda nodes, x: nodes.add("Log", nodes.add("Add", x, 1.0)),
    np.log2: _logarithm(2),
    np.negative: _operator("Neg"),
    np.reciprocal: lambda nodes, x: nodes.add("Div", 1.0, x),
    np.sqrt: _operator("Sqrt"),
    np.square: lambda nodes, x: nodes.add("Mul", x, x),
}


def called(nodes: Nodes, function: Any, x: str) -> str:
    """Return `function(x)`; None is the identity."""
    if function is None:
        return x
    written = WRITTEN.get(function) if isinstance(function, np.ufunc) else None
    if written is None:
        raise NoRule(f"the function {function!r} has no rule")
    return written(nodes, x)


def function_transformer(nodes: Nodes, model: Any, X: Inputs) -> str:
    """Write FunctionTransformer; of texts only the identity."""
    if model.kw_args:
        raise NoRule("FunctionTransformer(kw_args=...) has no rule")
    return called(nodes, model.func, X.texts if X.is_text else X.matrix)


RULES: dict[type, Rule] = {FunctionTransformer: function_transformer}
