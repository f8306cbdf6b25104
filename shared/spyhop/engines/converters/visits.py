"""In which order a k-d tree's leaves are visited: of equally near rows the first one met counts.

At each node the child whose box is nearer comes first, the left one if both are as near
(`_query_single_depthfirst` in sklearn/neighbors/_binary_tree.pxi).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spyhop.engines.converters.graph import Nodes, columns


def visiting_ranks(nodes: Nodes, matrix: str, tree: Any) -> str | None:
    """Return the place of each row of `tree` in the order in which it is met, (n, rows).

    Rows are in the tree's own order, from its first leaf to its last.  None if there is one
    leaf only, which is read from its beginning to its end.
    """
    _, _, node_data, bounds = (np.asarray(array) for array in tree.get_arrays())
    n_inner = len(node_data) // 2
    if n_inner == 0:
        return None
    near = _box_distances(nodes, matrix, bounds)
    left = columns(nodes, near, 2 * np.arange(n_inner) + 1)
    right = columns(nodes, near, 2 * np.arange(n_inner) + 2)
    is_swapped = nodes.add("Where", nodes.add("Greater", left, right), 1.0, 0.0)
    first, change = _leaf_ranks(n_inner)
    leaves = nodes.add("Add", nodes.add("MatMul", is_swapped, change), first)
    sizes = (node_data["idx_end"] - node_data["idx_start"])[n_inner:]
    owner = np.repeat(np.arange(len(sizes)), sizes)
    inside = np.concatenate([np.arange(size) for size in sizes]).astype(np.float64)
    of_leaf = nodes.add("Mul", columns(nodes, leaves, owner), float(sizes.max()))
    return nodes.add("Add", of_leaf, inside)


def _box_distances(nodes: Nodes, matrix: str, bounds: NDArray[np.float64]) -> str:
    """Return the squared distance from each row to each node's box, column after column."""
    total = ""
    for i in range(bounds.shape[2]):
        column = columns(nodes, matrix, [i])
        below = nodes.add("Max", nodes.add("Sub", bounds[:1, :, i], column), 0.0)
        above = nodes.add("Max", nodes.add("Sub", column, bounds[1:, :, i]), 0.0)
        apart = nodes.add("Add", below, above)
        square = nodes.add("Mul", apart, apart)
        total = nodes.add("Add", total, square) if total else square
    return total


def _leaf_ranks(n_inner: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the leaves' ranks if no node is swapped, and what each swapped node changes.

    Node i has the children 2i + 1 and 2i + 2; all leaves are on the last level.
    """
    first = np.zeros(n_inner + 1)
    change = np.zeros((n_inner, n_inner + 1))
    for leaf in range(n_inner + 1):
        node, weight = leaf + n_inner, 1.0
        while node:
            parent, is_right = (node - 1) // 2, node % 2 == 0
            first[leaf] += weight * is_right
            change[parent, leaf] = -weight if is_right else weight
            node, weight = parent, 2 * weight
    return first, change
