"""Every classifier and regressor of scikit-learn, with the few arguments and the table it needs."""

import inspect
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, MinMaxScaler, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils import all_estimators, shuffle

ROWS = 250
SEED = 0

CLASSIFIERS = [("line", LogisticRegression()), ("tree", DecisionTreeClassifier(max_depth=3))]
REGRESSORS = [("line", Ridge()), ("tree", DecisionTreeRegressor(max_depth=3))]


def each(names: str, **arguments: Any) -> dict[str, dict[str, Any]]:
    """Return the same arguments for each of `names`."""
    return dict.fromkeys(names.split(), arguments)


# What a constructor demands, and what replaces a default that fails on these tables.
ARGUMENTS: dict[str, dict[str, Any]] = {
    **each(
        "ClassifierChain FixedThresholdClassifier MultiOutputClassifier OneVsOneClassifier "
        "OneVsRestClassifier OutputCodeClassifier SelfTrainingClassifier "
        "TunedThresholdClassifierCV",
        estimator=LogisticRegression(),
    ),
    **each("MultiOutputRegressor RegressorChain", estimator=Ridge()),
    **each("StackingClassifier VotingClassifier", estimators=CLASSIFIERS),
    **each("StackingRegressor VotingRegressor", estimators=REGRESSORS),
    **each("CCA PLSCanonical PLSRegression", n_components=1),
    **each("LabelPropagation LabelSpreading", gamma=0.1),
    "CategoricalNB": {"min_categories": 5},
    "IsotonicRegression": {"out_of_bounds": "clip"},
    "QuadraticDiscriminantAnalysis": {"reg_param": 0.1},
    "RadiusNeighborsClassifier": {"radius": 9.0, "outlier_label": "most_frequent"},
    "RadiusNeighborsRegressor": {"radius": 6.0},
}

# What stands before the estimator, where it is not a StandardScaler.
BEFORE = {
    "CategoricalNB": KBinsDiscretizer(5, encode="ordinal", quantile_method="averaged_inverted_cdf"),
    "ComplementNB": MinMaxScaler(clip=True),
    "MultinomialNB": MinMaxScaler(clip=True),
}

ONE_COLUMN = ("IsotonicRegression",)
TWO_CLASSES = ("FixedThresholdClassifier", "TunedThresholdClassifierCV")
TARGET_IS_A_TABLE = (
    *("ClassifierChain", "MultiOutputClassifier", "MultiOutputRegressor", "RegressorChain"),
    *("MultiTaskElasticNet", "MultiTaskElasticNetCV", "MultiTaskLasso", "MultiTaskLassoCV"),
)

Table = tuple[pd.DataFrame, Any]


@dataclass(frozen=True)
class Case:
    """One estimator and one table, divided: a third of its rows is held out."""

    name: str
    kind: str
    data: str
    pipeline: Pipeline
    train: Table
    test: Table


def cases() -> Iterator[Case]:
    """Yield every classifier on two and on three classes, then every regressor."""
    tables = {
        "classifier": {"breast cancer": load_breast_cancer, "iris": load_iris},
        "regressor": {"diabetes": load_diabetes},
    }
    for kind, loaders in tables.items():
        for name, estimator in all_estimators(type_filter=kind):
            for data, loader in loaders.items():
                if data != "iris" or name not in TWO_CLASSES:
                    yield case(name, kind, data, estimator, loader)


def case(name: str, kind: str, data: str, estimator: type, loader: Any) -> Case:
    """Return the case of one estimator, not fitted."""
    X, y = shuffle(*loader(return_X_y=True, as_frame=True), random_state=SEED, n_samples=None)
    X, y = X[:ROWS].reset_index(drop=True), y[:ROWS].to_numpy()
    if name in ONE_COLUMN:
        X = X[["bmi"]]
    if name in TARGET_IS_A_TABLE:
        y = y.reshape(-1, 1)
    held_out = np.arange(len(X)) % 3 == 0
    pipeline = make_pipeline(BEFORE.get(name, StandardScaler()), constructed(name, estimator))
    return Case(
        name, kind, data, pipeline, (X[~held_out], y[~held_out]), (X[held_out], y[held_out])
    )


def constructed(name: str, estimator: type) -> Any:
    """Return the estimator with its defaults, the arguments it needs and a fixed seed."""
    arguments = dict(ARGUMENTS.get(name, {}))
    if "random_state" in inspect.signature(estimator).parameters:
        arguments["random_state"] = SEED
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what scikit-learn will remove
        return estimator(**arguments)
