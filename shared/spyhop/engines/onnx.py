"""The fast engine: one onnxruntime session over a graph proved equal to the pipeline."""

import os
from collections.abc import Iterable
from typing import Any

import onnxruntime

from spyhop.core.answers import AnswerSpec, Outputs, one_after_the_other
from spyhop.core.blocks import Block, block_feed
from spyhop.core.rows import Table
from spyhop.engines import CannotCompute
from spyhop.engines.onnx_audit import audit_graph
from spyhop.errors import ArtifactError

# Our errors carry onnxruntime's message; it need not print it too.
_LOG_NOTHING = 4

# Rows at once: what a layer of some hundred numbers makes of more no longer fits a cache.
MOST_ROWS = 1024

# Counts of terms at once, 2 MiB of them: a vocabulary is wide, and 32 MiB take thrice as long.
MOST_COUNTS = 2**18

# From so many parts on, several threads are worth starting.
PARTS_TO_SHARE = 4

# More texts at once have more terms among them, and each text is fed a count of each.
MOST_OCCURRING = 32


class OnnxEngine:
    """Answers through the graph in `artefact`, whose inputs are `blocks`.

    Its outputs are, in this order: a classifier's labels and probabilities, or a value.

    Many rows are computed in parts, by `threads` at a time (as many as there are processors):
    onnxruntime lets go of Python's lock, and no sum is added in another order for it, as
    onnxruntime's own threads would.
    """

    def __init__(
        self,
        artefact: bytes | str,
        blocks: tuple[Block, ...],
        answers: AnswerSpec,
        threads: int | None = None,
    ) -> None:
        audit_graph(artefact)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = _LOG_NOTHING
        # A pool of threads would delay the start, and do nothing for one row.
        options.intra_op_num_threads = 1
        # Beyond this level the rewriting takes 0.4 ms of the start and makes no graph of ours
        # faster.
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        try:
            self._session = onnxruntime.InferenceSession(
                artefact, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime's exceptions have no common base
            raise ArtifactError(f"onnxruntime cannot load model.onnx: {error}") from error
        self._blocks = blocks
        self._rows_at_once = _rows_at_once(blocks)
        # Counting terms is Python's work, where threads only wait for each other.
        texts = any(block.vectoriser is not None for block in blocks)
        self._threads = 1 if texts else threads or _processors()
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
            self._run_all(
                [{k: v[i : i + self._rows_at_once] for k, v in table.items()} for i in starts]
            )
        )

    def _run_all(self, parts: list[Table]) -> Iterable[Outputs]:
        if self._threads == 1 or len(parts) < PARTS_TO_SHARE:
            return map(self._run, parts)
        from concurrent.futures import ThreadPoolExecutor  # only a large batch pays for it

        with ThreadPoolExecutor(self._threads) as pool:
            return list(pool.map(self._run, parts))

    def _run(self, table: Table) -> Outputs:
        feed: dict[str, Any] = {}
        for block in self._blocks:
            feed |= block_feed(table, block)
        try:
            found: list[Any] = self._session.run(self._outputs, feed)
        except Exception as error:  # onnxruntime's exceptions have no common base
            raise CannotCompute(type(error).__name__) from error
        if self._regression:
            return Outputs(values=found[0].reshape(-1))
        return Outputs(labels=found[0], probabilities=found[1] if len(found) > 1 else None)


def _processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _rows_at_once(blocks: tuple[Block, ...]) -> int:
    terms = sum(block.width for block in blocks if block.dtype == "counts")
    if any(block.dtype == "occurring" for block in blocks):
        return MOST_OCCURRING
    return max(1, MOST_COUNTS // terms) if terms else MOST_ROWS
