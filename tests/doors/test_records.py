"""Streams and queues: one bad record is its own fault alone; delivered twice is scored once."""

import base64
import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spyhop.envelopes.aws_records import delivery
from spyhop.errors import ConfigError, StoreUnavailable
from spyhop.records import Delivery, Record, items_to_repeat
from spyhop.scoring import Scoring
from spyhop.service import released_service
from spyhop.stores import open_lean_store
from tests.doors.events import event
from tests.doors.test_doors import door

BAD = {"instances": [{"legs": "secret"}]}


def attribute(value):
    """Return a value as DynamoDB writes it."""
    if isinstance(value, bool):
        return {"BOOL": value}
    return {"S": value} if isinstance(value, str) else {"N": repr(value)}


def sqs(raw, content):
    raw["body"] = json.dumps(content)


def sns_in_sqs(raw, content):
    raw["body"] = json.dumps(
        {
            **event("sns_notification"),
            "Message": json.dumps(content),
            "MessageId": raw["messageId"],
        }
    )


def kinesis(raw, content):
    raw["kinesis"]["data"] = base64.b64encode(json.dumps(content).encode()).decode()


def dynamodb(raw, content):
    row = content["instances"][0]
    image = {name: attribute(value) for name, value in row.items()}
    raw["dynamodb"]["NewImage"] = {**image, "Id": {"N": "101"}}


def sns(raw, content):
    raw["Sns"]["Message"] = json.dumps(content)


# How a record carries content, the event it comes in, and where its item's name is.
STREAMS = {
    "SQS": (sqs, "sqs", ("messageId",)),
    "SNS in SQS": (sns_in_sqs, "sqs", ("messageId",)),
    "Kinesis": (kinesis, "kinesis", ("kinesis", "sequenceNumber")),
    "DynamoDB": (dynamodb, "dynamodb", ("dynamodb", "SequenceNumber")),
}
every_stream = pytest.mark.parametrize("stream", STREAMS)


def records(stream, contents):
    """Return an event with a record for each of `contents`; the items are item-0, item-1, …"""
    carry, name, item = STREAMS[stream]
    sent = event(name)
    template = sent["Records"].pop()
    for number, content in enumerate(contents):
        raw = copy.deepcopy(template)
        inner = raw if len(item) == 1 else raw[item[0]]
        inner[item[-1]] = f"item-{number}"
        raw["eventID"] = f"event-{number}"
        carry(raw, content)
        sent["Records"].append(raw)
    return sent


class Unwilling:
    """A store that does not answer about some keys, as long as `fails` says."""

    def __init__(self, store):
        self._store, self.asked, self.created, self.fails = store, 0, [], lambda number: False

    def head(self, key):
        self.asked += 1
        if self.fails(self.asked):
            raise StoreUnavailable("no answer")
        return self._store.head(key)

    def create(self, key, body):
        self.created.append(key)
        return self._store.create(key, body)

    def get(self, key):
        return self._store.get(key)

    def list(self, prefix):
        return self._store.list(prefix)


@pytest.fixture
def answers(tmp_path):
    return Unwilling(open_lean_store(str(tmp_path / "answers"), {}))


@pytest.fixture(scope="module")
def service(released):
    return released_service(released)


@pytest.fixture
def scoring(service, released, answers):
    return Scoring(service, released, lambda url, environ: answers)


def failures(reply):
    return [failure["itemIdentifier"] for failure in reply["batchItemFailures"]]


def found(answers):
    return [json.loads(answers.get(key)) for key in answers.list("")]


@every_stream
def test_each_record_is_answered_as_a_caller_is(stream, scoring, service, answers, whales):
    contents = [{"instances": [row]} for row in whales.rows[:4]]

    reply = scoring.score(delivery(records(stream, contents)))

    assert failures(reply) == []
    expected = [service.predict(content, "id")["predictions"] for content in contents]
    scored = found(answers)
    assert sorted(map(str, (a["predictions"] for a in scored))) == sorted(map(str, expected))
    assert {a["model"]["version"] for a in scored} == {whales.bundle.version}


@every_stream
def test_one_bad_record_is_told_once_and_the_rest_is_scored(
    stream, scoring, answers, whales, capsys
):
    good = {"instances": [whales.rows[0]]}

    reply = scoring.score(delivery(records(stream, [good, BAD, good])))

    assert failures(reply) == []
    assert len(found(answers)) == 2
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["errors"][0]["row"] == 0
    assert "item-1" in line or "event-1" in line
    assert "secret" not in line


@every_stream
def test_a_redelivered_record_is_not_scored_twice(stream, scoring, answers, whales):
    sent = records(stream, [{"instances": [row]} for row in whales.rows[:3]])

    scoring.score(delivery(sent))
    scoring.score(delivery(sent))

    assert len(answers.created) == 3


