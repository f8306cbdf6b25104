"""A fitted pipeline as an ONNX graph, by skl2onnx: the ways to try, most exact first.

Whether a graph is right is not decided here.  Each is a proposal that `packing.py` serves and
compares with scikit-learn; the first that holds is taken.
"""

import copy
import warnings
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from msgspec.structs import replace
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer

from spyhop.core.answers import AnswerSpec
from spyhop.core.blocks import MISSING_TEXT, Block, BlockType
from spyhop.core.schema import Schema
from spyhop.core.values import value_kind
from spyhop.engines.converters import convert_exactly
from spyhop.engines.fitted import column_positions, column_transformers, has_vectoriser
from spyhop.engines.occurring import reads_occurring
from spyhop.engines.options import without_zipmap
from spyhop.engines.vectorisers import Counts, only_counted
from spyhop.errors import ArtifactError

# The newest that onnxruntime and skl2onnx both implement fully.
OPSETS = {"": 21, "ai.onnx.ml": 3}

# Counts from which leaving out the zeros takes less time than reading them.
WIDE = 4096

# Hashes that are fed whole, which is half a megabyte a row.
MOST_HASHED = 2**16

_TENSOR_TYPES = {
    "float64": DoubleTensorType,
    "float32": FloatTensorType,
    "string": StringTensorType,
    "counts": DoubleTensorType,
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
    rewired, blocks = _rewired(pipeline, schema, strategy.numbers)
    types = [(b.name, _TENSOR_TYPES[b.dtype]([None, b.width])) for b in blocks]
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
    blocks = tuple(_as_fed(block, model.graph) for block in blocks if _is_read(block, model.graph))
    return Graph(model.SerializeToString(), blocks)


def _is_read(block: Block, graph: Any) -> bool:
    """Return whether `graph` reads `block`; if not, it is no longer an input either.

    A search has a vectoriser of the model it began with.
    """
    if any(block.name in node.input for node in graph.node):
        return True
    graph.input.remove(next(one for one in graph.input if one.name == block.name))
    return False


def _as_fed(block: Block, graph: Any) -> Block:
    """Return how `block` is fed: where counts are many, if possible only those that occur.

    Raises:
        ArtifactError: hashes have more places than anyone would feed.
    """
    if block.dtype != "counts" or block.width < WIDE:
        return block
    if reads_occurring(graph, block):
        return replace(block, dtype="occurring")
    if block.vectoriser is not None and block.vectoriser.hashing and block.width > MOST_HASHED:
        raise ArtifactError(
            f"it hashes texts to {block.width} columns, and a graph can leave out those without a "
            "term only where a linear model or naive Bayes reads them and nothing else. Hash to "
            f"{MOST_HASHED} at most (n_features)"
        )
    return block


def input_blocks(
    schema: Schema, numbers: BlockType, counted: Collection[str] = ()
) -> tuple[Block, ...]:
    """Return the numeric columns as one block and the text columns as another.

    Those of `counted` are in neither.

    Raises:
        ArtifactError: a missing text and the text "nan" cannot be told apart in a graph.
    """
    columns = [column for column in schema.columns if column.name not in counted]
    texts = [column for column in columns if value_kind(column) == "text"]
    nullable = tuple(column.name for column in texts if column.accepts_missing)
    if any(c.accepts_missing and MISSING_TEXT in c.known for c in texts):
        raise ArtifactError(
            f'a column has the category "{MISSING_TEXT}" and accepts missing values too, which '
            "a graph cannot tell apart"
        )
    text_names = tuple(column.name for column in texts)
    number_names = tuple(c.name for c in columns if c.name not in text_names)
    blocks = [
        Block("numbers", numbers, number_names),
        Block("texts", "string", text_names, nullable),
    ]
    return tuple(block for block in blocks if block.columns)


def _rewired(pipeline: Any, schema: Schema, numbers: BlockType) -> tuple[Any, tuple[Block, ...]]:
    """Return a copy of the pipeline that reads blocks, and the blocks.

    It selects its columns by their place in the blocks, and counts no terms itself.
    """
    rewired = copy.deepcopy(pipeline)
    if schema.layout == "vector":
        counts = Counts(0)
        rewired = counts.instead_of_texts(rewired, schema.names[0])
        blocks = () if counts.blocks else input_blocks(schema, numbers)
    else:
        transformers = _raw_readers(rewired, schema)
        blocks = input_blocks(schema, numbers, only_counted(transformers, schema.names))
        counts = Counts(sum(block.width for block in blocks))
        _select_by_position(transformers, schema.names, blocks, counts)
    if counts.blocks and numbers != "float64":
        raise ArtifactError("it reads counts of terms, which are fed to a graph as float64 only")
    return rewired, (*blocks, *counts.blocks)


def _raw_readers(pipeline: Any, schema: Schema) -> list[ColumnTransformer]:
    """Return the transformers that select columns of the table, each once.

    A vote holds its members twice, as a list and by name.  Where a frame has texts, what has
    no names of columns reads a matrix that an earlier step made.
    """
    every = {id(t): t for t in column_transformers(pipeline, schema.names)}.values()
    if schema.layout == "frame" and any(value_kind(c) == "text" for c in schema.columns):
        return [t for t in every if hasattr(t, "feature_names_in_")]
    return list(every)


def _select_by_position(
    transformers: Sequence[Any], names: Sequence[str], blocks: Sequence[Block], counts: Counts
) -> None:
    place = {name: i for i, name in enumerate(name for b in blocks for name in b.columns)}

    def rewired(name: str, step: Any, columns: Any) -> tuple[str, Any, list[int]]:
        if step == "drop":
            return name, step, []
        positions = column_positions(columns, names)
        if not has_vectoriser(step):
            return name, step, [place[names[i]] for i in positions]
        start = counts.end
        step = counts.instead_of_texts(step, names[positions[0]])
        return name, step, list(range(start, counts.end))

    for transformer in transformers:
        transformer.transformers_ = [rewired(*entry) for entry in transformer.transformers_]
