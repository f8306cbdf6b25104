"""What an engine computed, as the answers a caller gets: one a row, strict JSON.

A classifier answers `{"label": …, "probabilities": {…}}` (no probabilities where the
pipeline has no `predict_proba`), a regressor `{"value": …}`.
"""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, Literal, NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from spyhop.core.refusals import refusal
from spyhop.errors import ArtifactError, Problem

Label = str | int | float | bool
Prediction = dict[str, Any]


class Outputs(NamedTuple):
    """What an engine returns for n rows.

    Classification: `labels` has shape (n,), `probabilities` (n, n_classes) in the order of
    the classes, or is None.  Regression: `values` has shape (n,).
    """

    labels: NDArray[Any] | None = None
    probabilities: NDArray[np.floating[Any]] | None = None
    values: NDArray[np.floating[Any]] | None = None


def one_after_the_other(parts: Iterable[Outputs]) -> Outputs:
    """Return the outputs for the rows of all `parts`, which are of one model."""
    columns = zip(*parts, strict=True)
    return Outputs(*(None if c[0] is None else np.concatenate(c) for c in columns))


class AnswerSpec(Struct, frozen=True, dict=True):
    """The form of a model's answers; `classes` are the labels in the pipeline's own order."""

    task: Literal["classification", "regression"]
    classes: tuple[Label, ...] = ()
    has_probabilities: bool = False

    @cached_property
    def label_of(self) -> dict[Any, Label]:
        """An engine's label → the caller's: a graph says 1 where the class is True or 1.0."""
        return {label: label for label in self.classes}

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The classes as JSON object keys."""
        return tuple(_key(label) for label in self.classes)


def _key(label: Label) -> str:
    if isinstance(label, bool):
        return "true" if label else "false"
    return str(label)


def predictions(outputs: Outputs, spec: AnswerSpec) -> list[Prediction]:
    """Return one answer a row.

    Raises:
        InvalidRequest: an answer is not a finite number, which JSON cannot say; it names the
            rows (values far outside the training range do this).
    """
    numbers = outputs.values if spec.task == "regression" else outputs.probabilities
    if numbers is not None and not np.isfinite(numbers).all():
        raise refusal(_not_finite(numbers))
    if spec.task == "regression":
        return [{"value": value} for value in _listed(outputs.values)]
    labels = map(spec.label_of.__getitem__, _listed(outputs.labels))
    if not spec.has_probabilities:
        return [{"label": label} for label in labels]
    rows, keys = _listed(outputs.probabilities), spec.keys
    if len(keys) == 2:  # as most have; a display is made twice as fast as a dict of a zip
        no, yes = keys
        return [
            {"label": label, "probabilities": {no: p, yes: q}}
            for label, (p, q) in zip(labels, rows, strict=True)
        ]
    assert len(rows[0]) == len(keys), "the engine has other classes than its spec"
    return [
        {"label": label, "probabilities": dict(zip(keys, row))}  # noqa: B905 (asserted, faster)
        for label, row in zip(labels, rows, strict=True)
    ]


def _listed(array: NDArray[Any] | None) -> list[Any]:
    assert array is not None, "the engine left out an output that its spec names"
    return array.tolist()  # type: ignore[no-any-return]


def _not_finite(numbers: NDArray[Any]) -> list[Problem]:
    finite = np.isfinite(numbers).reshape(len(numbers), -1).all(axis=1)
    reason = "the model's answer is not a finite number; send values nearer to the training range"
    return [Problem(int(row), None, reason, "not_finite") for row in np.flatnonzero(~finite)]


def answers_to_json(spec: AnswerSpec) -> dict[str, Any]:
    """Return `spec` as plain JSON values."""
    if spec.task == "regression":
        return {"task": spec.task}
    return {
        "task": spec.task,
        "classes": list(spec.classes),
        "probabilities": spec.has_probabilities,
    }


def answers_from_json(value: Mapping[str, Any]) -> AnswerSpec:
    """Return the spec that `answers_to_json` wrote.

    Raises:
        ArtifactError: it is something else.
    """
    task = value.get("task")
    if task == "regression":
        return AnswerSpec("regression")
    if task == "classification":
        return AnswerSpec(task, tuple(value["classes"]), value["probabilities"])
    raise ArtifactError(
        f"manifest.json names the task {task!r}, expected classification or regression. "
        "Serve this bundle with the spyhop that packed it, or a newer one."
    )
