"""The Open Inference Protocol (V2), as KServe, Triton and MLServer speak it over HTTP.

Other words for the same rows and answers: a request becomes a `Question`, the same service
answers, and errors are the same ones as `{"error": …}`.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

import spyhop
from spyhop.codecs.json_document import decoded
from spyhop.codecs.tensors import (
    BYTES,
    Tensor,
    output_datatype,
    outputs_of,
    packed,
    rows_of,
    tensors_in,
)
from spyhop.core.answers import AnswerSpec
from spyhop.core.question import Parameters, Question, output_names
from spyhop.core.schema import Column
from spyhop.core.values import ValueKind, value_kind
from spyhop.errors import InvalidRequest
from spyhop.http_reply import Reply, error_reply, fault, json_reply, reply_of
from spyhop.service import Service

HEADER_BYTES = "inference-header-content-length"

_DATATYPES: dict[ValueKind, str] = {
    "number": "FP64",
    "integer": "INT64",
    "boolean": "BOOL",
    "text": BYTES,
}


class Call(msgspec.Struct, frozen=True):
    """A request below /v2; `parts` are those of its path behind that."""

    method: str
    parts: list[str]
    headers: Mapping[str, str]
    body: bytes
    request_id: str


def respond_v2(service: Service, call: Call) -> Reply:
    """Return the reply to `call`.  Raises nothing: whatever goes wrong is a reply too."""
    try:
        reply = _answer(service, call)
    except Exception as error:  # the outermost place: no stack trace may reach a caller
        reply = error_reply(error, call.request_id)
    if reply.status == 200:
        return reply
    document = msgspec.json.decode(reply.body)
    body = msgspec.json.encode({"error": document["detail"]})
    return Reply(reply.status, {**reply.headers, "content-type": "application/json"}, body)


def _answer(service: Service, call: Call) -> Reply:
    allowed = "POST" if call.parts[-1:] == ["infer"] else "GET"
    if call.method != allowed and (call.method, allowed) != ("HEAD", "GET"):
        detail = f"This path takes {allowed}, not {call.method[:20]}."
        return fault(405, detail, call.request_id, {"allow": allowed})
    match call.parts:
        case []:
            return json_reply(_SERVER, call.request_id)
        case ["health", "live"]:
            return json_reply({"live": True}, call.request_id)
        case ["health", "ready"]:
            service.serving()
            return json_reply({"ready": True}, call.request_id)
        case ["models", name, "versions", version, *rest]:
            return _of_model(service, call, name, version, rest)
        case ["models", name, *rest]:
            return _of_model(service, call, name, None, rest)
    raise InvalidRequest(_NOWHERE, fault="name")


_SERVER = {
    "name": "spyhop",
    "version": spyhop.__version__,
    "extensions": ["binary_tensor_data"],
}
_NOWHERE = (
    "There is nothing at this path. Paths: /v2, /v2/health/live, /v2/health/ready, and of "
    "/v2/models/NAME, or /v2/models/NAME/versions/VERSION: itself, /ready, /infer"
)


def _of_model(
    service: Service, call: Call, name: str, version: str | None, rest: list[str]
) -> Reply:
    served = service.bundle().name
    if name != served:
        raise InvalidRequest(f'another model is served here: "{served}"', fault="name")
    versions = list(service.serving().models)
    if version is not None and version not in versions:
        detail = f"that version is not served here. Served: {', '.join(versions)}"
        raise InvalidRequest(detail, fault="name")
    match rest:
        case []:
            return json_reply(_metadata(service, versions), call.request_id)
        case ["ready"]:
            return json_reply({"name": served, "ready": True}, call.request_id)
        case ["infer"]:
            return _infer(service, call, version)
    raise InvalidRequest(_NOWHERE, fault="name")


def _metadata(service: Service, versions: list[str]) -> dict[str, Any]:
    bundle = service.bundle()
    return {
        "name": bundle.name,
        "versions": versions,
        "platform": f"spyhop_{bundle.engine}",
        "inputs": [_input(column) for column in bundle.schema.columns],
        "outputs": [_output(name, bundle.answers) for name in output_names(bundle.answers)],
    }


def _input(column: Column) -> dict[str, Any]:
    return {"name": column.name, "datatype": _DATATYPES[value_kind(column)], "shape": [-1]}


def _output(name: str, spec: AnswerSpec) -> dict[str, Any]:
    shape = [-1, len(spec.keys)] if name == "probabilities" else [-1]
    return {"name": name, "datatype": output_datatype(name, spec.classes), "shape": shape}


def _infer(service: Service, call: Call, version: str | None) -> Reply:
    head, binary = _parted(call)
    tensors = tensors_in(head.get("inputs"), binary)
    asked = _asked(head)
    parameters = Parameters(outputs=tuple(asked) or None)
    question = Question(rows_of(tensors, service.most_rows), parameters)
    key = call.headers.get("x-spyhop-key")
    answered = service.answer(question, call.request_id, key, version)
    found: dict[str, Any] = {"model_name": answered.name, "model_version": answered.version}
    if isinstance(head.get("id"), str):
        found["id"] = head["id"]
    default = _flag(head, "binary_data_output")
    outputs = [(tensor, asked.get(tensor.name, default)) for tensor in outputs_of(answered)]
    return _reply(found, outputs, call.request_id)


def _parted(call: Call) -> tuple[dict[str, Any], bytes]:
    """Return the JSON object at the start of a body, and the binary data behind it."""
    length = call.headers.get(HEADER_BYTES)
    if length is not None and not (length.isascii() and length.isdigit() and len(length) < 12):
        raise InvalidRequest(f"{HEADER_BYTES} is no number of bytes")
    end = len(call.body) if length is None else int(length)
    if end > len(call.body):
        raise InvalidRequest(f"{HEADER_BYTES} is more than the body has")
    head = decoded(call.body[:end])
    if not isinstance(head, dict):
        raise InvalidRequest('the body is no object, expected {"inputs": [tensor, …]}')
    return head, call.body[end:]


def _asked(head: dict[str, Any]) -> dict[str, bool]:
    """Return the outputs that are asked for by name, and whether each as binary data."""
    outputs = head.get("outputs") or []
    if not isinstance(outputs, list) or not all(
        isinstance(output, dict) and isinstance(output.get("name"), str) for output in outputs
    ):
        raise InvalidRequest('expected "outputs" to be a list of objects with a name')
    default = _flag(head, "binary_data_output")
    return {output["name"]: _flag(output, "binary_data", default) for output in outputs}


def _flag(holder: dict[str, Any], name: str, default: bool = False) -> bool:
    parameters = holder.get("parameters")
    if parameters is None:
        return default
    if not isinstance(parameters, dict):
        raise InvalidRequest('expected "parameters" to be an object')
    return parameters.get(name, default) is True


def _reply(found: dict[str, Any], outputs: list[tuple[Tensor, bool]], request_id: str) -> Reply:
    described, binary = [], b""
    for tensor, is_binary in outputs:
        fields: dict[str, Any] = {
            "name": tensor.name,
            "datatype": tensor.datatype,
            "shape": tensor.shape,
        }
        if is_binary:
            content = packed(tensor)
            fields["parameters"] = {"binary_data_size": len(content)}
            binary += content
        else:
            fields["data"] = tensor.values
        described.append(fields)
    head = msgspec.json.encode({**found, "outputs": described})
    n_rows = outputs[0][0].shape[0]
    if not binary:
        return reply_of("application/json", head, request_id, n_rows)
    reply = reply_of("application/octet-stream", head + binary, request_id, n_rows)
    reply.headers[HEADER_BYTES] = str(len(head))
    return reply
