"""Google's events: CloudEvents of Pub/Sub and Cloud Storage, by themselves and in the framework."""

import base64
import json
from types import SimpleNamespace

import pytest

from spyhop.emulators.functions_framework import FunctionsFramework
from spyhop.envelopes.google import message_delivery, object_delivery
from spyhop.errors import StoreUnavailable
from spyhop.stores.local import LocalStore
from tests.doors.events import event
from tests.doors.test_doors import door

PUBSUB_TYPE = "google.cloud.pubsub.topic.v1.messagePublished"
OBJECT_TYPE = "google.cloud.storage.object.v1.finalized"


def message(content, **changes):
    """Return what Pub/Sub says of a message with `content`."""
    data = event("pubsub")
    data["message"]["data"] = base64.b64encode(json.dumps(content).encode()).decode()
    data["message"].update(changes)
    return data


def cloud_event(data, kind=PUBSUB_TYPE):
    """Return headers and body of a CloudEvent in binary mode."""
    headers = {
        "content-type": "application/json",
        "ce-specversion": "1.0",
        "ce-id": "1234",
        "ce-type": kind,
        "ce-source": "//pubsub.googleapis.com/projects/test/topics/rows",
    }
    return json.dumps(data).encode(), headers


@pytest.fixture
def answers(tmp_path):
    return LocalStore(tmp_path / "answers")


@pytest.fixture
def main(released, answers):
    return door("gcp_function", "main", {**released, "SPYHOP_OUTPUT": answers.url})


def test_a_message_is_scored_once_however_often_it_comes(main, answers, whales):
    sent = SimpleNamespace(data=message({"instances": whales.rows[:3]}))

    main.score_message(sent)
    (key,) = answers.list("pubsub/")
    before = answers.get(key)
    main.score_message(sent)

    assert answers.list("") == [key]
    assert len(json.loads(before)["predictions"]) == 3


@pytest.mark.parametrize("spelling", ["messageId", "message_id"])
def test_a_messages_id_may_be_spelt_either_way(spelling):
    data = message({})
    both = message_delivery(data).records[0].id
    for name in {"messageId", "message_id"} - {spelling}:
        del data["message"][name]

    assert message_delivery(data).records[0].id == both


@pytest.mark.parametrize(
    "data",
    [
        None,
        b"x",
        5,
        {},
        {"message": None},
        {"message": {}},
        {"message": {"messageId": "1", "data": "no base64!"}},
        {"message": {"messageId": "1", "data": base64.b64encode(b"\xff").decode()}},
        message({"instances": [{"legs": "secret"}]}),
        message([]),
    ],
)
def test_a_message_that_can_never_be_scored_is_told_and_acknowledged(data, main, answers, capsys):
    main.score_message(SimpleNamespace(data=data))

    told = capsys.readouterr().out
    assert json.loads(told)["reason"]
    assert "secret" not in told
    assert answers.list("") == []


@pytest.mark.parametrize("data", [None, {}, {"bucket": "a"}, {"bucket": "a", "name": "b"}, []])
def test_an_object_event_that_names_none_is_told_and_acknowledged(data, main, capsys):
    main.score_object(SimpleNamespace(data=data))

    assert json.loads(capsys.readouterr().out)["reason"]


def test_an_object_event_names_bucket_object_and_generation():
    (name,) = object_delivery(event("gcs")).records[0].objects

    assert (name.bucket, name.key) == ("gs://arrivals", "in/rows of monday.jsonl")
    assert name.revision == "1795514400000000"


def test_a_model_that_is_not_there_is_an_error_that_tells_nothing_of_the_rows(released, whales):
    main = door("gcp_function", "main", {**released, "SPYHOP_MODEL": "other"})

    with pytest.raises(StoreUnavailable) as raised:
        main.score_message(SimpleNamespace(data=message({"instances": whales.rows[:1]})))

    assert str(raised.value) == "cannot score now; the log says why. Deliver the event again."


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    return LocalStore(tmp_path_factory.mktemp("outputs"))


@pytest.fixture(scope="module")
def on_google(released, outputs):
    environ = {**released, "SPYHOP_OUTPUT": outputs.url}
    with FunctionsFramework(environ, target="score_message", signature="cloudevent") as runtime:
        yield runtime


@pytest.mark.runtime
def test_the_real_framework_brings_cloud_events_and_raw_pushes(on_google, outputs, whales):
    rows = {"instances": whales.rows[:2]}
    body, headers = cloud_event(message(rows, messageId="1", message_id="1"))
    structured = {
        "specversion": "1.0",
        "id": "1",
        "type": PUBSUB_TYPE,
        "source": "//pubsub.googleapis.com/projects/test/topics/rows",
        "data": message(rows, messageId="2", message_id="2"),
    }
    raw = json.dumps(message(rows, messageId="3", message_id="3")).encode()

    replies = [
        on_google.request("POST", "/", body, headers),
        on_google.request("POST", "/", body, headers),
        on_google.request(
            "POST",
            "/",
            json.dumps(structured).encode(),
            {"content-type": "application/cloudevents+json"},
        ),
        on_google.request("POST", "/", raw, {"content-type": "application/json"}),
        on_google.request(
            "POST",
            "/projects/test/topics/rows?pubsub_trigger=true",
            raw,
            {"content-type": "application/json"},
        ),
    ]

    assert [(reply.status, reply.body) for reply in replies] == [(200, b"OK")] * 5
    written = [json.loads(outputs.get(key)) for key in outputs.list("pubsub/")]
    assert {record["record"].rpartition("/")[2] for record in written} >= {"1", "2", "3"}
    assert all(len(record["predictions"]) == 2 for record in written)


@pytest.mark.runtime
def test_the_real_framework_acknowledges_a_bad_message(on_google):
    body, headers = cloud_event(message({"instances": [{"legs": "secret"}]}, messageId="bad"))

    assert on_google.request("POST", "/", body, headers).status == 200


@pytest.mark.runtime
def test_the_real_framework_lets_google_repeat_and_tells_nothing(released, whales):
    environ = {**released, "SPYHOP_MODEL": "other"}
    body, headers = cloud_event(message({"instances": whales.rows[:1]}))

    with FunctionsFramework(environ, target="score_message", signature="cloudevent") as runtime:
        reply = runtime.request("POST", "/", body, headers)

    assert reply.status == 500
    assert b"Internal Server Error" in reply.body
    assert not {b"other", b"whales", b"habitat"} & set(reply.body.split())
