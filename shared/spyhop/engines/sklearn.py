"""The engine that always works: scikit-learn itself, loaded by skops and not by pickle."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import skops.io

from spyhop.core.answers import AnswerSpec, Outputs
from spyhop.core.rows import Table
from spyhop.core.schema import Schema
from spyhop.engines import CannotCompute
from spyhop.engines.frames import pipeline_input
from spyhop.errors import ArtifactError


class SklearnEngine:
    """Answers through the fitted pipeline itself.

    `trusted_types` are full names of types beyond scikit-learn's own which the deployer, and
    never the artefact, allows to be constructed.  `is_pickle`: the artefact runs its own code,
    and the deployer allowed it to.
    """

    def __init__(
        self,
        artefact: bytes | str,
        schema: Schema,
        answers: AnswerSpec,
        trusted_types: frozenset[str] = frozenset(),
        is_pickle: bool = False,
    ) -> None:
        self._schema = schema
        self._answers = answers
        body = _bytes(artefact)
        self._pipeline = unpickled(body) if is_pickle else load_pipeline(body, trusted_types)

    def run(self, table: Table) -> Outputs:
        """See `Engine.run`."""
        try:
            X = pipeline_input(table, self._schema)
            return pipeline_outputs(self._pipeline, X, self._answers)
        except Exception as error:  # a pipeline raises what its steps raise
            raise CannotCompute(type(error).__name__) from error


def _bytes(artefact: bytes | str) -> bytes:
    return artefact if isinstance(artefact, bytes) else Path(artefact).read_bytes()


def pipeline_outputs(pipeline: Any, X: Any, answers: AnswerSpec) -> Outputs:
    """Return scikit-learn's own answers for `X`."""
    if answers.task == "regression":
        values = np.asarray(pipeline.predict(X), dtype=np.float64)
        if values.size != len(values):
            raise ArtifactError(
                f"the pipeline predicts {values.size // len(values)} values a row, expected one. "
                "Fit and pack one model a target."
            )
        return Outputs(values=values.reshape(-1))
    probabilities = pipeline.predict_proba(X) if answers.has_probabilities else None
    return Outputs(labels=np.asarray(pipeline.predict(X)), probabilities=probabilities)


def load_pipeline(artefact: bytes, trusted_types: frozenset[str]) -> Any:
    """Return the pipeline in `artefact` after an audit of every type in it.

    Raises:
        ArtifactError: it holds a type that is neither scikit-learn's own nor trusted, or
            skops cannot read it.
    """
    try:
        found = skops.io.get_untrusted_types(data=artefact)
        strange = sorted(t for t in found if t not in trusted_types and not _is_scikit_learns(t))
        if strange:
            raise ArtifactError(
                f"model.skops holds types that are not trusted: {', '.join(strange)}. "
                "If they are yours, allow them by name: SPYHOP_TRUSTED_TYPES on the function, "
                "trusted_types={...} in Python, --trust-type on the command line."
            )
        return skops.io.loads(artefact, trusted=found)
    except ArtifactError:
        raise
    except Exception as error:  # skops lets through whatever a constructor raises
        raise ArtifactError(f"skops cannot load model.skops: {error}") from error


def unpickled(artefact: bytes) -> Any:
    """Return the pipeline in a joblib file, having run whatever code the file holds.

    Raises:
        ArtifactError: joblib cannot read it here.
    """
    import joblib  # only this needs it

    try:
        return joblib.load(io.BytesIO(artefact))
    except Exception as error:  # a pickle raises what it likes
        raise ArtifactError(
            f"joblib cannot load model.joblib here ({type(error).__name__}: {error}). Its own "
            "classes must be installed where it is served."
        ) from error


# What scikit-learn's own estimators hold besides: an encoder the dtype of its categories, a
# histogram gradient boosting the check of its columns (skops audits the function apart).
_PARTS = {"numpy.dtype", "functools.partial", "sklearn.utils.validation.check_array"}


def _is_scikit_learns(type_name: str) -> bool:
    """Return whether this is a class inside scikit-learn (trees, losses, optimisers …).

    skops trusts its estimators already; these are the parts that estimators are made of.
    Functions stay out, and so do the packages that read files or addresses.
    """
    if type_name in _PARTS:
        return True
    package, _, name = type_name.rpartition(".")
    reads = package.startswith(("sklearn.datasets", "sklearn.externals"))
    return package.startswith("sklearn.") and not reads and name.lstrip("_")[:1].isupper()
