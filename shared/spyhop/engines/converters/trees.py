"""scikit-learn's trees as one operator: `TreeEnsemble` of ai.onnx.ml 5, in doubles.

The older tree operators know floats only.  scikit-learn casts a row to float32 and compares
it with float64 thresholds (`_apply_dense` in sklearn/tree/_tree.pyx); so does this: float32
and back, then doubles throughout.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, numpy_helper

from spyhop.engines.converters.graph import ML, Nodes

# Branch modes, and what a branch takes for true: a value at most the threshold, or in a set.
LEQ, MEMBER = 0, 6

TREE_ENSEMBLE_SINCE = 5


@dataclass(frozen=True)
class Tree:
    """A binary tree in arrays, one entry a node; node 0 is the root.

    A node without `left` (-1) is a leaf.  At others a row goes left if its `feature` holds
    for `threshold` under `mode`, and where the feature is NaN, if `missing_left`.  `members`
    has the set of every node, where there is a node with one.
    """

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    feature: NDArray[np.int64]
    threshold: NDArray[np.float64]
    missing_left: NDArray[np.int64]
    mode: NDArray[np.uint8]
    members: tuple[tuple[int, ...], ...] = ()

    @property
    def leaves(self) -> NDArray[np.bool_]:
        """Which of the nodes are leaves."""
        return self.left < 0


def tree_of(model: Any, features: NDArray[Any] | None = None) -> Tree:
    """Return the structure of a fitted scikit-learn tree.

    `features` says which columns of the whole table the tree's own columns are.
    """
    fitted = model.tree_
    own = fitted.feature.astype(np.int64)
    return Tree(
        left=fitted.children_left.astype(np.int64),
        right=fitted.children_right.astype(np.int64),
        feature=own if features is None else np.asarray(features, dtype=np.int64)[own],
        threshold=fitted.threshold,
        missing_left=fitted.missing_go_to_left.astype(np.int64),
        mode=np.full(fitted.node_count, LEQ, dtype=np.uint8),
    )


def constant_tree() -> Tree:
    """Return a tree that is one leaf."""
    none, zero = np.array([-1]), np.array([0])
    return Tree(none, none, zero, np.array([0.0]), zero, np.array([LEQ], dtype=np.uint8))


def as_float32(nodes: Nodes, matrix: str) -> str:
    """Return doubles that hold what scikit-learn's trees see of `matrix`."""
    narrow = nodes.add("Cast", matrix, to=TensorProto.FLOAT)
    return nodes.add("Cast", narrow, to=TensorProto.DOUBLE)


def ensemble(
    nodes: Nodes,
    matrix: str,
    trees: Sequence[Tree],
    weights: Sequence[NDArray[np.float64]],
    targets: Sequence[NDArray[np.int64]],
    n_targets: int,
) -> str:
    """Return for each row and target the sum of the leaves it falls into, (n, n_targets).

    Each tree has one entry a node in `weights` and `targets`; those of inner nodes are unused.
    Leaves are added tree after tree, in doubles, as scikit-learn adds them.
    """
    at_node = np.cumsum([0] + [max(int((~tree.leaves).sum()), 1) for tree in trees])
    at_leaf = np.cumsum([0] + [int(tree.leaves.sum()) for tree in trees])
    parts = [_numbered(t, n, f) for t, n, f in zip(trees, at_node, at_leaf, strict=False)]
    whole = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
    is_leaf = [tree.leaves for tree in trees]
    return nodes.add(
        "TreeEnsemble",
        matrix,
        domain=ML,
        # skl2onnx declares no version of ai.onnx.ml above 3; the true one is set afterwards.
        op_version=3,
        n_targets=n_targets,
        tree_roots=at_node[:-1].tolist(),
        leaf_weights=_tensor(_picked(weights, is_leaf), np.float64),
        leaf_targetids=_picked(targets, is_leaf).tolist(),
        nodes_splits=_tensor(whole.pop("nodes_splits"), np.float64),
        nodes_modes=_tensor(whole.pop("nodes_modes"), np.uint8),
        **_membership(trees),
        **{key: array.tolist() for key, array in whole.items()},
    )


