"""Every HTTP envelope of AWS: the same request, the same answer, in the shape its sender takes."""

import gzip
import json
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spyhop.compression import LEAST_BYTES, takes_gzip
from spyhop.envelopes.aws_http import MOST_BALANCED_BYTES, http_reply, http_request
from spyhop.http import MOST_BODY_BYTES, Request, respond
from spyhop.http_reply import Reply
from spyhop.service import released_service
from tests.doors.events import HTTP, body_of, event, header_of, http_event
from tests.doors.test_doors import door, requests

every_envelope = pytest.mark.parametrize("envelope", HTTP)


@pytest.fixture(scope="module")
def handler(released):
    return door("aws_lambda", "handler", released).handler


@pytest.fixture(scope="module")
def service(released):
    return released_service(released)


@every_envelope
@pytest.mark.parametrize("wrapped", [False, True])
def test_the_golden_requests_get_the_same_answers(envelope, wrapped, handler, service, whales):
    for method, path, body in requests(whales):
        if path == "/ready":  # its answer has a clock in it
            continue
        direct = respond(service, Request(method, path, {"x-request-id": "golden"}, body.encode()))

        reply = handler(http_event(envelope, method, path, body.encode(), wrapped=wrapped), None)

        assert (reply["statusCode"], body_of(reply)) == (direct.status, direct.body)
        assert header_of(reply, "content-type") == direct.headers["content-type"]


@every_envelope
def test_a_gzipped_body_is_read_and_a_large_answer_is_gzipped(envelope, handler, whales):
    body = json.dumps({"instances": whales.rows * 4}).encode()
    plain = body_of(handler(http_event(envelope, body=body), None))
    headers = {"content-encoding": "gzip", "accept-encoding": "br;q=1.0, gzip;q=0.8"}

    sent = http_event(envelope, body=gzip.compress(body), headers=headers, wrapped=True)
    reply = handler(sent, None)

    assert len(plain) > LEAST_BYTES
    assert header_of(reply, "content-encoding") == "gzip"
    assert gzip.decompress(body_of(reply)) == plain


@every_envelope
def test_a_small_answer_stays_plain(envelope, handler, whales):
    body = json.dumps({"instances": whales.rows[:1]}).encode()

    reply = handler(http_event(envelope, body=body, headers={"accept-encoding": "gzip"}), None)

    assert header_of(reply, "content-encoding") is None
    assert reply["isBase64Encoded"] is False


def test_a_rest_api_that_cannot_decode_base64_gets_text(handler, whales):
    body = json.dumps({"instances": whales.rows * 4}).encode()
    sent = http_event("REST API", body=body, headers={"Accept-Encoding": "gzip"})

    reply = handler(sent, None)

    assert reply["isBase64Encoded"] is False
    assert json.loads(reply["body"])["predictions"]


BOMB = gzip.compress(b" " * (MOST_BODY_BYTES + 1))
TWO_MEMBERS = gzip.compress(b" " * MOST_BODY_BYTES) * 2
CUT_OFF = gzip.compress(b'{"instances": []}')[:-9]
CHANGED = CUT_OFF + b"x" * 9


@pytest.mark.parametrize(
    ("body", "coding", "status"),
    [
        (BOMB, "gzip", 413),
        (TWO_MEMBERS, "gzip", 413),
        (CUT_OFF, "gzip", 400),
        (CHANGED, "gzip", 400),
        (b'{"instances": []}', "br", 400),
        (b"", "gzip", 400),
        (gzip.compress(b'{"instances": []}'), "GZIP", 422),
        (gzip.compress(b'{"instan') + gzip.compress(b'ces": []}'), "x-gzip", 422),
        (b'{"instances": []}', "gzip", 422),
        (b'{"instances": []}', "identity", 422),
    ],
)
def test_what_cannot_be_unpacked_is_told_and_never_a_500(handler, body, coding, status):
    sent = http_event("HTTP API", body=body, headers={"Content-Encoding": coding}, wrapped=True)

    reply = handler(sent, None)

    assert reply["statusCode"] == status
    assert json.loads(reply["body"])["detail"]


