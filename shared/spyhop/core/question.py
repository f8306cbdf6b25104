"""What a caller asks and what comes back, before and after any format.

A question is rows and how they are to be answered: `{"instances": …, "parameters": …}`.
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

from spyhop.core.answers import AnswerSpec, Prediction
from spyhop.core.instances import instances, type_name
from spyhop.core.refusals import printable, suggestion
from spyhop.core.schema import Schema
from spyhop.errors import InvalidRequest

# A format without types of its own needs the schema to tell 1 from "1".
RowsOf = Callable[[Schema], list[Any]]


class Parameters(NamedTuple):
    """`on_error`: whether one bad row refuses the request or has its problems in its place.
    `outputs`: which outputs come back; None is all that the model has."""

    on_error: Literal["request", "row"] = "request"
    outputs: tuple[str, ...] | None = None


DEFAULT = Parameters()


class Question(NamedTuple):
    """`rows_of` returns the rows as plain values, given the schema of the model that answers."""

    rows_of: RowsOf
    parameters: Parameters = DEFAULT


class Answered(NamedTuple):
    """The answers of one model to one question, one a row; `outputs` are the ones that it asked.

    In a prediction's place may stand `{"error": [problem, …]}`.
    """

    predictions: list[Prediction]
    outputs: tuple[str, ...]
    spec: AnswerSpec
    name: str
    version: str
    request_id: str

    def to_json(self) -> dict[str, Any]:
        """Return what a caller gets as JSON."""
        return {
            "predictions": self.predictions,
            "model": {"name": self.name, "version": self.version},
            "request_id": self.request_id,
        }


def question_in(request: object, most_rows: int, defaults: Parameters = DEFAULT) -> Question:
    """Return the question in `{"instances": [row, …], "parameters": {…}}`.

    `defaults` hold for what its parameters do not say.

    Raises:
        InvalidRequest: it is no such request, or has more rows than `most_rows`.
    """
    rows = instances(request, most_rows)
    sent = request.get("parameters") if isinstance(request, dict) else None
    return Question(lambda schema: rows, parameters_in(sent, defaults) if sent else defaults)


def parameters_in(sent: object, defaults: Parameters = DEFAULT) -> Parameters:
    """Return the parameters in a JSON object.

    Raises:
        InvalidRequest: it is no object, or one of them is unknown or no such value.
    """
    if not isinstance(sent, dict):
        raise InvalidRequest(f'got {type_name(sent)} as "parameters", expected an object')
    for name in sent:
        if name not in Parameters._fields:
            known = ", ".join(Parameters._fields)
            close = suggestion(name, Parameters._fields)
            raise InvalidRequest(
                f"parameters.{printable(name)}: no such parameter{close}. Known: {known}"
            )
    on_error = sent.get("on_error", defaults.on_error)
    if on_error not in ("request", "row"):
        raise InvalidRequest('parameters.on_error: expected "request" or "row"')
    outputs = _names(sent["outputs"]) if "outputs" in sent else defaults.outputs
    return Parameters(on_error, outputs)


def _names(sent: object) -> tuple[str, ...]:
    if not isinstance(sent, list) or not sent or not all(type(name) is str for name in sent):
        raise InvalidRequest("parameters.outputs: expected a list of names of outputs")
    return tuple(sent)


def output_names(spec: AnswerSpec) -> tuple[str, ...]:
    """Return the names of all outputs that a model has."""
    if spec.task == "regression":
        return ("value",)
    return ("label", "probabilities") if spec.has_probabilities else ("label",)


def chosen_outputs(asked: Sequence[str] | None, spec: AnswerSpec) -> tuple[str, ...]:
    """Return the outputs in `asked` in the model's own order, or all of them.

    Raises:
        InvalidRequest: the model has no such output.
    """
    known = output_names(spec)
    if asked is None:
        return known
    for name in asked:
        if name not in known:
            raise InvalidRequest(
                f"parameters.outputs: this model has no output {printable(name)}. "
                f"Known: {', '.join(known)}"
            )
    return tuple(name for name in known if name in asked)


def with_outputs(predictions: list[Prediction], outputs: Sequence[str]) -> list[Prediction]:
    """Return `predictions` with these outputs and no others; errors stay."""
    kept = {*outputs, "error"}
    return [{name: p[name] for name in p if name in kept} for p in predictions]
