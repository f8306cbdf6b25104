"""What skl2onnx must be told of a model: no probabilities by name, however deep it sits."""

from typing import Any

from sklearn.base import BaseEstimator, is_classifier
from sklearn.svm import LinearSVC


def without_zipmap(part: Any) -> dict[int, dict[str, bool]]:
    """Return the option for every classifier in `part`, by its id.

    LinearSVC has no probabilities, and refuses the option.
    """
    if isinstance(part, BaseEstimator):
        own = {id(part): {"zipmap": False}} if _has_option(part) else {}
        return own | without_zipmap(list(vars(part).values()))
    found: dict[int, dict[str, bool]] = {}
    if isinstance(part, (list, tuple, dict)):
        for inner in part.values() if isinstance(part, dict) else part:
            found |= without_zipmap(inner)
    return found


def _has_option(model: Any) -> bool:
    return is_classifier(model) and not isinstance(model, LinearSVC)
