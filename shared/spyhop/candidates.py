"""The ladder of engines that could serve a pipeline, fastest first, the certain one last."""

import io
from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple, Protocol

import skops.io

from spyhop.core.answers import AnswerSpec
from spyhop.core.schema import Schema
from spyhop.engines.convert import STRATEGIES, Graph, convert
from spyhop.errors import ArtifactError
from spyhop.pickles import PICKLE


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


def candidates(
    pipeline: Any, schema: Schema, answers: AnswerSpec, allow_pickle: bool = False
) -> Iterator[Candidate]:
    """Yield the ways to serve `pipeline`, from the fastest to the one that always works.

    Where the packer allowed it, a pickle is the last: what nothing else can hold, it can.
    """
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
    if allow_pickle:
        yield Candidate(
            engine="sklearn",
            strategy="sklearn joblib",
            file=PICKLE,
            tolerance=1e-9,
            make=partial(_pickled, pipeline),
        )


def _pickled(pipeline: Any) -> Graph:
    import joblib  # only this needs it

    body = io.BytesIO()
    try:
        joblib.dump(pipeline, body)
    except Exception as error:  # pickle lets through what a part of the pipeline raises
        raise ArtifactError(f"joblib cannot write it: {error}") from error
    return Graph(body.getvalue(), ())


def _dumped(pipeline: Any) -> Graph:
    try:
        return Graph(skops.io.dumps(pipeline), ())
    except Exception as error:  # skops lets through what a part of the pipeline raises
        raise ArtifactError(f"skops cannot write it: {error}") from error
