"""What the model's own documents promise is what the service does."""

import json
import re

import msgspec
import pytest

import spyhop
from spyhop.core.schema import Column, Schema
from spyhop.docs_page import docs_page
from spyhop.http import Request, respond
from spyhop.openapi import column_schema, openapi
from spyhop.service import DEFAULT_MOST_ROWS, Service
from spyhop.serving import serving_alone


@pytest.fixture(scope="module")
def service(whales) -> Service:
    model = spyhop.load(whales.folder)
    return Service(lambda now: serving_alone(model))


@pytest.fixture(scope="module")
def document(service):
    return json.loads(respond(service, Request("GET", "/openapi.json")).body)


def test_the_examples_are_golden_rows_and_get_the_answers_that_are_shown(service, document):
    post = document["paths"]["/predict"]["post"]
    asked = post["requestBody"]["content"]["application/json"]["example"]
    shown = post["responses"]["200"]["content"]["application/json"]["example"]

    reply = respond(service, Request("POST", "/predict", {}, json.dumps(asked).encode()))

    answered = json.loads(reply.body)
    assert reply.status == 200
    assert set(shown) == set(answered)
    assert [p["label"] for p in shown["predictions"]] == [
        p["label"] for p in answered["predictions"]
    ]


def test_every_path_in_the_document_is_answered(service, document):
    for path, methods in document["paths"].items():
        for method in methods:
            reply = respond(service, Request(method.upper(), path))
            assert reply.status not in (404, 405)


def test_every_reference_leads_to_a_schema(document):
    names = re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document))

    assert set(names) == set(document["components"]["schemas"])


def test_a_row_has_every_column_and_no_other(document, whales):
    by_name, by_place = document["components"]["schemas"]["Row"]["anyOf"]

    assert by_name["required"] == list(by_name["properties"]) == list(whales.bundle.schema.names)
    assert by_name["additionalProperties"] is by_place["items"] is False
    assert len(by_place["prefixItems"]) == by_place["minItems"] == len(by_name["required"])


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (Column("a", "number", "float64"), {"type": "number"}),
        (Column("a", "number", "float64", True), {"type": ["number", "null"]}),
        (
            Column("a", "number", "float32", largest=10.0),
            {"type": "number", "minimum": -10, "maximum": 10},
        ),
        (Column("a", "integer", "uint8"), {"type": "integer", "minimum": 0, "maximum": 255}),
        (Column("a", "boolean", "bool"), {"type": "boolean"}),
        (Column("a", "text", "object"), {"type": "string"}),
        (Column("a", "category", "str", categories=("x", "y")), {"enum": ["x", "y"]}),
        (Column("a", "category", "int64", True, categories=(1, 2)), {"enum": [1, 2, None]}),
        (
            Column("a", "category", "str", categories=("x",), accepts_unknown=True),
            {"type": "string"},
        ),
    ],
)
def test_a_columns_schema_is_what_the_column_takes(column, expected):
    found = column_schema(column)

    assert found.pop("description")
    assert found == expected


def test_a_prediction_has_the_classes_in_their_order(mixed):
    spec = spyhop.load(mixed.folder).bundle.answers
    document = openapi(mixed.bundle, DEFAULT_MOST_ROWS)

    prediction = document["components"]["schemas"]["Prediction"]["properties"]

    assert prediction["label"] == {"enum": list(spec.classes)}
    assert list(prediction["probabilities"]["properties"]) == list(spec.keys)


def test_the_page_is_whole_in_itself_and_runs_nothing(service, whales):
    reply = respond(service, Request("GET", "/docs"))
    page = reply.body.decode()

    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in reply.headers["content-security-policy"]
    assert not re.search(r"<script|src=|https?://|@import", page)
    assert all(name in page for name in whales.bundle.schema.names)


def test_a_name_with_html_in_it_is_shown_as_it_is(whales):
    strange = Schema("frame", (Column("<script>alert(1)</script>", "text", "object"),))

    page = docs_page(msgspec.structs.replace(whales.bundle, schema=strange), DEFAULT_MOST_ROWS)

    assert "<script>" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize("path", ["/openapi.json", "/docs"])
def test_documents_of_a_model_that_is_not_there_are_a_503(path):
    def load(now):
        raise spyhop.ConfigError("nothing there")

    assert respond(Service(load), Request("GET", path)).status == 503
