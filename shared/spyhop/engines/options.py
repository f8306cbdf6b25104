"""What skl2onnx must be told of a model: no probabilities by name, however deep it sits."""

from typing import Any

from sklearn.base import BaseEstimator, is_classifier
from sklearn.pipeline import Pipeline
from sklearn.svm import LinearSVC

Options = dict[int, dict[str, bool]]


def without_zipmap(part: Any) -> Options:
    """Return the options of every classifier in `part`, by its id.

    LinearSVC has no probabilities and refuses the option; a pipeline would pass it on to one.
    They are listed without it, or skl2onnx adds it.
    """
    if isinstance(part, BaseEstimator):
        own = {id(part): _option(part)} if is_classifier(part) else {}
        return own | without_zipmap(list(vars(part).values()))
    found: Options = {}
    if isinstance(part, (list, tuple, dict)):
        for inner in part.values() if isinstance(part, dict) else part:
            found |= without_zipmap(inner)
    return found


def _option(model: Any) -> dict[str, bool]:
    return {} if isinstance(model, (LinearSVC, Pipeline)) else {"zipmap": False}
