"""How good the answers are on labelled rows: a few standard scores, by name."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics

from spyhop.core.answers import AnswerSpec, Outputs


def scores(truth: Any, outputs: Outputs, answers: AnswerSpec) -> dict[str, float]:
    """Return the scores of `outputs` against `truth`, both of n rows, as far as they exist.

    Classification: accuracy, f1_macro and, with probabilities, log_loss (natural logarithm).
    Regression: r2, mean_absolute_error and root_mean_squared_error, in the target's unit.
    """
    found = _scores(np.asarray(truth), outputs, answers)
    return {name: value for name, value in found.items() if np.isfinite(value)}


def _scores(truth: NDArray[Any], outputs: Outputs, answers: AnswerSpec) -> dict[str, float]:
    if answers.task == "regression":
        return {
            "r2": float(metrics.r2_score(truth, outputs.values)),
            "mean_absolute_error": float(metrics.mean_absolute_error(truth, outputs.values)),
            "root_mean_squared_error": float(
                metrics.root_mean_squared_error(truth, outputs.values)
            ),
        }
    found = {
        "accuracy": float(metrics.accuracy_score(truth, outputs.labels)),
        "f1_macro": float(metrics.f1_score(truth, outputs.labels, average="macro")),
    }
    classes = list(answers.classes)
    all_known = set(truth.tolist()) <= set(classes)
    if outputs.probabilities is not None and len(classes) > 1 and all_known:
        loss = metrics.log_loss(truth, outputs.probabilities, labels=classes)
        found["log_loss"] = float(loss)
    return found
