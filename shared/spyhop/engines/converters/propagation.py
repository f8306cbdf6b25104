"""Label propagation and spreading: an average of the labels of similar training rows."""

from typing import Any

import numpy as np
from sklearn.semi_supervised import LabelPropagation, LabelSpreading

from spyhop.engines.converters.graph import Inputs, Nodes, NoRule, Rule, Scores, argmax
from spyhop.engines.converters.kernels import expanded_distances
from spyhop.engines.converters.neighbours import nearest, stored


def classifier(nodes: Nodes, model: Any, X: Inputs) -> Scores:
    """Write LabelPropagation and LabelSpreading, over a kernel or the nearest rows."""
    known = np.asarray(model.label_distributions_, dtype=np.float64)
    if model.kernel == "rbf":
        rows = np.asarray(model.X_, dtype=np.float64)
        apart = expanded_distances(nodes, X.matrix, rows)
        similar = nodes.add("Exp", nodes.add("Mul", apart, -float(model.gamma)))
        votes = nodes.add("MatMul", similar, known)
    elif model.kernel == "knn":
        kept = stored(model.nn_fit)
        _, places = nearest(nodes, X.matrix, kept, model.nn_fit.n_neighbors)
        found = nodes.add("Gather", known[kept.order], places, axis=0)
        votes = nodes.add("ReduceSum", found, np.array([1]), keepdims=0)
    else:
        raise NoRule("label propagation over a kernel of your own has no rule")
    total = nodes.add("ReduceSum", votes, np.array([1]), keepdims=1)
    probabilities = nodes.add("Div", votes, total)
    return Scores(argmax(nodes, probabilities), probabilities)


RULES: dict[type, Rule] = dict.fromkeys((LabelPropagation, LabelSpreading), classifier)
