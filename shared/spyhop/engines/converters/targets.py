"""TransformedTargetRegressor: a regressor's value, brought back to the target's own scale."""

from typing import Any

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, StandardScaler

from spyhop.engines.converters.functions import called
from spyhop.engines.converters.graph import Inputs, Nodes, NoRule, Rule


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
        return called(nodes, inverse.inverse_func, value)
    raise NoRule(f"a target transformed by {type(inverse).__name__} has no rule")


RULES: dict[type, Rule] = {TransformedTargetRegressor: transformed_target}
