"""Two tail probabilities, so that a monitor needs no scipy.  Tests hold them against scipy's."""

from itertools import count
from math import exp, lgamma, log

import numpy as np

# Relative; a p-value needs two digits of it.
PRECISION = 1e-12


def gamma_tail(shape: float, x: float) -> float:
    """Return how likely a gamma variable of this shape and scale 1 exceeds `x`.

    A χ² variable of k degrees of freedom is twice one of the shape k/2.  By the series of DLMF
    8.11.4 below the mean and by Lentz's continued fraction (Numerical Recipes, 6.2) above.
    """
    if x <= 0:
        return 1.0
    front = exp(shape * log(x) - x - lgamma(shape))
    if x < shape + 1:
        return 1 - front * _series(shape, x)
    return front * _fraction(shape, x)


def _series(shape: float, x: float) -> float:
    term = total = 1 / shape
    for i in count(1):
        term *= x / (shape + i)
        total += term
        if term < total * PRECISION:
            break
    return total


def _fraction(shape: float, x: float) -> float:
    b = x + 1 - shape
    c, d = 1e300, 1 / b
    value = d
    for i in count(1):
        a = -i * (i - shape)
        b += 2
        d = 1 / (a * d + b)
        c = b + a / c
        value *= c * d
        if abs(c * d - 1) < PRECISION:
            break
    return value


def hypergeometric_tail(hits: int, drawn: int, marked: int, total: int) -> float:
    """Return how likely at least `hits` of `drawn` are marked, of `total` with `marked` ones."""
    least, most = max(0, drawn + marked - total), min(drawn, marked)
    if hits <= least:
        return 1.0
    if hits > most:
        return 0.0
    first = exp(
        _log_ways(marked, hits) + _log_ways(total - marked, drawn - hits) - _log_ways(total, drawn)
    )
    k = np.arange(hits, most, dtype=np.float64)
    ratios = (marked - k) * (drawn - k) / ((k + 1) * (total - marked - drawn + k + 1))
    return min(1.0, first * (1.0 + float(np.cumprod(ratios).sum())))


def _log_ways(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
