"""A profile: what a table and a model's answers look like, in counts that can be added.

The reference profile is made once, of the training table and of held-out answers, and fixes
the bins.  Live profiles use the same bins, so functions, shards and hours can be profiled
apart and added in any order.
"""

from collections.abc import Mapping
from functools import reduce
from typing import TypeVar

import msgspec
import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from spyhop.core.answers import AnswerSpec, Outputs
from spyhop.core.rows import Table
from spyhop.core.schema import Column, Schema
from spyhop.core.summaries import (
    Categories,
    Numbers,
    Summary,
    reference_categories,
    reference_numbers,
    reference_texts,
)
from spyhop.errors import ArtifactError

FORMAT = 1

LABEL, CONFIDENCE, VALUE = "label", "confidence", "value"

_Summary = TypeVar("_Summary", bound=Summary)


class Profile(Struct, frozen=True):
    """Summaries by column name, and of answers: "label" and "confidence" (the largest of the
    probabilities) of a classifier, "value" of a regressor."""

    format: int
    columns: dict[str, Summary]
    predictions: dict[str, Numbers | Categories]

    def __post_init__(self) -> None:
        if self.format != FORMAT:
            raise ValueError(f"format {self.format}, this spyhop reads {FORMAT}")


def reference_profile(
    table: Table, schema: Schema, predictions: Outputs, answers: AnswerSpec
) -> Profile:
    """Return the profile of a training table and of `predictions` on other, held-out rows."""
    columns = {column.name: _reference(table, column) for column in schema.columns}
    return Profile(FORMAT, columns, _reference_predictions(predictions, answers))


def live_profile(table: Table, predictions: Outputs, reference: Profile) -> Profile:
    """Return the profile of these rows and their answers in the bins of `reference`.

    A prediction of which an output is absent counts no row there.
    """
    columns = {name: summary.counted(table[name]) for name, summary in reference.columns.items()}
    found = _answer_arrays(predictions)
    nothing = np.empty(0)
    return Profile(
        FORMAT,
        columns,
        {
            name: summary.counted(found.get(name, nothing))
            for name, summary in reference.predictions.items()
        },
    )


def merged(*profiles: Profile) -> Profile:
    """Return the profile of the rows of all, at least one, in whichever order.

    Raises:
        ValueError: they were counted in different bins.
    """
    return reduce(_both, profiles)


def _both(one: Profile, other: Profile) -> Profile:
    return replace(
        one,
        columns=_added(one.columns, other.columns),
        predictions=_added(one.predictions, other.predictions),
    )


def _added(one: Mapping[str, _Summary], other: Mapping[str, _Summary]) -> dict[str, _Summary]:
    if one.keys() != other.keys():
        raise ValueError("these profiles are of other columns")
    return {name: _sum(summary, other[name]) for name, summary in one.items()}


def _sum(one: _Summary, other: _Summary) -> _Summary:
    if type(one) is not type(other):
        raise ValueError("these profiles are of columns of another kind")
    return one.plus(other)  # type: ignore[arg-type, return-value]


def _reference(table: Table, column: Column) -> Summary:
    values = table[column.name]
    if column.kind == "text":
        return reference_texts(values)
    if column.kind == "category":
        return reference_categories(values, column.categories)
    if column.kind == "boolean":
        return reference_categories(values, (False, True))
    return reference_numbers(values)


def _reference_predictions(
    predictions: Outputs, answers: AnswerSpec
) -> dict[str, Numbers | Categories]:
    return {
        name: reference_categories(values, answers.classes)
        if name == LABEL
        else reference_numbers(values)
        for name, values in _answer_arrays(predictions).items()
    }


def _answer_arrays(predictions: Outputs) -> Table:
    confidence = (
        None if predictions.probabilities is None else predictions.probabilities.max(axis=1)
    )
    arrays = {LABEL: predictions.labels, CONFIDENCE: confidence, VALUE: predictions.values}
    return {name: array for name, array in arrays.items() if array is not None}


def profile_to_json(profile: Profile) -> bytes:
    """Return `profile` as JSON; `profile_from_json` reads it back."""
    return msgspec.json.encode(profile)


def profile_from_json(body: bytes) -> Profile:
    """Return the profile that `profile_to_json` wrote.

    Raises:
        ArtifactError: it is something else, or of a newer spyhop.
    """
    try:
        return msgspec.json.decode(body, type=Profile)
    except msgspec.DecodeError as error:
        raise ArtifactError(
            f"this is no profile that this spyhop reads ({error}). Use the spyhop that wrote it, "
            "or a newer one."
        ) from error
