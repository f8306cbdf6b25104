"""Classes described by their centre and spread: nearest centroid, quadratic discriminant."""

from typing import Any

import numpy as np
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.neighbors import NearestCentroid

from spyhop.engines.converters.graph import Inputs, Nodes, NoRule, Rule, Scores, argmax
from spyhop.engines.converters.kernels import expanded_distances


def nearest_centroid(nodes: Nodes, model: Any, X: Inputs) -> Scores:
    """Write NearestCentroid.

    With equal priors its label is the nearest centroid's, in plain distances, but its
    probabilities always come from distances in units of the spread within the classes.
    """
    if model.metric != "euclidean":
        raise NoRule(f"NearestCentroid(metric={model.metric!r}) has no rule")
    spread = np.where(model.within_class_std_dev_ != 0, model.within_class_std_dev_, 1.0)
    spread = np.broadcast_to(spread, model.centroids_.shape[1:])
    scaled = nodes.add("Div", X.matrix, np.array(spread))
    distances = expanded_distances(nodes, scaled, model.centroids_ / spread)
    scores = nodes.add("Sub", 2.0 * np.log(model.class_prior_), distances)
    index = argmax(nodes, scores)
    if np.isclose(model.class_prior_, 1 / len(model.classes_)).all():
        plain = expanded_distances(nodes, X.matrix, model.centroids_)
        index = argmax(nodes, nodes.add("Neg", plain))
    return Scores(index, nodes.add("Softmax", scores, axis=1))


def quadratic_discriminant(nodes: Nodes, model: Any, X: Inputs) -> Scores:
    """Write QuadraticDiscriminantAnalysis: the log posterior, eq. 4.12 of Hastie et al.

    It is `_decision_function` in sklearn/discriminant_analysis.py.
    """
    parts = []
    for mean, rotation, scaling in zip(
        model.means_, model.rotations_, model.scalings_, strict=True
    ):
        centred = nodes.add("Sub", X.matrix, mean)
        turned = nodes.add("MatMul", centred, rotation * scaling ** (-0.5))
        square = nodes.add("Mul", turned, turned)
        parts.append(nodes.add("ReduceSum", square, np.array([1]), keepdims=1))
    distances = nodes.add("Concat", *parts, axis=1)
    spread = np.array([np.sum(np.log(scaling)) for scaling in model.scalings_])
    halved = nodes.add("Mul", nodes.add("Add", distances, spread), -0.5)
    scores = nodes.add("Add", halved, np.log(model.priors_))
    return Scores(argmax(nodes, scores), nodes.add("Softmax", scores, axis=1))


RULES: dict[type, Rule] = {
    NearestCentroid: nearest_centroid,
    QuadraticDiscriminantAnalysis: quadratic_discriminant,
}
