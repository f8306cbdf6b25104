"""What computes: `onnx` (fast, where parity is proved) or `sklearn` (always works).

An engine takes a `Table` and returns `Outputs`.  It knows neither rows nor callers, and is
imported only when a bundle asks for it, so that the other one costs nothing.
"""

from typing import Protocol

from spyhop.core.answers import AnswerSpec, Outputs
from spyhop.core.blocks import Block
from spyhop.core.rows import Table
from spyhop.core.schema import Schema
from spyhop.errors import ArtifactError, ConfigError


class Engine(Protocol):
    """A loaded model.  May be called by several threads at once."""

    def run(self, table: Table) -> Outputs:
        """Return what the model computes for every row of `table`.

        Raises:
            CannotCompute: the model's own code refuses at least one of the rows.
            InvalidRequest: a value is outside what the engine can hold.
        """


class CannotCompute(Exception):
    """The model's own code raised on these rows; `model.py` finds out on which."""


def start_engine(
    name: str,
    artefact: bytes | str,
    *,
    schema: Schema,
    blocks: tuple[Block, ...],
    answers: AnswerSpec,
    trusted_types: frozenset[str] = frozenset(),
    is_pickle: bool = False,
) -> Engine:
    """Return the engine `name` with `artefact` loaded: verified bytes, or a verified file's path.

    `is_pickle` says that it is a pickle, which whoever deployed allowed to be opened.

    Raises:
        ArtifactError: the engine cannot load it, or there is no such engine.
        ConfigError: the engine's libraries are not installed.
    """
    try:
        if name == "onnx":
            from spyhop.engines.onnx import OnnxEngine

            return OnnxEngine(artefact, blocks, answers)
        if name == "sklearn":
            from spyhop.engines.sklearn import SklearnEngine

            return SklearnEngine(artefact, schema, answers, trusted_types, is_pickle)
    except ModuleNotFoundError as error:
        raise ConfigError(
            f'the engine "{name}" needs {error.name}, which is not installed here. Install it '
            'with: pip install "spyhop[sklearn]"'
        ) from error
    raise ArtifactError(
        f"manifest.json asks for the engine {name!r}, expected onnx or sklearn. "
        "Serve this bundle with the spyhop that packed it, or a newer one."
    )
