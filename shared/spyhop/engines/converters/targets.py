"""TransformedTargetRegressor: a regressor's value, brought back to the target's own scale."""

from typing import Any

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, StandardScaler

from spyhop.engines.converters.graph import Inputs, Nodes, Rule


def transformed_target(nodes: Nodes, model: Any, X: Inputs) -> str:
    """Write the regressor, then the inverse of what fit did to the target."""
    value, inverse = nodes.regress(model.regressor_, X), model.transformer_
    if isinstance(inverse, StandardScaler):
        scale = np.ones(1) if inverse.scale_ is None else inverse.scale_
        mean = np.zeros(1) if inverse.mean_ is None else inverse.mean_
        return nodes.add("Add", nodes.add("Mul", value, scale), mean)
    if isinstance(inverse, MinMaxScaler) and not inverse.clip:
        return nodes.add("Div", nodes.add("Sub", value, inverse.min_), inverse.scale_)
    if isinstance(inverse, FunctionTransformer):
        return _called(nodes, inverse.inverse_func, value)
    raise NotImplementedError(f"a target transformed by {type(inverse).__name__} has no rule")


def _called(nodes: Nodes, function: Any, value: str) -> str:
    if function is None:
        return value
    operators = {np.exp: "Exp", np.expm1: "Exp", np.log: "Log", np.sqrt: "Sqrt"}
    if function in operators:
        result = nodes.add(operators[function], value)
        return nodes.add("Sub", result, 1.0) if function is np.expm1 else result
    if function is np.square:
        return nodes.add("Mul", value, value)
    raise NotImplementedError(f"a target brought back by {function!r} has no rule")


RULES: dict[type, Rule] = {TransformedTargetRegressor: transformed_target}
