"""One predict path: the same golden requests get the same body at every door."""

import base64
import importlib.util
import json
import os
import re
from types import SimpleNamespace

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request as FlaskLikeRequest

from spyhop.emulators import door_folder
from spyhop.emulators.lambda_runtime import http_event
from spyhop.http import Request, respond
from spyhop.service import released_service

PREDICT = ("POST", "/predict")


def door(folder, module, environ):
    """Return a door's module, imported anew in the environment of a deployed function."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environ.items():
            patch.setenv(name, value)
        spec = importlib.util.spec_from_file_location(module, door_folder(folder) / f"{module}.py")
        loaded = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(loaded)
    return loaded


@pytest.fixture(scope="module")
def handler(released):
    return door("aws_lambda", "handler", released).handler


@pytest.fixture(scope="module")
def predict(released):
    return door("gcp_function", "main", released).predict


def requests(whales):
    """Return the golden requests: method, path, body."""
    good = whales.rows
    yield (*PREDICT, json.dumps({"instances": good[:8]}))
    yield (*PREDICT, json.dumps({"instances": [list(good[0].values())]}))
    yield (*PREDICT, json.dumps({"instances": [{**good[0], "habitat": "moon"}]}))
    yield (*PREDICT, json.dumps({"instances": [{**good[0], "legs": "four"}, good[1]]}))
    yield (*PREDICT, json.dumps({"instances": []}))
    yield (*PREDICT, '{"instances": [NaN]}')
    yield (*PREDICT, "not JSON")
    yield (*PREDICT, "")
    yield ("GET", "/predict", "")
    yield ("GET", "/health", "")
    yield ("GET", "/ready", "")
    yield ("GET", "/metadata", "")
    yield ("GET", "/nothing", "")


def v2(method, path, body, stage="$default"):
    event = http_event(path if stage == "$default" else f"/{stage}{path}", body, "golden")
    event["requestContext"]["http"]["method"] = method
    event["requestContext"]["stage"] = stage
    return event


def v1(method, path, body):
    return {
        "resource": "/{proxy+}",
        "httpMethod": method,
        "path": path,
        "headers": {"X-Request-Id": "golden", "Content-Type": "application/json"},
        "requestContext": {"stage": "prod", "httpMethod": method},
        "body": body or None,
        "isBase64Encoded": False,
    }


def flask_request(method, path, body):
    builder = EnvironBuilder(path, method=method, data=body, headers={"X-Request-Id": "golden"})
    return FlaskLikeRequest(builder.get_environ())


def without_age(body):
    """Return `body` without the one number that differs from moment to moment."""
    return re.sub(r'"looked_s_ago":[0-9.]+', '"looked_s_ago":…', body)


def test_the_same_golden_requests_give_the_same_reply_at_every_door(
    handler, predict, released, whales
):
    service = released_service(released)
    for method, path, body in requests(whales):
        direct = respond(service, Request(method, path, {"x-request-id": "golden"}, body.encode()))
        expected = (direct.status, without_age(direct.body.decode()))

        google_body, google_status, _ = predict(flask_request(method, path, body))
        assert (google_status, without_age(google_body.decode())) == expected
        for event in (
            v2(method, path, body),
            v1(method, path, body),
            v2(method, path, body, "dev"),
        ):
            reply = handler(event, None)
            assert (reply["statusCode"], without_age(reply["body"])) == expected
            assert reply["headers"]["content-type"] == direct.headers["content-type"]


def test_a_direct_invocation_gets_the_body_that_http_gets(handler, whales):
    context = SimpleNamespace(aws_request_id="golden")
    request = {"instances": whales.rows[:8]}

    answer = handler(request, context)

    assert answer == json.loads(handler(v2(*PREDICT, json.dumps(request)), None)["body"])


LONE_SURROGATE = {"instances": [{"\ud800": 1}]}


@pytest.mark.parametrize(
    "event", [None, 5, "x", [], {}, {"instances": [float("nan")]}, LONE_SURROGATE]
)
def test_a_direct_invocation_with_bad_rows_gets_the_problem_and_no_exception(handler, event):
    problem = handler(event, None)

    assert problem["status"] in (400, 422)
    assert problem["detail"]
    assert json.dumps(problem, ensure_ascii=False).encode()


def test_a_base64_body_is_the_body(handler, whales):
    event = v2(*PREDICT, json.dumps({"instances": whales.rows[:2]}))
    wrapped = {
        **event,
        "body": base64.b64encode(event["body"].encode()).decode(),
        "isBase64Encoded": True,
    }

    assert handler(wrapped, None) == handler(event, None)
    assert handler({**wrapped, "body": "abc"}, None)["statusCode"] == 400


@pytest.mark.parametrize("headers", [None, {}, {"x-request-id": 5}])
def test_an_event_without_headers_or_body_is_answered(handler, headers):
    event = {**v2(*PREDICT, ""), "headers": headers, "body": None}

    assert handler(event, None)["statusCode"] == 400


def test_the_lambda_request_id_is_the_default_and_the_callers_own_comes_first(handler, whales):
    context = SimpleNamespace(aws_request_id="from-lambda")
    event = v2(*PREDICT, json.dumps({"instances": whales.rows[:1]}))

    assert json.loads(handler(event, context)["body"])["request_id"] == "golden"
    event["headers"] = {}
    assert json.loads(handler(event, context)["body"])["request_id"] == "from-lambda"


def test_a_function_without_its_settings_answers_503_and_says_in_the_log_what_to_set(capsys):
    assert not any(name.startswith("SPYHOP_") for name in os.environ)

    reply = door("aws_lambda", "handler", {}).handler(v2("GET", "/ready", ""), None)

    assert reply["statusCode"] == 503
    assert "SPYHOP_ROOT is not set" in capsys.readouterr().err
