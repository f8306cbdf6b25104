"""The HTTP contract: what every door replies, whatever is sent."""

import json
from threading import Event

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spyhop
from spyhop.errors import ConfigError, StoreUnavailable
from spyhop.http import MOST_BODY_BYTES, Request, respond
from spyhop.service import DEFAULT_MOST_ROWS, START_AGAIN_S, Service
from spyhop.serving import serving_alone


@pytest.fixture(scope="module")
def service(whales) -> Service:
    model = spyhop.load(whales.folder)
    return Service(lambda now: serving_alone(model))


def post(service, body, headers=None):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    reply = respond(service, Request("POST", "/predict", headers or {}, body))
    return reply, strict(reply.body)


def strict(body):
    def never(constant):
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(body, parse_constant=never)


def test_rows_are_answered_in_their_order_with_model_and_request_id(service, whales):
    reply, answer = post(service, {"instances": whales.rows[:5]}, {"x-request-id": "mine-1"})

    assert reply.status == 200
    assert reply.headers["content-type"] == "application/json"
    assert set(answer) == {"predictions", "model", "request_id"}
    assert answer["model"] == {"name": "whales", "version": whales.bundle.version}
    assert answer["request_id"] == reply.headers["x-request-id"] == "mine-1"
    assert [set(p) for p in answer["predictions"]] == [{"label", "probabilities"}] * 5


@pytest.mark.parametrize("sent", ["", "has space", "x" * 129, "line\nbreak", "ümlaut"])
def test_a_request_id_that_could_forge_a_log_line_is_replaced(service, whales, sent):
    _, answer = post(service, {"instances": whales.rows[:1]}, {"x-request-id": sent})

    assert answer["request_id"] != sent
    assert len(answer["request_id"]) == 32


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "the body is not JSON"),
        (b"hello", "the body is not JSON"),
        (b'{"instances": [{"x": NaN}]}', "send null where the model accepts missing"),
        (b'{"instances": [{"x": Infinity}]}', "the body is not JSON"),
        (b'{"instances": [{"x": 1e999}]}', "out of range"),
        (b'\xff{"instances": []}', "the body is not JSON"),
        (b'{"instances": ["\xed\xa0\x80"]}', "is not UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[]", 'got a list, expected {"instances"'),
        (b"5", "got a number"),
        (b"null", "got null"),
        (b'"x"', "got text"),
        (b"{}", '"instances" is absent'),
        (b'{"instances": 5}', 'got a number as "instances"'),
        (b'{"instances": {"a": 1}}', 'got an object as "instances"'),
    ],
)
def test_a_body_that_is_not_the_json_we_expect_is_a_400_that_says_so(service, body, said):
    reply, problem = post(service, body)

    assert reply.status == problem["status"] == 400
    assert reply.headers["content-type"] == "application/problem+json"
    assert said in problem["detail"]


def test_refused_rows_are_a_422_with_row_column_and_reason(service, whales):
    good = whales.rows[0]
    reply, problem = post(service, {"instances": [good, {**good, "legs": "four"}, {}]})

    assert reply.status == 422
    first, *absent = problem["errors"]
    assert (first["row"], first["column"]) == (1, "legs")
    assert first["reason"].startswith("got text, expected an integer")
    assert {error["row"] for error in absent} == {2}
    assert len(absent) == len(good)
    assert "four" not in reply.body.decode()


def test_no_rows_are_a_422(service):
    assert post(service, {"instances": []})[0].status == 422


def test_too_many_rows_or_bytes_are_a_413_that_names_the_limit(service, whales):
    rows, problem = post(service, {"instances": [whales.rows[0]] * (DEFAULT_MOST_ROWS + 1)})
    assert rows.status == 413
    assert f"at most {DEFAULT_MOST_ROWS}" in problem["detail"]

    body, problem = post(service, b" " * (MOST_BODY_BYTES + 1))
    assert body.status == 413
    assert f"at most {MOST_BODY_BYTES}" in problem["detail"]


@pytest.mark.parametrize("path", ["/predictions", "/predict/x", "/v1/models/whales", "/../etc"])
def test_an_unknown_path_is_a_404_that_lists_the_paths(service, path):
    reply = respond(service, Request("POST", path))

    assert reply.status == 404
    assert "/predict" in json.loads(reply.body)["detail"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/predict", "POST"),
        ("POST", "/health", "GET, HEAD"),
        ("BREW", "/ready", "GET, HEAD"),
    ],
)
def test_a_wrong_method_is_a_405_that_names_the_right_one(service, method, path, allowed):
    reply = respond(service, Request(method, path))

    assert reply.status == 405
    assert reply.headers["allow"] == allowed


