"""What a model is proved on: which rows are asked, and which cannot be."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin

from spyhop.derive import derive_schema
from spyhop.engines.fitted import answer_spec
from spyhop.evidence import Evidence, gather_evidence
from spyhop.tables import TableView

STEP = 1e-9


class Sociable(ClassifierMixin, BaseEstimator):
    """Says 1 above a threshold, which is another in company than alone."""

    def __init__(self, in_company: float = STEP, alone: float = STEP) -> None:
        self.in_company, self.alone = in_company, alone

    def fit(self, X: Any, y: Any) -> "Sociable":
        self.classes_ = np.unique(y)
        return self

    def predict(self, X: Any) -> Any:
        threshold = self.alone if len(X) == 1 else self.in_company
        return (np.asarray(X)[:, 0] > threshold).astype(int)


def evidence_of(model: Any, values: list[float]) -> Evidence:
    X = pd.DataFrame({"depth": values})
    model.fit(X, [0, 1] * (len(X) // 2))
    answers = answer_spec(model)
    table = TableView(X)
    return gather_evidence(model, derive_schema(model, table, answers), answers, table)


def depths(evidence: Evidence) -> list[float]:
    return [row["depth"] for row in evidence.rows]


def answered_otherwise_at(evidence: Evidence, *values: float) -> list[dict[str, Any]]:
    """Return the evidence's answers, as an engine gives them that differs on these depths."""
    return [
        {"label": 1 - answer["label"]} if row["depth"] in values else answer
        for row, answer in zip(evidence.rows, evidence.expected, strict=True)
    ]


BESIDE = float(np.nextafter(STEP, 1))


def test_both_sides_of_a_jump_are_asked():
    evidence = evidence_of(Sociable(), [-2.0, -1.0, 1.0, 2.0])

    assert {STEP, BESIDE} <= set(depths(evidence))


def test_a_probe_that_alone_is_answered_otherwise_than_among_others_is_no_evidence():
    evidence = evidence_of(Sociable(alone=0.0), [-2.0, -1.0, 1.0, 2.0])

    settled, answered = evidence.settled(answered_otherwise_at(evidence, STEP), 0.0)

    assert STEP not in depths(settled)
    assert BESIDE in depths(settled)
    assert answered == settled.expected
    assert settled.probes == len(settled.rows) - 4 < evidence.probes


def test_a_probe_that_is_answered_the_same_alone_is_never_left_out():
    evidence = evidence_of(Sociable(alone=0.0), [-2.0, -1.0, 1.0, 2.0])

    settled, _ = evidence.settled(answered_otherwise_at(evidence, STEP, BESIDE), 0.0)

    assert {STEP, BESIDE} <= set(depths(settled))


def test_a_held_out_row_is_never_left_out():
    evidence = evidence_of(Sociable(alone=0.0), [-2.0, STEP / 2, 1.0, 2.0])

    settled, _ = evidence.settled(answered_otherwise_at(evidence, STEP / 2), 0.0)

    assert depths(settled) == depths(evidence)