@every_stream
def test_a_store_that_does_not_answer_makes_the_cloud_repeat(stream, scoring, answers, whales):
    sent = records(stream, [{"instances": [row]} for row in whales.rows[:5]])
    answers.fails = lambda number: True

    items = failures(scoring.score(delivery(sent)))
    answers.fails = lambda number: False
    after = failures(scoring.score(delivery(sent)))

    every = [f"item-{number}" for number in range(5)]
    assert items == (every if "SQS" in stream else every[:1])
    assert after == []
    assert len(found(answers)) == 5


@pytest.mark.parametrize(
    ("repeats", "failed", "items"),
    [
        ("each", [False, True, False, True], ["1", "3"]),
        ("from-first", [False, True, False, True], ["1"]),
        ("rest", [False, True, False, True], ["1", "2", "3"]),
        ("from-first", [False] * 4, []),
        ("rest", [False] * 4, []),
    ],
)
def test_a_cloud_is_told_to_repeat_what_keeps_its_order(repeats, failed, items):
    numbered = [Record("sqs", str(number), str(number)) for number in range(4)]

    assert items_to_repeat(Delivery(numbered, repeats), failed) == items


def test_a_queue_in_order_is_repeated_from_the_first_failure_on(scoring, answers, whales):
    sent = records("SQS", [{"instances": [whales.rows[0]]}] * 30)
    for raw in sent["Records"]:
        raw["eventSourceARN"] += ".fifo"
    answers.fails = lambda number: number > 12

    items = failures(scoring.score(delivery(sent)))

    numbers = [int(item.removeprefix("item-")) for item in items]
    assert numbers == list(range(numbers[0], 30))


def test_a_model_that_is_not_there_makes_the_cloud_repeat(released, answers):
    environ = {**released, "SPYHOP_MODEL": "other"}
    scoring = Scoring(released_service(environ), environ, lambda url, environ: answers)

    assert failures(scoring.score(delivery(records("SQS", [BAD, BAD])))) == ["item-0", "item-1"]


def test_a_bucket_that_refuses_us_is_no_other_records_fault(service, released, answers, whales):
    def stream(*_):
        raise ConfigError("refused")

    scoring = Scoring(service, released, lambda url, environ: answers, stream)
    good = {"instances": [whales.rows[0]]}

    items = failures(scoring.score(delivery(records("SQS", [event("s3"), good, good]))))

    assert items == ["item-0"]
    assert len(found(answers)) == 2


def test_a_bare_row_is_a_record(scoring, answers, whales):
    scoring.score(delivery(records("SQS", [whales.rows[0]])))

    assert len(found(answers)[0]["predictions"]) == 1


def test_sns_has_no_items_and_is_told_by_an_error(scoring, answers, whales):
    sent = event("sns")
    sns(sent["Records"][0], {"instances": whales.rows[:2]})
    answers.fails = lambda number: number == 1

    with pytest.raises(StoreUnavailable):
        scoring.score(delivery(sent))
    scoring.score(delivery(sent))

    assert len(found(answers)[0]["predictions"]) == 2


def test_a_removal_and_a_test_event_are_nothing_to_score(scoring, answers, capsys):
    removal = event("dynamodb")
    removal["Records"][0]["eventName"] = "REMOVE"
    test = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "arrivals"}

    for sent in (removal, records("SQS", [test])):
        assert failures(scoring.score(delivery(sent))) == []

    assert found(answers) == []
    assert capsys.readouterr().out == ""


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)


@every_stream
@given(change=st.data())
def test_a_misshapen_record_is_told_and_never_an_error(stream, change, service, released):
    answers = Unwilling(open_lean_store("/tmp/never-written", {}))
    answers.create = lambda key, body: True
    scoring = Scoring(service, released, lambda url, environ: answers)
    (raw,) = records(stream, [BAD])["Records"]
    first = {"eventSource": raw["eventSource"]}
    fields = [name for name in raw if name != "eventSource"]
    raw[change.draw(st.sampled_from(fields))] = change.draw(anything)

    reply = scoring.score(delivery({"Records": [first, raw, change.draw(anything)]}))

    assert failures(reply) == []


def test_what_is_no_event_of_a_stream_is_left_to_the_direct_invocation(released):
    handler = door("aws_lambda", "handler", released).handler

    for sent in ({"Records": []}, {"Records": [{"eventSource": "aws:new"}]}, {"Records": 5}):
        assert handler(sent, None)["status"] == 400


def test_a_schedule_keeps_the_function_warm(released):
    assert door("aws_lambda", "handler", released).handler(event("schedule"), None) == {
        "status": "warm"
    }


def test_the_handler_keeps_answers_below_the_models_own_prefix(released, whales, tmp_path):
    environ = {**released, "SPYHOP_OUTPUT": tmp_path.as_uri()}
    handler = door("aws_lambda", "handler", environ).handler

    reply = handler(records("SQS", [{"instances": whales.rows[:1]}]), None)

    assert failures(reply) == []
    assert len(list(tmp_path.glob("sqs/*.json"))) == 1
