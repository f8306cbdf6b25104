"""A model's HTTP interface as OpenAPI 3.1, made of its schema; the examples are golden rows."""

from typing import Any

from spyhop.bundle import Bundle
from spyhop.core.answers import AnswerSpec
from spyhop.core.question import output_names
from spyhop.core.refusals import expected_value
from spyhop.core.schema import Column, Schema
from spyhop.core.values import ValueKind, integer_bounds, value_kind

MOST_EXAMPLES = 2

_TYPES: dict[ValueKind, str] = {
    "number": "number",
    "integer": "integer",
    "boolean": "boolean",
    "text": "string",
}
_FORMATS = ("application/jsonlines", "text/csv", "application/x-npy")


def openapi(bundle: Bundle, most_rows: int) -> dict[str, Any]:
    """Return the OpenAPI document of the model in `bundle`."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": bundle.name,
            "version": bundle.version,
            "description": "A scikit-learn pipeline, served by spyhop.",
        },
        "paths": {
            "/predict": {"post": _predict(bundle)},
            "/health": _get("The process is alive."),
            "/ready": _get("A model is loaded and answered its golden rows.", "503"),
            "/metadata": _get("What the model takes and answers.", "503"),
        },
        "components": {"schemas": _schemas(bundle, most_rows)},
    }


def column_schema(column: Column) -> dict[str, Any]:
    """Return what a column takes as JSON Schema."""
    kind = value_kind(column)
    found: dict[str, Any] = {"description": expected_value(column)}
    if column.kind == "category" and not column.accepts_unknown:
        found["enum"] = [*column.categories, *([None] if column.accepts_missing else [])]
        return found
    found["type"] = [_TYPES[kind], "null"] if column.accepts_missing else _TYPES[kind]
    if kind == "integer":
        found["minimum"], found["maximum"] = integer_bounds(column)
    elif column.largest is not None:
        found["minimum"], found["maximum"] = -column.largest, column.largest
    return found


def _schemas(bundle: Bundle, most_rows: int) -> dict[str, Any]:
    rows = {"type": "array", "minItems": 1, "maxItems": most_rows, "items": _reference("Row")}
    return {
        "Request": {
            "type": "object",
            "required": ["instances"],
            "properties": {"instances": rows, "parameters": _parameters(bundle.answers)},
        },
        "Row": _row(bundle.schema),
        "Reply": {
            "type": "object",
            "required": ["predictions", "model", "request_id"],
            "properties": {
                "predictions": {
                    "type": "array",
                    "items": {"anyOf": [_reference("Prediction"), _reference("RowError")]},
                },
                "model": _object(name=_text(), version=_text()),
                "request_id": _text(),
            },
        },
        "Prediction": _prediction(bundle.answers),
        "RowError": _object(error={"type": "array", "items": _reference("CellProblem")}),
        "CellProblem": _object(
            row={"type": ["integer", "null"]},
            column={"type": ["string", "null"]},
            reason=_text(),
            code=_text(),
        ),
        "Problem": {
            **_object(
                type=_text(), title=_text(), status={"type": "integer"}, detail=_text(),
                request_id=_text(),
            ),
            "description": "RFC 9457.  Of refused rows it has `errors`, the first hundred.",
        },
    }  # fmt: skip


def _row(schema: Schema) -> dict[str, Any]:
    columns = {column.name: column_schema(column) for column in schema.columns}
    by_name = {
        "type": "object",
        "properties": columns,
        "required": list(columns),
        "additionalProperties": False,
    }
    by_place = {
        "type": "array",
        "prefixItems": list(columns.values()),
        "minItems": len(columns),
        "items": False,
    }
    return {"anyOf": [by_name, by_place]}


def _prediction(spec: AnswerSpec) -> dict[str, Any]:
    share = {"type": "number", "minimum": 0, "maximum": 1}
    outputs: dict[str, Any] = {
        "value": {"type": "number"},
        "label": {"enum": list(spec.classes)},
        "probabilities": {
            "type": "object",
            "properties": dict.fromkeys(spec.keys, share),
            "required": list(spec.keys),
            "additionalProperties": False,
        },
    }
    found = {name: outputs[name] for name in output_names(spec)}
    return {
        "type": "object",
        "properties": found,
        "additionalProperties": False,
        "minProperties": 1,
    }


def _parameters(spec: AnswerSpec) -> dict[str, Any]:
    names = {"type": "string", "enum": list(output_names(spec))}
    return {
        "type": ["object", "null"],
        "additionalProperties": False,
        "properties": {
            "on_error": {"enum": ["request", "row"], "default": "request"},
            "outputs": {"type": "array", "minItems": 1, "items": names},
        },
    }


def _predict(bundle: Bundle) -> dict[str, Any]:
    n = MOST_EXAMPLES
    asked = {"instances": [dict(row) for row in bundle.golden_rows[:n]]}
    answered = {
        "predictions": list(bundle.golden_answers[:n]),
        "model": {"name": bundle.name, "version": bundle.version},
        "request_id": "f208d9282565b1a0510ac15e8a7c33d1",
    }
    others: dict[str, Any] = {name: {} for name in _FORMATS}
    refused = {status: _problem(why) for status, why in _REFUSALS.items()}
    return {
        "operationId": "predict",
        "summary": "Answer rows.",
        "requestBody": {
            "required": True,
            "content": {"application/json": _json("Request", asked), **others},
        },
        "responses": {
            "200": {
                "description": "One answer a row, in their order.",
                "content": {"application/json": _json("Reply", answered), **others},
            },
            **refused,
        },
    }


_REFUSALS = {
    "400": "The body is not what its type says.",
    "406": "No format that accept names is written.",
    "413": "Too many rows or bytes.",
    "415": "The body's format is not read.",
    "422": "Rows that the model does not take, with row, column and reason.",
    "503": "The model is not there now.",
}


def _get(summary: str, *refused: str) -> dict[str, Any]:
    answer = {"description": "Yes.", "content": {"application/json": {"schema": {}}}}
    problems = {status: _problem(_REFUSALS[status]) for status in refused}
    return {"get": {"summary": summary, "responses": {"200": answer, **problems}}}


def _problem(description: str) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": _reference("Problem")}}
    return {"description": description, "content": content}


def _json(name: str, example: dict[str, Any]) -> dict[str, Any]:
    return {"schema": _reference(name), "example": example}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _text() -> dict[str, str]:
    return {"type": "string"}


def _reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
