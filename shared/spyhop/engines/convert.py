"""A fitted pipeline as an ONNX graph, by skl2onnx: the ways to try, most exact first.

Whether a graph is right is not decided here.  Each is a proposal that `packing.py` serves and
compares with scikit-learn; the first that holds is taken.
"""

import copy
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, StringTensorType

from spyhop.core.answers import AnswerSpec
from spyhop.core.blocks import MISSING_TEXT, Block, BlockType
from spyhop.core.schema import Schema
from spyhop.core.values import value_kind
from spyhop.engines.converters import convert_exactly
from spyhop.engines.fitted import column_positions, column_transformers
from spyhop.engines.options import without_zipmap
from spyhop.errors import ArtifactError

# The newest that onnxruntime and skl2onnx both implement fully.
OPSETS = {"": 21, "ai.onnx.ml": 3}

_TENSOR_TYPES = {
    "float64": DoubleTensorType,
    "float32": FloatTensorType,
    "string": StringTensorType,
}


class Strategy(NamedTuple):
    """A way to convert: the type that numbers have in the graph, and what it must achieve.

    `tolerance` is relative to the scale of the answers.
    """

    numbers: BlockType
    tolerance: float


STRATEGIES = (Strategy("float64", 1e-6), Strategy("float32", 1e-5))


class Graph(NamedTuple):
    """An ONNX graph and the blocks it is fed with."""

    artefact: bytes
    blocks: tuple[Block, ...]


def convert(pipeline: Any, schema: Schema, answers: AnswerSpec, strategy: Strategy) -> Graph:
    """Return the pipeline as a graph whose outputs are its labels and probabilities, or values.

    Raises:
        ArtifactError: skl2onnx has no way to convert it.
    """
    blocks = input_blocks(schema, strategy.numbers)
    rewired = _by_position(pipeline, schema, blocks)
    types = [(b.name, _TENSOR_TYPES[b.dtype]([None, len(b.columns)])) for b in blocks]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            convert_it = convert_exactly if strategy.numbers == "float64" else convert_sklearn
            model = convert_it(
                rewired,
                initial_types=types,
                options=without_zipmap(rewired),
                target_opset=OPSETS,
            )
    except Exception as error:  # skl2onnx raises what its converters raise
        first_line = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ArtifactError(f"skl2onnx cannot convert it: {first_line[:200]}") from error
    return Graph(model.SerializeToString(), blocks)


def input_blocks(schema: Schema, numbers: BlockType) -> tuple[Block, ...]:
    """Return the numeric columns as one block and the text columns as another.

    Raises:
        ArtifactError: a missing text and the text "nan" cannot be told apart in a graph.
    """
    texts = [column for column in schema.columns if value_kind(column) == "text"]
    nullable = tuple(column.name for column in texts if column.accepts_missing)
    if any(c.accepts_missing and MISSING_TEXT in c.known for c in texts):
        raise ArtifactError(
            f'a column has the category "{MISSING_TEXT}" and accepts missing values too, which '
            "a graph cannot tell apart"
        )
    text_names = tuple(column.name for column in texts)
    number_names = tuple(name for name in schema.names if name not in text_names)
    blocks = [
        Block("numbers", numbers, number_names),
        Block("texts", "string", text_names, nullable),
    ]
    return tuple(block for block in blocks if block.columns)


def _by_position(pipeline: Any, schema: Schema, blocks: Sequence[Block]) -> Any:
    """Return a copy of the pipeline that selects its columns by their place in the blocks."""
    rewired = copy.deepcopy(pipeline)
    place = {name: i for i, name in enumerate(name for b in blocks for name in b.columns)}
    for transformer in column_transformers(rewired, schema.names):
        transformer.transformers_ = [
            (
                name,
                step,
                [place[schema.names[i]] for i in column_positions(columns, schema.names)],
            )
            for name, step, columns in transformer.transformers_
        ]
    return rewired