@pytest.mark.parametrize(
    ("accepts", "takes"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("*", True),
        ("gzip;q=0, *", False),
        ("gzip; q=0.0", False),
        ("gzip;q=x", False),
        ("br", False),
        ("", False),
        (None, False),
        (5, False),
    ],
)
def test_gzip_is_sent_only_to_whoever_takes_it(accepts, takes):
    assert takes_gzip(accepts) is takes


@every_envelope
@pytest.mark.parametrize(
    "change",
    [
        {"headers": None, "multiValueHeaders": None},
        {"headers": "none", "multiValueHeaders": 5},
        {"body": None},
        {"body": "[]"},
        {"body": "null"},
        {"body": 5},
        {"body": {"instances": []}},
        {"body": "not base64", "isBase64Encoded": True},
        {"path": None, "rawPath": None},
    ],
)
def test_an_envelope_with_holes_is_answered(envelope, change, handler):
    reply = handler({**http_event(envelope), **change}, None)

    assert reply["statusCode"] in (400, 404, 422)
    assert json.loads(reply["body"])["status"] == reply["statusCode"]


@every_envelope
def test_the_name_of_a_header_may_have_any_case(envelope, handler, whales):
    body = json.dumps({"instances": whales.rows[:1]}).encode()
    sent = http_event(envelope, body=body)
    for headers in {"headers", "multiValueHeaders"} & sent.keys():
        sent[headers] = {name.upper(): value for name, value in sent[headers].items()}

    reply = handler(sent, SimpleNamespace(aws_request_id="from-lambda"))

    assert json.loads(reply["body"])["request_id"] == "golden"


def test_each_sender_gets_the_shape_that_it_takes():
    shapes = {
        name: set(http_reply(event(name), Reply(422, {"a": "b"}, b"{}")))
        for name in ("rest_api", "http_api", "load_balancer", "load_balancer_multi_value")
    }

    every = {"statusCode", "body", "isBase64Encoded"}
    assert shapes == {
        "rest_api": every | {"headers", "multiValueHeaders"},
        "http_api": every | {"headers"},
        "load_balancer": every | {"headers", "statusDescription"},
        "load_balancer_multi_value": every | {"multiValueHeaders", "statusDescription"},
    }
    described = http_reply(event("load_balancer"), Reply(422, {}, b""))["statusDescription"]
    assert described.startswith("422 Unprocessable")


@pytest.mark.parametrize("name", ["load_balancer", "load_balancer_multi_value"])
def test_more_than_a_load_balancer_takes_is_told_to_the_caller(name):
    reply = http_reply(event(name), Reply(200, {"x-request-id": "golden"}, b'"' * 600_000))

    assert reply["statusCode"] == 413
    assert json.loads(reply["body"])["request_id"] == "golden"
    assert len(json.dumps(reply)) < MOST_BALANCED_BYTES
    fits = http_reply(event(name), Reply(200, {}, b"x" * 990_000))
    assert fits["statusCode"] == 200


@pytest.mark.parametrize("path", ["/predict/", "/a/b/c/predict", "//predict", "/predict"])
def test_a_known_route_is_found_at_the_end_of_a_path(path, service):
    assert respond(service, Request("GET", path)).status == 405


@pytest.mark.parametrize("path", ["/stage", "/unpredict", "/predict/more", "/predict?x=1"])
def test_any_other_path_is_not_there(path, service):
    assert respond(service, Request("GET", path)).status == 404


FIELDS = [
    *("headers", "multiValueHeaders", "body", "isBase64Encoded", "path", "rawPath"),
    *("httpMethod", "requestContext", "version", "Records"),
]

anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)


@given(
    envelope=st.sampled_from([None, *HTTP]),
    changes=st.dictionaries(
        st.sampled_from(FIELDS),
        anything,
    ),
)
def test_no_envelope_whatever_is_in_it_makes_the_function_fail(envelope, changes, service):
    sent = {**(http_event(envelope) if envelope else {}), **changes}

    request = http_request(sent, "id")

    if request is not None:
        reply = http_reply(sent, respond(service, request))
        assert json.loads(json.dumps(reply)) == reply
        assert reply["statusCode"] < 500
