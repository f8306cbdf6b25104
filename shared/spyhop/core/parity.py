"""Are two sets of answers the same?  Labels exactly, numbers within a stated tolerance."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from spyhop.core.answers import AnswerSpec, Prediction


class Parity(Struct, frozen=True):
    """What was compared with scikit-learn's own answers, and how far they were apart.

    `rows` counts held-out rows, `probes` rows made from them to find differences (see
    `probes.py`), `undecided` those left out because scikit-learn itself has no one answer to
    them (see `evidence.py`).  `worst_difference` has no unit: probabilities as they are, values
    relative to `scale` (see `differences`); `worst_row` is the row it was found on, counting
    the probes after the test rows.  `labels_differ` lists the first ten rows whose label was
    another.
    """

    rows: int
    probes: int
    tolerance: float
    scale: float
    worst_difference: float
    worst_row: int | None
    labels_differ: tuple[int, ...] = ()
    undecided: int = 0

    @property
    def holds(self) -> bool:
        """True if every label was equal and every number within the tolerance."""
        return not self.labels_differ and self.worst_difference <= self.tolerance

    def why_not(self) -> str:
        """Return in words what was different; only of use where `holds` is False."""
        if self.labels_differ:
            rows = ", ".join(map(str, self.labels_differ))
            return f"label differs from scikit-learn's on row {rows}"
        return (
            f"differs from scikit-learn by {self.worst_difference:.1e} on row {self.worst_row}, "
            f"tolerance {self.tolerance:.0e}"
        )


def compare(
    expected: Sequence[Prediction],
    answered: Sequence[Prediction],
    spec: AnswerSpec,
    tolerance: float,
    scale: float,
    probes: int = 0,
) -> Parity:
    """Return how far `answered` is from `expected`, row by row; the last `probes` are probes."""
    apart = differences(expected, answered, spec, scale)
    differ = [
        row
        for row, (one, other) in enumerate(zip(expected, answered, strict=True))
        if not same_label(one, other)
    ]
    worst = int(apart.argmax()) if apart.size and apart.max() > 0 else None
    return Parity(
        rows=len(expected) - probes,
        probes=probes,
        tolerance=tolerance,
        scale=scale,
        worst_difference=0.0 if worst is None else float(apart[worst]),
        worst_row=worst,
        labels_differ=tuple(differ[:10]),
    )


def scale_of(expected: Sequence[Prediction], spec: AnswerSpec) -> float:
    """Return what numbers are measured against: 1 for probabilities, the spread of values."""
    if spec.task != "regression":
        return 1.0
    values = _numbers(expected, spec)
    return float(values.std()) or float(np.abs(values).max()) or 1.0


def same_label(one: Prediction, other: Prediction) -> bool:
    """Return whether two answers carry the same label, of the same type (1 is not True)."""
    return one.get("label") == other.get("label") and type(one.get("label")) is type(
        other.get("label")
    )


def differences(
    expected: Sequence[Prediction],
    answered: Sequence[Prediction],
    spec: AnswerSpec,
    scale: float,
) -> NDArray[np.float64]:
    """Return for each row the largest difference between its numbers, shape (n_rows,).

    Each is relative to the larger of the expected number and `scale`, so that numbers near
    zero count no more than others.  Answers without numbers differ by 0.
    """
    theirs, ours = _numbers(expected, spec), _numbers(answered, spec)
    if theirs.shape[1] == 0:
        return np.zeros(len(theirs))
    apart = np.abs(ours - theirs) / np.maximum(np.abs(theirs), scale)
    # NaN never compares as too large; an answer that is none must.
    return np.where(np.isnan(apart), np.inf, apart).max(axis=1)  # type: ignore[no-any-return]


def _numbers(answers: Sequence[Prediction], spec: AnswerSpec) -> NDArray[np.float64]:
    if spec.task == "regression":
        rows: list[list[Any]] = [[answer["value"]] for answer in answers]
    elif spec.has_probabilities:
        rows = [[answer["probabilities"][key] for key in spec.keys] for answer in answers]
    else:
        rows = [[] for _ in answers]
    return np.array(rows, dtype=np.float64).reshape(len(rows), -1 if rows and rows[0] else 0)