def _numbered(tree: Tree, first_node: int, first_leaf: int) -> dict[str, NDArray[Any]]:
    """Return one tree's part of the operator's attributes, inner nodes and leaves apart.

    A tree that is one leaf becomes a node whose both branches are that leaf.
    """
    leaves = tree.leaves
    place = np.where(
        leaves, np.cumsum(leaves) - 1 + first_leaf, np.cumsum(~leaves) - 1 + first_node
    )
    inner = np.flatnonzero(~leaves) if len(leaves) > 1 else np.array([0])
    left, right = np.maximum(tree.left[inner], 0), np.maximum(tree.right[inner], 0)
    return {
        "nodes_featureids": np.maximum(tree.feature[inner], 0),
        "nodes_splits": tree.threshold[inner],
        "nodes_modes": tree.mode[inner],
        "nodes_missing_value_tracks_true": tree.missing_left[inner],
        "nodes_truenodeids": place[left],
        "nodes_trueleafs": leaves[left].astype(np.int64),
        "nodes_falsenodeids": place[right],
        "nodes_falseleafs": leaves[right].astype(np.int64),
    }


def _membership(trees: Sequence[Tree]) -> dict[str, TensorProto]:
    """Return the sets of all nodes that have one, in their order, each ended by a NaN."""
    sets = [tree.members[node] for tree in trees for node in np.flatnonzero(tree.mode == MEMBER)]
    if not sets:
        return {}
    flat = [float(member) for members in sets for member in (*members, np.nan)]
    return {"membership_values": _tensor(np.array(flat), np.float64)}


def _picked(arrays: Sequence[NDArray[Any]], chosen: Sequence[NDArray[np.bool_]]) -> NDArray[Any]:
    return np.concatenate([array[mask] for array, mask in zip(arrays, chosen, strict=True)])


def _tensor(array: NDArray[Any], dtype: Any) -> TensorProto:
    return numpy_helper.from_array(np.ascontiguousarray(array, dtype=dtype))


def summed_values(
    nodes: Nodes, matrix: str, trees: Sequence[Tree], values: Sequence[NDArray[np.float64]]
) -> str:
    """Return the sum over all trees of the value of the leaf a row falls into, (n, 1)."""
    zero = [np.zeros(len(value), dtype=np.int64) for value in values]
    return ensemble(nodes, matrix, trees, values, zero, 1)


def summed_rows(
    nodes: Nodes, matrix: str, trees: Sequence[Tree], tables: Sequence[NDArray[np.float64]]
) -> str:
    """Return the sum over all trees of the row of numbers at the leaf, (n, len of a row).

    `tables` has one array a tree, shape (nodes, k).
    """
    if all(
        (np.count_nonzero(t[tree.leaves], axis=1) == 1).all() for tree, t in _pairs(trees, tables)
    ):
        hot = [np.argmax(table != 0, axis=1) for table in tables]
        only = [np.take_along_axis(t, h[:, None], 1)[:, 0] for t, h in _pairs(tables, hot)]
        return ensemble(nodes, matrix, trees, only, hot, tables[0].shape[1])
    # A leaf has room for one number.  It takes the number of its row in a table of all leaves.
    ends = np.cumsum([0] + [len(table) for table in tables])
    rows = [np.arange(a, b, dtype=np.float64) for a, b in _pairs(ends[:-1], ends[1:])]
    own = [np.full(len(table), i) for i, table in enumerate(tables)]
    found = nodes.add(
        "Cast", ensemble(nodes, matrix, trees, rows, own, len(trees)), to=TensorProto.INT64
    )
    numbers = nodes.add("Gather", np.concatenate(tables), found, axis=0)
    # CumSum adds in order, where ReduceSum need not: a tie must stay a tie.
    return nodes.add(
        "Gather", nodes.add("CumSum", numbers, np.array(1)), np.array(len(trees) - 1), axis=1
    )


def _pairs(ones: Any, others: Any) -> Any:
    return zip(ones, others, strict=True)
