"""The Open Inference Protocol: the same rows and answers in its words."""

import json

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import spyhop
from spyhop.codecs.tensors import packed, tensors_in
from spyhop.http import Request, respond
from spyhop.service import Service
from spyhop.serving import serving_alone

INFER = "/v2/models/whales/infer"
OF_KIND = {"boolean": "BOOL", "integer": "INT64", "number": "FP64", "category": "BYTES"}


@pytest.fixture(scope="module")
def service(whales) -> Service:
    model = spyhop.load(whales.folder)
    return Service(lambda now: serving_alone(model))


def tensors(whales, n=3):
    return [
        {
            "name": column.name,
            "datatype": OF_KIND[column.kind],
            "shape": [n],
            "data": [row[column.name] for row in whales.rows[:n]],
        }
        for column in whales.bundle.schema.columns
    ]


def call(service, method, path, body=None, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    content = (
        body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    )
    reply = respond(service, Request(method, path, named, content))
    return reply, None if reply.headers.get("inference-header-content-length") else json.loads(
        reply.body
    )


def binary(inputs):
    """Return body and length of its head: the same tensors with their data behind the JSON."""
    described, data = [], b""
    for tensor, sent in zip(tensors_in(inputs, b""), inputs, strict=True):
        content = packed(tensor)
        fields = {k: v for k, v in sent.items() if k != "data"}
        described.append({**fields, "parameters": {"binary_data_size": len(content)}})
        data += content
    head = json.dumps({"inputs": described}).encode()
    return head + data, str(len(head))


def test_tensors_by_name_get_the_answers_that_rows_get(service, whales):
    expected = spyhop.load(whales.folder).predict(whales.rows[:3])

    reply, answer = call(service, "POST", INFER, {"id": "mine", "inputs": tensors(whales)})

    assert (reply.status, reply.rows) == (200, 3)
    assert answer["id"] == "mine"
    assert (answer["model_name"], answer["model_version"]) == ("whales", whales.bundle.version)
    label, shares = answer["outputs"]
    assert (label["name"], label["datatype"], label["shape"]) == ("label", "BYTES", [3])
    assert label["data"] == [p["label"] for p in expected]
    assert shares["shape"] == [3, len(whales.bundle.answers.classes)]
    assert shares["data"] == [s for p in expected for s in p["probabilities"].values()]


def test_binary_tensors_hold_the_same_values_in_both_directions(service, whales):
    _, expected = call(service, "POST", INFER, {"inputs": tensors(whales)})
    body, length = binary(tensors(whales))

    _, answer = call(service, "POST", INFER, body, inference_header_content_length=length)
    asked = {
        "inputs": tensors(whales),
        "outputs": [{"name": "probabilities", "parameters": {"binary_data": True}}],
    }
    reply, _ = call(service, "POST", INFER, asked)

    assert answer == expected
    end = int(reply.headers["inference-header-content-length"])
    (output,) = json.loads(reply.body[:end])["outputs"]
    assert output["parameters"] == {"binary_data_size": len(reply.body) - end}
    assert np.frombuffer(reply.body[end:], "<f8").tolist() == expected["outputs"][1]["data"]


def test_one_tensor_of_all_columns_is_taken_by_place(tmp_path):
    from sklearn.linear_model import LinearRegression

    from tests.models import fitted

    X = np.random.default_rng(3).normal(size=(90, 2))
    packed_model = fitted(LinearRegression(), X, X.sum(axis=1), tmp_path / "b", "sums")
    model = spyhop.load(packed_model.folder)
    service = Service(lambda now: serving_alone(model))
    rows = packed_model.X_test[:4].tolist()

    def ask(data, datatype="FP64"):
        tensor = {"name": "input-0", "datatype": datatype, "shape": [4, 2], "data": data}
        return call(service, "POST", "/v2/models/sums/infer", {"inputs": [tensor]})[1]

    nested, flat = ask(rows), ask([number for row in rows for number in row])
    assert nested["outputs"] == flat["outputs"]
    assert nested["outputs"][0]["data"] == [p["value"] for p in model.predict(rows)]
    assert "rows[0].x0: got text" in ask([[str(v) for v in row] for row in rows])["error"]


def test_a_base_path_in_front_is_no_part_of_the_protocol(service, whales):
    for path in ("/prod/v2/models/whales/infer", "/v2/v2/models/whales/infer"):
        assert call(service, "POST", path, {"inputs": tensors(whales)})[0].status == 200
    assert call(service, "GET", "/churn/v2/ready")[1]["status"] == "ready"


def test_health_readiness_and_metadata_are_told_by_name_and_version(service, whales):
    version = whales.bundle.version
    of_version = f"/v2/models/whales/versions/{version}"

    assert call(service, "GET", "/v2")[1]["extensions"] == ["binary_tensor_data"]
    assert call(service, "GET", "/v2/health/live")[1] == {"live": True}
    assert call(service, "GET", "/v2/health/ready")[1] == {"ready": True}
    for path in ("/v2/models/whales", of_version):
        metadata = call(service, "GET", path)[1]
        assert metadata["versions"] == [version]
        assert [t["name"] for t in metadata["inputs"]] == list(whales.bundle.schema.names)
        assert [t["name"] for t in metadata["outputs"]] == ["label", "probabilities"]
        assert call(service, "GET", f"{path}/ready")[1] == {"name": "whales", "ready": True}
    reply, _ = call(service, "POST", f"{of_version}/infer", {"inputs": tensors(whales)})
    assert reply.status == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "said"),
    [
        ("GET", "/v2/nothing", 404, "/v2/health/live"),
        ("GET", "/v2/models/dolphins", 404, '"whales"'),
        ("GET", "/v2/models/whales/versions/1", 404, "Served: 20"),
        ("GET", "/v2/models/whales/more", 404, "nothing at this path"),
        ("GET", INFER, 405, "takes POST"),
        ("POST", "/v2/health/live", 405, "takes GET"),
        ("POST", INFER, 400, "not JSON"),
    ],
)
def test_an_error_is_an_object_with_its_reason(service, method, path, status, said):
    reply, answer = call(service, method, path)

    assert reply.status == status
    assert reply.headers["content-type"] == "application/json"
    assert set(answer) == {"error"}
    assert said in answer["error"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"datatype": "BF16"}, "no such datatype"),
        ({"shape": [4]}, "not as much as its shape"),
        ({"shape": [-1, -3]}, "lacks name, datatype or shape"),
        ({"shape": [3, 1, 1]}, "lacks name, datatype or shape"),
        ({"shape": [3.0]}, "lacks name, datatype or shape"),
        ({"data": 5}, "expected a list"),
        ({"data": ["four"] * 3}, "rows[0].legs: got text"),
        ({"name": "lgs"}, "no such column"),
        ({"name": "tail"}, "same name"),
        ({"parameters": {"binary_data_size": 1}}, "binary_data_size"),
        ({"parameters": {"binary_data_size": True}}, "binary_data_size"),
        ({"shape": None}, "lacks name"),
        ({"parameters": [1]}, "parameters"),
    ],
)
def test_a_tensor_that_is_not_one_is_refused_with_the_reason(service, whales, change, said):
    inputs = tensors(whales)
    place = list(whales.bundle.schema.names).index("legs")
    other = next(n for n in whales.bundle.schema.names if n != "legs")
    inputs[place] |= {"name": other} if change == {"name": "tail"} else change

    reply, answer = call(service, "POST", INFER, {"inputs": inputs})

    assert reply.status in (400, 422)
    assert said in answer["error"]


