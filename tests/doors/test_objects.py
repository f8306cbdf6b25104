"""New objects in a bucket: each row answered in its place, once, and nothing of them lost."""

import json
import urllib.parse

import pytest

from spyhop.batch import ROWS_A_PART
from spyhop.envelopes.aws_records import delivery
from spyhop.envelopes.google import object_delivery
from spyhop.errors import StoreUnavailable
from spyhop.scoring import Scoring
from spyhop.service import released_service
from spyhop.stores.local import LocalStore
from tests.doors.events import event

KEY = "in/rows of monday.jsonl"


class Interrupted:
    """A local store that stops answering at the n-th creation."""

    def __init__(self, store, after):
        self._store, self._left = store, after

    def create(self, key, body):
        self._left -= 1
        if self._left < 0:
            raise StoreUnavailable("no answer")
        return self._store.create(key, body)

    def __getattr__(self, name):
        return getattr(self._store, name)


@pytest.fixture(scope="module")
def service(released):
    return released_service(released)


@pytest.fixture
def arrivals(tmp_path):
    return LocalStore(tmp_path / "arrivals")


@pytest.fixture
def answers(tmp_path):
    return LocalStore(tmp_path / "answers")


@pytest.fixture
def scoring(service, released, arrivals, answers):
    return scoring_into(answers, service, released, arrivals)


def scoring_into(answers, service, environ, arrivals):
    return Scoring(
        service,
        environ,
        open_store=lambda url, _: answers,
        stream=lambda bucket, key, version, etag, _: arrivals.stream(key),
    )


def s3_event(key=KEY, etag="d41d8cd98f00b204e9800998ecf8427e"):
    sent = event("s3")
    sent["Records"][0]["s3"]["object"].update(key=urllib.parse.quote_plus(key), eTag=etag)
    return sent


def in_sqs(sent):
    carrier = event("sqs")
    carrier["Records"][0]["body"] = json.dumps(sent)
    return carrier


def in_sns_in_sqs(sent):
    return in_sqs({**event("sns_notification"), "Message": json.dumps(sent)})


def eventbridge_event(_):
    return event("s3_eventbridge")


def lines_of(rows):
    return "".join(row if isinstance(row, str) else json.dumps(row) + "\n" for row in rows)


def written(answers):
    """Return the lines that were answered, in their order, and what done.json says."""
    (done,) = [key for key in answers.list("objects/") if key.endswith("/done.json")]
    parts = [key for key in answers.list("objects/") if key.endswith(".jsonl")]
    found = [json.loads(line) for key in parts for line in answers.get(key).splitlines()]
    return found, json.loads(answers.get(done))


@pytest.mark.parametrize("carried", [dict, in_sqs, in_sns_in_sqs, eventbridge_event])
def test_rows_get_the_answers_that_callers_get(
    carried, scoring, service, arrivals, answers, whales
):
    arrivals.create(KEY, lines_of(whales.rows).encode())

    scoring.score(delivery(carried(s3_event())))

    found, done = written(answers)
    expected = service.predict({"instances": whales.rows}, "id")["predictions"]
    assert [line["prediction"] for line in found] == expected
    assert [line["row"] for line in found] == list(range(len(expected)))
    assert {line["version"] for line in found} == {whales.bundle.version}
    assert done["rows"] == len(expected)
    assert done["object"] == f"s3://arrivals/{KEY}"


def test_a_new_object_at_google_is_scored_the_same(scoring, arrivals, answers, whales):
    arrivals.create(KEY, lines_of(whales.rows).encode())

    scoring.score(object_delivery(event("gcs")))

    assert written(answers)[1]["rows"] == len(whales.rows)


def test_bad_rows_are_told_in_their_place(scoring, arrivals, answers, whales):
    good = whales.rows[0]
    rows = [good, {"legs": "secret"}, "not JSON\n", good, [1], *[{}] * 9, good]
    arrivals.create(KEY, lines_of(rows).encode())

    scoring.score(delivery(s3_event()))

    found, done = written(answers)
    assert [line["row"] for line in found if "prediction" in line] == [0, 3, 14]
    assert [line["row"] for line in found if "errors" in line] == [1, 2, 4, *range(5, 14)]
    assert all(line["errors"][0]["reason"] for line in found if "errors" in line)
    assert "secret" not in json.dumps(found)
    assert done["refused"] == 12


def test_csv_gets_the_answers_that_json_gets(scoring, service, arrivals, answers, whales):
    arrivals.create("rows.csv", whales.X_test.to_csv(index=False).encode())

    scoring.score(delivery(s3_event("rows.csv")))

    expected = service.predict({"instances": whales.rows}, "id")["predictions"]
    assert [line.get("prediction") for line in written(answers)[0]] == expected


def test_a_redelivered_event_does_not_score_the_object_twice(scoring, arrivals, answers, whales):
    arrivals.create(KEY, lines_of(whales.rows).encode())
    scoring.score(delivery(s3_event()))
    before = answers.list("")
    arrivals.delete(KEY)

    scoring.score(delivery(s3_event()))

    assert answers.list("") == before


def test_another_revision_of_the_object_is_scored_beside_it(scoring, arrivals, answers, whales):
    arrivals.create(KEY, lines_of(whales.rows[:1]).encode())

    scoring.score(delivery(s3_event()))
    scoring.score(delivery(s3_event(etag="other")))

    assert len([key for key in answers.list("") if key.endswith("done.json")]) == 2


@pytest.mark.parametrize("after", range(4))
def test_whoever_is_interrupted_leaves_whole_parts_and_the_next_goes_on(
    after, service, released, arrivals, answers, whales
):
    rows = whales.rows[:1] * (2 * ROWS_A_PART + 1)
    arrivals.create(KEY, lines_of(rows).encode())
    first = scoring_into(Interrupted(answers, after), service, released, arrivals)
    second = scoring_into(answers, service, released, arrivals)

    with pytest.raises(StoreUnavailable):
        first.score(delivery(s3_event()))
    left = len(answers.list(""))
    second.score(delivery(s3_event()))

    assert left == after
    assert [line["row"] for line in written(answers)[0]] == list(range(len(rows)))


@pytest.mark.parametrize(
    ("key", "body"),
    [
        ("rows.jpg", b"\xff"),
        ("rows.csv", b""),
        ("rows.jsonl.gz", b"no gzip"),
        ("gone.jsonl", None),
        ("a//b.jsonl", None),
        ("../up.jsonl", None),
    ],
)
def test_an_object_that_can_never_be_scored_is_told_and_not_repeated(
    key, body, scoring, arrivals, capsys
):
    if body is not None:
        arrivals.create(key, body)

    scoring.score(delivery(s3_event(key)))

    told = json.loads(capsys.readouterr().out)
    assert told["objects"] == [f"s3://arrivals/{key}"]
    assert told["reason"]


@pytest.mark.parametrize("key", ["models/whales/answers/production/x.jsonl", "out/objects/x.jsonl"])
def test_what_spyhop_wrote_itself_is_never_scored(key, service, arrivals, answers, capsys):
    environ = {
        "SPYHOP_ROOT": "s3://arrivals/models/",
        "SPYHOP_MODEL": "whales",
        "SPYHOP_OUTPUT": "s3://arrivals/out/",
    }
    scoring = scoring_into(answers, service, environ, arrivals)

    scoring.score(delivery(s3_event(key)))

    assert "own" in json.loads(capsys.readouterr().out)["reason"]


def test_an_empty_object_is_done_without_a_row(scoring, arrivals, answers):
    arrivals.create(KEY, b"")

    scoring.score(delivery(s3_event()))

    assert written(answers)[1]["rows"] == 0
