"""The clouds' real runtimes around our doors: AWS's emulator and Google's functions-framework."""

import gzip
import json

import boto3
import botocore.config
import pytest

from spyhop.emulators.functions_framework import FunctionsFramework
from spyhop.emulators.lambda_runtime import LambdaRuntime, http_event

pytestmark = pytest.mark.runtime

GOLDEN = {"content-type": "application/json", "x-request-id": "golden"}


@pytest.fixture(scope="module")
def on_lambda(released):
    with LambdaRuntime(released) as runtime:
        yield runtime


@pytest.fixture(scope="module")
def on_google(released):
    with FunctionsFramework(released) as runtime:
        yield runtime


def test_both_clouds_reply_byte_for_byte_the_same(on_lambda, on_google, whales):
    for body in (
        json.dumps({"instances": whales.rows}),
        json.dumps({"instances": [{**whales.rows[0], "legs": "four"}]}),
        "not JSON",
    ):
        amazon = on_lambda.invoke(http_event("/predict", body, "golden"))
        google = on_google.request("POST", "/predict", body.encode(), GOLDEN)

        assert (amazon["statusCode"], amazon["body"]) == (google.status, google.body.decode())
        assert google.headers["content-type"] == amazon["headers"]["content-type"]


def test_amazons_own_client_invokes_the_function_and_gets_the_answers(on_lambda, whales):
    client = boto3.client(
        "lambda",
        endpoint_url=f"http://127.0.0.1:{on_lambda.port}",
        region_name="eu-central-1",
        aws_access_key_id="none",
        aws_secret_access_key="none",
        config=botocore.config.Config(retries={"max_attempts": 0}),
    )

    reply = client.invoke(
        FunctionName="function", Payload=json.dumps({"instances": whales.rows[:3]})
    )

    answer = json.loads(reply["Payload"].read())
    assert answer["model"]["version"] == whales.bundle.version
    assert len(answer["predictions"]) == 3


def test_bad_input_is_a_4xx_and_never_a_function_error_that_clients_would_retry(on_lambda):
    reply = on_lambda.invoke(http_event("/predict", '{"instances": [{}]}', "golden"))

    assert reply["statusCode"] == 422
    assert "errorMessage" not in reply


def test_gzip_goes_through_the_real_framework_both_ways(on_google, whales):
    body = json.dumps({"instances": whales.rows * 3}).encode()
    plain = on_google.request("POST", "/predict", body, GOLDEN)
    headers = {**GOLDEN, "content-encoding": "gzip", "accept-encoding": "gzip"}

    reply = on_google.request("POST", "/predict", gzip.compress(body), headers)

    assert reply.headers["content-encoding"] == "gzip"
    assert gzip.decompress(reply.body) == plain.body


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_get_our_405_from_the_real_framework(on_google, method):
    reply = on_google.request(method, "/predict")

    assert reply.status == 405
    assert reply.headers["allow"] == "POST"


def test_health_is_answered_by_the_real_framework(on_google):
    assert on_google.request("GET", "/health").status == 200
    assert json.loads(on_google.request("GET", "/ready").body)["status"] == "ready"
