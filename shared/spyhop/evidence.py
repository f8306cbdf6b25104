"""What a bundle is proved on: held-out rows, probes made from them, scikit-learn's answers."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spyhop.core.answers import AnswerSpec, Outputs, Prediction, predictions
from spyhop.core.parity import differences, same_label, scale_of
from spyhop.core.rows import Table, parse_rows
from spyhop.core.schema import Schema
from spyhop.derive import unmoved_by_overflow
from spyhop.engines.frames import pipeline_input
from spyhop.engines.sklearn import pipeline_outputs
from spyhop.errors import ArtifactError, InvalidRequest
from spyhop.probes import Row, probe_rows
from spyhop.tables import TableView

# Beyond this more rows prove little more and cost the packer minutes.
MOST_TEST_ROWS = 10_000

# What scikit-learn itself must achieve at the gate.
SAME = 1e-9

# A row asked alone, and among others: BLAS takes rows by fours, then twos, then the last one.
COMPANIES = (1, 4 + 2 + 1)


@dataclass(frozen=True)
class Evidence:
    """Rows as callers send them, and what the pipeline itself answers; probes come last."""

    rows: list[Row]
    expected: list[Prediction]
    probes: int
    scale: float
    pipeline: "_Pipeline"

    def settled(
        self, answered: list[Prediction], tolerance: float
    ) -> tuple["Evidence", list[Prediction]]:
        """Return this and what an engine answered, without probes that have no one answer.

        BLAS adds in another order for one row than for many, and for the last of many.  Where
        an answer jumps, the last bit of a sum decides, and a pipeline may answer the same row
        otherwise alone than within a batch, or by its place there: then scikit-learn has no
        answer that an engine could equal, and would itself be refused at the gate.  For no
        other reason is a probe left out, and a held-out row never.
        """
        left_out = set()
        for row in self._differing(answered, tolerance):
            is_probe = row >= len(self.rows) - self.probes
            if not is_probe or self.pipeline.has_one_answer(
                self.rows[row], self.expected[row], self.scale
            ):
                return self, answered  # refused, whatever becomes of the others
            left_out.add(row)
        kept = [row for row in range(len(self.rows)) if row not in left_out]
        evidence = replace(
            self,
            rows=[self.rows[row] for row in kept],
            expected=[self.expected[row] for row in kept],
            probes=self.probes - len(left_out),
        )
        return evidence, [answered[row] for row in kept]

    def _differing(self, answered: list[Prediction], tolerance: float) -> list[int]:
        apart = differences(self.expected, answered, self.pipeline.answers, self.scale)
        return [
            row
            for row, (one, other) in enumerate(zip(self.expected, answered, strict=True))
            if not same_label(one, other) or not apart[row] <= tolerance
        ]


def gather_evidence(
    pipeline: Any, schema: Schema, answers: AnswerSpec, test: TableView
) -> Evidence:
    """Return the test rows (ten thousand at most, evenly spread) and probes made from them,
    with scikit-learn's own answers.

    Raises:
        ArtifactError: the test table holds rows that the schema refuses.
    """
    chosen = np.unique(np.linspace(0, len(test) - 1, min(len(test), MOST_TEST_ROWS)).astype(int))
    tested = test.take(chosen.tolist())
    rows = tested.rows(range(len(tested)))
    pipeline_itself = _Pipeline(pipeline, schema, answers)
    try:
        parse_rows(rows, schema)
        expected = predictions(pipeline_outputs(pipeline, tested.table, answers), answers)
    except InvalidRequest as error:
        raise ArtifactError(
            f"the test table holds what this model's rows cannot: {error}. Clean the test table, "
            "or train on a table that has such rows."
        ) from error
    with unmoved_by_overflow():
        probes = probe_rows(rows, schema, pipeline_itself.fingerprint)
        probes, probed = pipeline_itself.answered(probes)
    scale = scale_of(expected, answers)
    return Evidence(rows + probes, expected + probed, len(probes), scale, pipeline_itself)


def own_outputs(pipeline: Any, table: TableView, answers: AnswerSpec) -> Outputs:
    """Return what the pipeline itself answers to the whole of `table`."""
    return pipeline_outputs(pipeline, table.table, answers)


class _Pipeline:
    """The fitted pipeline, asked with rows."""

    def __init__(self, pipeline: Any, schema: Schema, answers: AnswerSpec) -> None:
        self._pipeline, self._schema, self.answers = pipeline, schema, answers

    def fingerprint(self, table: Table) -> NDArray[Any]:
        """Return one row of numbers (or a label) a row, equal where the answers are equal.

        Without probabilities it is the decision function, where there is one: it jumps at
        thresholds.  A label also changes where a smooth function crosses zero, and there the
        last bit of a sum decides, which is nobody's answer.
        """
        decide = getattr(self._pipeline, "decision_function", None)
        if self.answers.has_probabilities or decide is None:
            outputs = self._outputs(table)
            found = next(array for array in reversed(outputs) if array is not None)
        else:
            found = decide(pipeline_input(table, self._schema))
        return np.asarray(found).reshape(len(found), -1)

    def answered(self, rows: list[Row]) -> tuple[list[Row], list[Prediction]]:
        """Return those of `rows` that the pipeline answers with finite numbers, and the answers."""
        try:
            return rows, self._predictions(rows)
        except Exception:  # a pipeline raises what its steps raise; then each row for itself
            found = [(row, answer) for row in rows for answer in self._answer_alone(row)]
            return [row for row, _ in found], [answer for _, answer in found]

    def has_one_answer(self, row: Row, answer: Prediction, scale: float) -> bool:
        """Return whether `row` is answered `answer` alone and wherever it stands in a batch."""
        return all(self._is_same(row, answer, n, scale) for n in COMPANIES)

    def _is_same(self, row: Row, answer: Prediction, n_rows: int, scale: float) -> bool:
        with unmoved_by_overflow():
            try:
                found = self._predictions([row] * n_rows)
            except Exception:  # it is not among what the model can answer
                return False
        among = [answer] * n_rows
        apart = differences(among, found, self.answers, scale)
        return all(map(same_label, among, found)) and bool((apart <= SAME).all())

    def _answer_alone(self, row: Row) -> list[Prediction]:
        try:
            return self._predictions([row])
        except Exception:  # it is not among what the model can answer
            return []

    def _predictions(self, rows: list[Row]) -> list[Prediction]:
        if not rows:
            return []
        return predictions(self._outputs(parse_rows(rows, self._schema)), self.answers)

    def _outputs(self, table: Table) -> Outputs:
        X = pipeline_input(table, self._schema)
        return pipeline_outputs(self._pipeline, X, self.answers)
