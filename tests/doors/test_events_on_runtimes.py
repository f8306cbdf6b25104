"""Events on the clouds' real runtimes, with the clouds' stores on this machine behind them."""

import gzip
import json
import time
import urllib.parse

import pytest
import requests

from spyhop.emulators.functions_framework import FunctionsFramework
from spyhop.emulators.lambda_runtime import LambdaRuntime
from spyhop.stores import open_store
from tests.conftest import release
from tests.doors.events import HTTP, body_of, event, header_of, http_event
from tests.doors.test_google_events import OBJECT_TYPE, cloud_event
from tests.doors.test_objects import s3_event
from tests.doors.test_records import failures, records

# What a key may well hold, and URLs and folders write otherwise.
KEY = "in/rows of mönday+50%#1.jsonl"


@pytest.fixture(scope="module")
def on_lambda(released, tmp_path_factory):
    output = tmp_path_factory.mktemp("answers").as_uri()
    with LambdaRuntime({**released, "SPYHOP_OUTPUT": output}) as runtime:
        yield runtime


@pytest.mark.runtime
@pytest.mark.parametrize("envelope", HTTP)
def test_every_envelope_goes_through_amazons_runtime(envelope, on_lambda, whales):
    body = json.dumps({"instances": whales.rows * 3}).encode()
    headers = {"content-encoding": "gzip", "accept-encoding": "gzip"}
    sent = http_event(envelope, body=gzip.compress(body), headers=headers, wrapped=True)

    reply = on_lambda.invoke(sent)

    assert reply["statusCode"] == 200
    assert header_of(reply, "content-encoding") == "gzip"
    answers = json.loads(gzip.decompress(body_of(reply)))
    assert len(answers["predictions"]) == 3 * len(whales.rows)


@pytest.mark.runtime
def test_a_stream_goes_through_amazons_runtime(on_lambda, whales):
    good = {"instances": whales.rows[:1]}

    for _ in range(2):
        sent = records("Kinesis", [good, {"instances": [{}]}, good])
        assert failures(on_lambda.invoke(sent)) == []
    assert on_lambda.log().count('"refused"') == 2
    assert on_lambda.invoke(event("schedule")) == {"status": "warm"}


@pytest.mark.runtime
def test_a_model_that_is_not_there_fails_the_whole_of_an_asynchronous_event(released):
    with LambdaRuntime({**released, "SPYHOP_MODEL": "other"}) as runtime:
        reply = runtime.invoke(s3_event())
        told = runtime.invoke(records("SQS", [{}]))

    assert reply["errorType"] == "StoreUnavailable"
    assert failures(told) == ["item-0"]


def with_model(url, whales, monkeypatch, environ):
    """Release the whales below `url`, and return the environment of a function there."""
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    release(open_store(url), whales.folder)
    return {**environ, "SPYHOP_ROOT": url, "SPYHOP_MODEL": "whales"}


def lines_below(store, prefix):
    keys = [key for key in store.list(prefix) if key.endswith(".jsonl")]
    return [json.loads(line) for key in keys for line in store.get(key).splitlines()]


@pytest.mark.server
@pytest.mark.runtime
def test_a_new_object_in_s3_is_scored_once(localstack, whales, monkeypatch):
    bucket, arrivals = localstack.new_bucket(), localstack.new_bucket()
    root = f"s3://{bucket}/models"
    environ = with_model(root, whales, monkeypatch, localstack.environ)
    body = "".join(json.dumps(row) + "\n" for row in [*whales.rows, {}])
    etag = localstack.client().put_object(Bucket=arrivals, Key=KEY, Body=body)["ETag"]
    sent = s3_event()
    sent["Records"][0]["s3"]["bucket"]["name"] = arrivals
    encoded = urllib.parse.quote_plus(KEY, safe="/")
    sent["Records"][0]["s3"]["object"].update(key=encoded, eTag=etag.strip('"'))

    with LambdaRuntime(environ) as runtime:
        assert failures(runtime.invoke(sent)) == []
        before = open_store(root).list("whales/answers/")
        assert failures(runtime.invoke(sent)) == []
        log = runtime.log()

    answers = lines_below(open_store(root), "whales/answers/production/objects/")
    assert [line["row"] for line in answers] == list(range(len(whales.rows) + 1))
    assert "errors" in answers[-1]
    assert open_store(root).list("whales/answers/") == before
    assert '"refused"' not in log


@pytest.mark.server
@pytest.mark.runtime
def test_a_new_object_in_googles_storage_is_scored_once(gcs_server, whales, monkeypatch):
    bucket, arrivals = gcs_server.new_bucket(), gcs_server.new_bucket()
    root = f"gs://{bucket}/models"
    environ = with_model(root, whales, monkeypatch, gcs_server.environ)
    body = "".join(json.dumps(row) + "\n" for row in whales.rows)
    open_store(f"gs://{arrivals}").create(KEY, body.encode())
    told = f"{gcs_server.endpoint}/storage/v1/b/{arrivals}/o/{urllib.parse.quote(KEY, safe='')}"
    data = {**event("gcs"), **requests.get(told).json()}
    sent = cloud_event(data, OBJECT_TYPE)

    with FunctionsFramework(environ, target="score_object", signature="cloudevent") as runtime:
        assert runtime.request("POST", "/", *sent).status == 200
        before = open_store(root).list("whales/answers/")
        assert runtime.request("POST", "/", *sent).status == 200

    answers = lines_below(open_store(root), "whales/answers/production/objects/")
    assert [line["row"] for line in answers] == list(range(len(whales.rows)))
    assert open_store(root).list("whales/answers/") == before


@pytest.mark.server
@pytest.mark.runtime
def test_a_function_at_google_takes_a_new_release_from_googles_storage(
    gcs_server, whales, monkeypatch
):
    root = f"gs://{gcs_server.new_bucket()}/models"
    environ = with_model(root, whales, monkeypatch, gcs_server.environ)

    with FunctionsFramework({**environ, "SPYHOP_REFRESH_S": "0"}) as runtime:
        first = json.loads(runtime.request("GET", "/ready").body)["release"]
        release(open_store(root), whales.folder)
        deadline = time.monotonic() + 20
        while (now := json.loads(runtime.request("GET", "/ready").body)["release"]) == first:
            assert time.monotonic() < deadline
            time.sleep(0.05)

    assert (first, now) == (1, 2)
