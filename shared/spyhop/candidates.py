"""The ladder of engines that could serve a pipeline, fastest first, the certain one last."""

from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple, Protocol

import skops.io

from spyhop.core.answers import AnswerSpec
from spyhop.core.schema import Schema
from spyhop.engines.convert import STRATEGIES, Graph, convert
from spyhop.errors import ArtifactError


class Make(Protocol):
    """Makes the artefact, or raises ArtifactError with the reason why it cannot be made."""

    def __call__(self) -> Graph: ...


class Candidate(NamedTuple):
    """One way to serve: which engine, how its artefact is made, how equal it must prove."""

    engine: str
    strategy: str
    file: str
    tolerance: float
    make: Make


def candidates(pipeline: Any, schema: Schema, answers: AnswerSpec) -> Iterator[Candidate]:
    """Yield the ways to serve `pipeline`, from the fastest to the one that always works."""
    for strategy in STRATEGIES:
        yield Candidate(
            engine="onnx",
            strategy=f"onnx {strategy.numbers}",
            file="model.onnx",
            tolerance=strategy.tolerance,
            make=partial(convert, pipeline, schema, answers, strategy),
        )
    yield Candidate(
        engine="sklearn",
        strategy="sklearn skops",
        file="model.skops",
        tolerance=1e-9,
        make=partial(_dumped, pipeline),
    )


def _dumped(pipeline: Any) -> Graph:
    try:
        return Graph(skops.io.dumps(pipeline), ())
    except Exception as error:  # skops lets through what a part of the pipeline raises
        raise ArtifactError(f"skops cannot write it: {error}") from error
