"""How good the answers are on labelled rows: a few standard scores, by name."""

from typing import Any

import numpy as np
from sklearn import metrics

from spyhop.core.answers import AnswerSpec, Outputs


def scores(truth: Any, outputs: Outputs, answers: AnswerSpec) -> dict[str, float]:
    """Return the scores of `outputs` against `truth`, both of n rows.

    Classification: accuracy, f1_macro and, with probabilities, log_loss (natural logarithm).
    Regression: r2, mean_absolute_error and root_mean_squared_error, in the target's unit.
    """
    truth = np.asarray(truth)
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
    if outputs.probabilities is not None and len(answers.classes) > 1:
        classes = list(answers.classes)
        loss = metrics.log_loss(truth, outputs.probabilities, labels=classes)
        found["log_loss"] = float(loss)
    return found