def test_health_ready_and_metadata_tell_who_serves(service, whales):
    def get(path):
        return json.loads(respond(service, Request("GET", path)).body)

    assert get("/health") == {"status": "alive"}
    assert get("/ready")["model"]["version"] == whales.bundle.version
    metadata = get("/metadata")
    assert metadata["engine"] == "onnx"
    assert [c["name"] for c in metadata["schema"]["columns"]] == list(whales.bundle.schema.names)


@pytest.mark.parametrize("error", [ConfigError("secret path"), StoreUnavailable("secret host")])
@pytest.mark.parametrize("path", ["/predict", "/ready", "/metadata"])
def test_a_model_that_is_not_there_is_a_503_that_says_retry_and_keeps_its_reason_in_the_log(
    error, path, capsys
):
    def load(now):
        raise error

    method = "POST" if path == "/predict" else "GET"

    reply = respond(Service(load), Request(method, path, body=b'{"instances": [1]}'))

    assert reply.status == 503
    assert int(reply.headers["retry-after"]) > 0
    assert b"secret" not in reply.body
    assert "secret" in capsys.readouterr().err


def test_health_is_alive_though_the_model_is_not_there():
    def load(now):
        raise ConfigError("nothing there")

    assert respond(Service(load), Request("GET", "/health")).status == 200


def test_a_service_recovers_by_itself_once_the_model_can_be_loaded(whales):
    attempts = []

    def load(now):
        attempts.append(1)
        if len(attempts) < 3:
            raise StoreUnavailable("not yet")
        return serving_alone(spyhop.load(whales.folder))

    time = iter(range(0, 10_000, START_AGAIN_S))
    service = Service(load, clock=lambda: next(time))
    statuses = [respond(service, Request("GET", "/ready")).status for _ in range(4)]

    assert statuses == [503, 503, 200, 200]
    assert len(attempts) == 3


def test_while_the_store_is_away_callers_are_told_at_once_and_the_store_is_spared():
    attempts = []

    def load(now):
        attempts.append(1)
        raise StoreUnavailable("away")

    service = Service(load, clock=lambda: 0.0)

    statuses = [respond(service, Request("GET", "/ready")).status for _ in range(20)]

    assert statuses == [503] * 20
    assert len(attempts) == 1


def test_a_caller_waits_no_longer_than_his_patience_and_the_start_goes_on_for_the_next(whales):
    attempts, arrived = [], Event()

    def load(now):
        attempts.append(1)
        arrived.wait(10)
        return serving_alone(spyhop.load(whales.folder))

    service = Service(load, patience_s=0.05)
    service.warm()
    early = [respond(service, Request("GET", "/ready")) for _ in range(3)]
    arrived.set()
    while (late := respond(service, Request("GET", "/ready"))).status != 200:
        assert late.status == 503

    assert [reply.status for reply in early] == [503] * 3
    assert all(reply.headers["retry-after"] for reply in early)
    assert len(attempts) == 1


def test_a_start_that_ends_in_a_panic_is_tried_again(whales):
    class Panic(BaseException):
        """What a library in Rust raises is no Exception."""

    attempts = []

    def load(now):
        attempts.append(1)
        if len(attempts) == 1:
            raise Panic
        return serving_alone(spyhop.load(whales.folder))

    time = iter(range(0, 10_000, START_AGAIN_S))
    service = Service(load, clock=lambda: next(time))

    assert [respond(service, Request("GET", "/ready")).status for _ in range(2)] == [500, 200]


def test_a_fault_of_our_own_shows_no_stack_trace_to_the_caller(capsys):
    def load(now):
        raise RuntimeError("a secret in the message")

    reply = respond(Service(load), Request("GET", "/ready"))

    assert reply.status == 500
    assert b"secret" not in reply.body
    assert b"Traceback" not in reply.body
    assert "a secret in the message" in capsys.readouterr().err


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=300)
@given(data=st.data())
def test_no_body_makes_anything_but_an_answer_or_a_4xx(service, whales, data):
    cells = st.sampled_from(list(whales.rows[0].values())) | json_values
    rows = st.lists(st.fixed_dictionaries(dict.fromkeys(whales.rows[0], cells)), max_size=3)
    bodies = st.builds(lambda rows: json.dumps({"instances": rows}).encode(), rows)

    reply, answer = post(service, data.draw(bodies | st.binary()))

    assert reply.status in (200, 400, 413, 422)
    assert ("predictions" in answer) == (reply.status == 200)
