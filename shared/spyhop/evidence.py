"""What a bundle is proved on: held-out rows, probes made from them, scikit-learn's answers."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spyhop.core.answers import AnswerSpec, Outputs, Prediction, predictions
from spyhop.core.parity import scale_of
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


@dataclass(frozen=True)
class Evidence:
    """Rows as callers send them, and what the pipeline itself answers; probes come last."""

    rows: list[Row]
    expected: list[Prediction]
    probes: int
    scale: float


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
    return Evidence(rows + probes, expected + probed, len(probes), scale_of(expected, answers))


def own_outputs(pipeline: Any, table: TableView, answers: AnswerSpec) -> Outputs:
    """Return what the pipeline itself answers to the whole of `table`."""
    return pipeline_outputs(pipeline, table.table, answers)


class _Pipeline:
    """The fitted pipeline, asked with rows."""

    def __init__(self, pipeline: Any, schema: Schema, answers: AnswerSpec) -> None:
        self._pipeline, self._schema, self._answers = pipeline, schema, answers

    def fingerprint(self, table: Table) -> NDArray[Any]:
        """Return one row of numbers (or a label) a row, equal where the answers are equal."""
        outputs = self._outputs(table)
        found = next(array for array in reversed(outputs) if array is not None)
        return np.asarray(found).reshape(len(found), -1)

    def answered(self, rows: list[Row]) -> tuple[list[Row], list[Prediction]]:
        """Return those of `rows` that the pipeline answers with finite numbers, and the answers."""
        try:
            return rows, self._predictions(rows)
        except Exception:  # a pipeline raises what its steps raise; then each row for itself
            found = [(row, answer) for row in rows for answer in self._answer_alone(row)]
            return [row for row, _ in found], [answer for _, answer in found]

    def _answer_alone(self, row: Row) -> list[Prediction]:
        try:
            return self._predictions([row])
        except Exception:  # it is not among what the model can answer
            return []

    def _predictions(self, rows: list[Row]) -> list[Prediction]:
        if not rows:
            return []
        return predictions(self._outputs(parse_rows(rows, self._schema)), self._answers)

    def _outputs(self, table: Table) -> Outputs:
        X = pipeline_input(table, self._schema)
        return pipeline_outputs(self._pipeline, X, self._answers)
