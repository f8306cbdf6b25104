"""Malignant or benign, from thirty measurements of a cell's nucleus (scikit-learn's table)."""

from sklearn.datasets import load_breast_cancer
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

name = "breast-cancer"
target = "target"


def data():
    """Return the table with the target as a word."""
    bunch = load_breast_cancer(as_frame=True)
    return bunch.frame.assign(target=bunch.target.map(lambda code: bunch.target_names[code]))


def pipeline():
    """Return the unfitted pipeline."""
    return make_pipeline(StandardScaler(), MLPClassifier((32, 16), max_iter=500, random_state=0))
