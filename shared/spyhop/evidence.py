"""What a bundle is proved on: held-out rows, probes made from them, scikit-learn's answers."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from spyhop.core.answers import AnswerSpec, Outputs, Prediction, predictions
from spyhop.core.blocks import MISSING_TEXT
from spyhop.core.parity import scale_of
from spyhop.core.rows import parse_rows
from spyhop.core.schema import Column, Schema
from spyhop.derive import UNKNOWN_TEXT
from spyhop.engines.frames import pipeline_input
from spyhop.engines.sklearn import pipeline_outputs
from spyhop.errors import ArtifactError, InvalidRequest
from spyhop.tables import TableView

# Beyond this more rows prove little more and cost the packer minutes.
MOST_TEST_ROWS = 10_000

PROBES_A_QUESTION = 3


@dataclass(frozen=True)
class Evidence:
    """Rows as callers send them, and what the pipeline itself answers; probes come last."""

    rows: list[dict[str, Any]]
    expected: list[Prediction]
    probes: int
    scale: float


def gather_evidence(
    pipeline: Any, schema: Schema, answers: AnswerSpec, test: TableView
) -> Evidence:
    """Return the test rows (ten thousand at most, evenly spread), and probes of every column
    that accepts missing values or unknown categories, with scikit-learn's own answers.

    Raises:
        ArtifactError: the test table holds rows that the schema refuses.
    """
    chosen = np.unique(np.linspace(0, len(test) - 1, min(len(test), MOST_TEST_ROWS)).astype(int))
    tested = test.take(chosen.tolist())
    rows = tested.rows(range(len(tested)))
    probes = _probes(rows, schema)
    try:
        parse_rows(rows, schema)
        expected = predictions(pipeline_outputs(pipeline, tested.table, answers), answers)
        if probes:
            probed = pipeline_input(parse_rows(probes, schema), schema)
            expected += predictions(pipeline_outputs(pipeline, probed, answers), answers)
    except InvalidRequest as error:
        raise ArtifactError(
            f"the test table holds what this model's rows cannot: {error}. Clean the test table, "
            "or train on a table that has such rows."
        ) from error
    return Evidence(rows + probes, expected, len(probes), scale_of(expected, answers))


def own_outputs(pipeline: Any, table: TableView, answers: AnswerSpec) -> Outputs:
    """Return what the pipeline itself answers to the whole of `table`."""
    return pipeline_outputs(pipeline, table.table, answers)


def _probes(rows: list[dict[str, Any]], schema: Schema) -> list[dict[str, Any]]:
    spread = [rows[i * len(rows) // PROBES_A_QUESTION] for i in range(PROBES_A_QUESTION)]
    return [
        {**row, column.name: value}
        for column in schema.columns
        for value in _questions(column)
        for row in spread
    ]


def _questions(column: Column) -> list[Any]:
    questions: list[Any] = [None] if column.accepts_missing else []
    if column.kind == "category" and column.accepts_unknown:
        questions += [UNKNOWN_TEXT, MISSING_TEXT]
    return questions
