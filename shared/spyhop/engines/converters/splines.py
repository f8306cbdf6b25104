"""SplineTransformer: each B-spline as the polynomials it is made of, one between two knots."""

from math import factorial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto
from sklearn.preprocessing import SplineTransformer

from spyhop.engines.converters.graph import Inputs, Nodes, NoRule, Rule, columns


def splines(nodes: Nodes, model: Any, X: Inputs) -> str:
    """Write SplineTransformer; a missing value, where it is taken, makes zeros."""
    if model.extrapolation == "error":
        raise NoRule("SplineTransformer(extrapolation='error') has no rule: a graph cannot refuse")
    if model.extrapolation == "linear" and model.degree < 2:
        raise NoRule("SplineTransformer continues lines otherwise for each further column")
    parts = []
    for place, spline in enumerate(model.bsplines_):
        x = columns(nodes, X.matrix, [place])
        values = _values(nodes, model, spline, x)
        if model.handle_missing == "zeros":
            values = nodes.add("Where", nodes.add("IsNaN", x), 0.0, values)
        n_kept = spline.c.shape[1] - (not model.include_bias)
        parts.append(columns(nodes, values, np.arange(n_kept)))
    return parts[0] if len(parts) == 1 else nodes.add("Concat", *parts, axis=1)


def _values(nodes: Nodes, model: Any, spline: Any, x: str) -> str:
    knots = np.asarray(spline.t[spline.k : len(spline.t) - spline.k], dtype=np.float64)
    first, last = float(knots[0]), float(knots[-1])
    if model.extrapolation == "periodic":
        return _polynomials(nodes, spline, knots, _within_period(nodes, x, first, last - first))
    if model.extrapolation == "continue":
        return _polynomials(nodes, spline, knots, x)
    inside = nodes.add("Min", nodes.add("Max", x, first), last)
    values = _polynomials(nodes, spline, knots, inside)
    if model.extrapolation == "constant":
        return values
    # What is beyond the knots is 0 within them, and times the slope at their end.
    below = nodes.add("Min", nodes.add("Sub", x, first), 0.0)
    above = nodes.add("Max", nodes.add("Sub", x, last), 0.0)
    slopes = [spline(end, nu=1).reshape(1, -1) for end in (first, last)]
    values = nodes.add("Add", values, nodes.add("Mul", below, slopes[0]))
    return nodes.add("Add", values, nodes.add("Mul", above, slopes[1]))


def _within_period(nodes: Nodes, x: str, first: float, period: float) -> str:
    """Return `x` moved by whole periods to the first one, by a remainder that is never negative."""
    rest = nodes.add("Mod", nodes.add("Sub", x, first), period, fmod=1)
    is_negative = nodes.add("Less", rest, 0.0)
    positive = nodes.add("Where", is_negative, nodes.add("Add", rest, period), rest)
    return nodes.add("Add", positive, first)


def _polynomials(nodes: Nodes, spline: Any, knots: NDArray[np.float64], x: str) -> str:
    """Return all splines at `x`, (n, splines): the polynomial of its knots, by Horner's rule."""
    reached = nodes.add("GreaterOrEqual", x, knots[1:-1].reshape(1, -1))
    counts = nodes.add("Cast", reached, to=TensorProto.INT64)
    part = nodes.add("ReduceSum", counts, np.array([1]), keepdims=0)
    start = nodes.add("Gather", knots[:-1].reshape(-1, 1), part, axis=0)
    beyond = nodes.add("Sub", x, start)
    value = ""
    for power in range(spline.k, -1, -1):
        coefficients = spline(knots[:-1], nu=power) / factorial(power)
        chosen = nodes.add("Gather", coefficients, part, axis=0)
        value = nodes.add("Add", nodes.add("Mul", value, beyond), chosen) if value else chosen
    return value


RULES: dict[type, Rule] = {SplineTransformer: splines}
