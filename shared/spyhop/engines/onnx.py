"""The fast engine: one onnxruntime session over a graph proved equal to the pipeline."""

import sys
from pathlib import Path
from typing import Any

import onnxruntime

from spyhop.core.answers import AnswerSpec, Outputs, one_after_the_other
from spyhop.core.blocks import Block, block_array
from spyhop.core.rows import Table
from spyhop.engines import CannotCompute
from spyhop.engines.onnx_audit import audit_graph
from spyhop.errors import ArtifactError

# Our errors carry onnxruntime's message; it need not print it too.
_LOG_NOTHING = 4

# Counts of terms at once, 2 MiB of them: a vocabulary is wide, and 32 MiB take thrice as long.
MOST_COUNTS = 2**18


class OnnxEngine:
    """Answers through the graph in `artefact`, whose inputs are `blocks`.

    Its outputs are, in this order: a classifier's labels and probabilities, or a value.
    """

    def __init__(
        self, artefact: bytes | Path, blocks: tuple[Block, ...], answers: AnswerSpec
    ) -> None:
        audit_graph(artefact)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = _LOG_NOTHING
        # A function has about one vCPU a gigabyte; a pool of threads only delays the start.
        options.intra_op_num_threads = 1
        try:
            self._session = onnxruntime.InferenceSession(
                artefact, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime's exceptions have no common base
            raise ArtifactError(f"onnxruntime cannot load model.onnx: {error}") from error
        self._blocks = blocks
        terms = sum(block.width for block in blocks if block.vectoriser is not None)
        self._rows_at_once = max(1, MOST_COUNTS // terms) if terms else sys.maxsize
        self._regression = answers.task == "regression"
        self._outputs = [output.name for output in self._session.get_outputs()]
        if not answers.has_probabilities:
            self._outputs = self._outputs[:1]

    def run(self, table: Table) -> Outputs:
        """See `Engine.run`."""
        n_rows = len(next(iter(table.values())))
        if n_rows <= self._rows_at_once:
            return self._run(table)
        starts = range(0, n_rows, self._rows_at_once)
        return one_after_the_other(
            self._run({name: c[i : i + self._rows_at_once] for name, c in table.items()})
            for i in starts
        )

    def _run(self, table: Table) -> Outputs:
        feed = {block.name: block_array(table, block) for block in self._blocks}
        try:
            found: list[Any] = self._session.run(self._outputs, feed)
        except Exception as error:  # onnxruntime's exceptions have no common base
            raise CannotCompute(type(error).__name__) from error
        if self._regression:
            return Outputs(values=found[0].reshape(-1))
        return Outputs(labels=found[0], probabilities=found[1] if len(found) > 1 else None)
