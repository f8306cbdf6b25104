"""Probabilities of pairs of classes coupled to one probability a class, as libsvm does it.

An iteration (method 2 of Wu, Lin and Weng, 2004) starts from equal shares and stops early: its
very steps are part of the answer, so these are its steps (`multiclass_probability` in
libsvm's svm.cpp).  A row that is done stays as it is while others go on.
"""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from spyhop.engines.converters.graph import Nodes, columns
from spyhop.engines.converters.loops import repeated

MOST_TURNS = 100


def coupled(nodes: Nodes, firsts: str, n_classes: int) -> str:
    """Return probabilities, (n, classes).

    `firsts` has those of the first of each pair, in the order (0, 1), (0, 2) … (1, 2) …
    """
    doubts = _doubts(nodes, firsts, n_classes)
    zeros = nodes.add("Mul", columns(nodes, firsts, [0] * n_classes), 0.0)
    equal = nodes.add("Add", zeros, 1 / n_classes)

    def turn(within: Nodes, states: Sequence[str]) -> tuple[str, Sequence[str]]:
        shares, matrix = states
        is_going_on, nearer = _turn(within, shares, matrix, n_classes)
        return is_going_on, (nearer, matrix)

    return repeated(nodes, turn, [equal, doubts], max(MOST_TURNS, n_classes))[0]


def _doubts(nodes: Nodes, firsts: str, n_classes: int) -> str:
    """Return the matrix Q of each row, (n, classes, classes).

    Off the diagonal it is -r[j][t] r[t][j], on it the sum of all r[j][t]².
    """
    pairs = list(combinations(range(n_classes), 2))
    place = np.full((n_classes, n_classes), 2 * len(pairs))
    for number, (i, j) in enumerate(pairs):
        place[i, j], place[j, i] = number, len(pairs) + number
    nothing = nodes.add("Mul", columns(nodes, firsts, [0]), 0.0)
    every = nodes.add("Concat", firsts, nodes.add("Sub", 1.0, firsts), nothing, axis=1)
    square = np.array([-1, n_classes, n_classes])
    r = nodes.add("Reshape", columns(nodes, every, place.ravel()), square)
    crossed = nodes.add("Mul", nodes.add("Transpose", r, perm=[0, 2, 1]), r)
    own = nodes.add("ReduceSum", nodes.add("Mul", r, r), np.array([1]), keepdims=1)
    return nodes.add("Sub", nodes.add("Mul", own, np.eye(n_classes)), crossed)


def _turn(nodes: Nodes, shares: str, matrix: str, n_classes: int) -> tuple[str, str]:
    """Return whether a row was not done before this turn, and the shares after it."""
    wide = nodes.add("Unsqueeze", shares, np.array([1]))
    products = nodes.add("ReduceSum", nodes.add("Mul", matrix, wide), np.array([2]), keepdims=0)
    total = nodes.add("ReduceSum", nodes.add("Mul", shares, products), np.array([1]), keepdims=1)
    errors = nodes.add("Abs", nodes.add("Sub", products, total))
    worst = nodes.add("ReduceMax", errors, np.array([1]), keepdims=1)
    is_undone = nodes.add("GreaterOrEqual", worst, 0.005 / n_classes)
    moved = shares
    for t in range(n_classes):
        moved, products, total = _step(nodes, moved, products, total, matrix, t, n_classes)
    marks = nodes.add("Where", is_undone, 1.0, 0.0)
    is_any = nodes.add("Greater", nodes.add("ReduceMax", marks, keepdims=0), 0.5)
    return is_any, nodes.add("Where", is_undone, moved, shares)


def _step(
    nodes: Nodes, shares: str, products: str, total: str, matrix: str, t: int, n_classes: int
) -> tuple[str, str, str]:
    """Return the shares, Q·p and p·Q·p after the class `t` was moved and all made to add up."""
    row = nodes.add("Gather", matrix, np.array(t), axis=1)
    own, product = columns(nodes, row, [t]), columns(nodes, products, [t])
    change = nodes.add("Div", nodes.add("Sub", total, product), own)
    grown = nodes.add("Add", 1.0, change)
    to_total = nodes.add("Add", nodes.add("Mul", change, own), nodes.add("Mul", 2.0, product))
    total = nodes.add("Add", total, nodes.add("Mul", change, to_total))
    total = nodes.add("Div", nodes.add("Div", total, grown), grown)
    products = nodes.add("Add", products, nodes.add("Mul", change, row))
    is_own = np.eye(n_classes)[t].reshape(1, -1)
    shares = nodes.add("Add", shares, nodes.add("Mul", change, is_own))
    return nodes.add("Div", shares, grown), nodes.add("Div", products, grown), total