def test_a_model_that_is_not_there_is_a_503_in_the_protocols_words():
    def load(now):
        raise spyhop.ConfigError("secret")

    for path in ("/v2/health/ready", "/v2/models/whales/ready"):
        reply, answer = call(Service(load), "GET", path)
        assert reply.status == 503
        assert "retry-after" in reply.headers
        assert "secret" not in answer["error"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.data())
def test_no_tensors_make_anything_but_an_answer_or_a_4xx(service, whales, data):
    inputs = tensors(whales)
    field = st.sampled_from(["name", "datatype", "shape", "data", "parameters"])
    inputs[0] |= data.draw(st.dictionaries(field, json_values, min_size=1))
    body = {"inputs": inputs, "outputs": data.draw(st.none() | json_values)}

    assert call(service, "POST", INFER, body)[0].status in (200, 400, 422)


@given(st.binary(max_size=60), st.text(alphabet="0123456789x", max_size=4))
def test_no_binary_data_makes_anything_but_an_answer_or_a_4xx(service, whales, content, length):
    body, true_length = binary(tensors(whales))
    headers = {"inference_header_content_length": length or true_length}

    reply, _ = call(service, "POST", INFER, body[: -len(content) or None] + content, **headers)

    assert reply.status in (200, 400, 422)


def test_a_version_that_is_named_gets_all_of_the_traffic(whales):
    one = spyhop.load(whales.folder)
    other = spyhop.load(whales.folder)
    other.bundle = msgspec.structs.replace(other.bundle, version="2026-01-01-0123456789abcdef")
    alone = serving_alone(one)
    both = msgspec.structs.replace(alone, models={**alone.models, other.bundle.version: other})
    path = f"/v2/models/whales/versions/{other.bundle.version}/infer"

    _, answer = call(Service(lambda now: both), "POST", path, {"inputs": tensors(whales)})

    assert answer["model_version"] == other.bundle.version
