"""Which format is read and which is written, by content-type and accept."""

import gzip
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import spyhop
from spyhop.codecs import media_of, wanted
from spyhop.codecs.media import media_in
from spyhop.errors import InvalidRequest
from spyhop.http import Request, respond
from spyhop.service import Service
from spyhop.serving import serving_alone


@pytest.fixture(scope="module")
def service(whales) -> Service:
    model = spyhop.load(whales.folder)
    return Service(lambda now: serving_alone(model))


def post(service, rows, parameters=None, **headers):
    sent = {"instances": rows} | ({} if parameters is None else {"parameters": parameters})
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return respond(service, Request("POST", "/predict", named, json.dumps(sent).encode()))


@pytest.mark.parametrize(
    ("accept", "name"),
    [
        *((accept, "application/json") for accept in (None, "", "*/*", "application/*")),
        ("application/json; charset=utf-8", "application/json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/json"),
        ("text/csv", "text/csv"),
        ("text/*", "text/csv"),
        ("TEXT/CSV;charset=utf-8", "text/csv"),
        ("application/json;q=0.5, text/csv", "text/csv"),
        ("*/*, text/csv", "text/csv"),
        ("image/png, application/x-npy;q=0.1", "application/x-npy"),
        ("application/json;q=0, */*", "application/jsonlines"),
        ('image/png;a="x,text/csv", application/x-ndjson', "application/x-ndjson"),
        ("application/json;q=nonsense", "application/json"),
    ],
)
def test_the_reply_is_in_the_type_that_accept_likes_best(accept, name):
    assert wanted(accept).name == name


@pytest.mark.parametrize("accept", ["image/png", "application/json;q=0", "nonsense", ";;"])
def test_a_type_that_is_not_written_is_a_406_that_names_what_is(service, whales, accept):
    reply = post(service, whales.rows[:1], accept=accept)

    assert reply.status == 406
    assert "text/csv" in json.loads(reply.body)["detail"]


@pytest.mark.parametrize("sent", ["application/xml", "image/png; a=b", "nonsense", ";"])
def test_a_type_that_is_not_read_is_a_415_that_names_what_is(service, whales, sent):
    reply = post(service, whales.rows[:1], content_type=sent)

    assert reply.status == 415
    assert "application/x-npy" in json.loads(reply.body)["detail"]


@pytest.mark.parametrize(
    "sent",
    [
        *("application/json", "application/json;charset=UTF-8", "APPLICATION/JSON ; a=b;c"),
        *("application/x-www-form-urlencoded", "text/plain;charset=UTF-8"),
        *("application/octet-stream", ""),
    ],
)
def test_json_is_read_whatever_a_client_adds_or_leaves_out(service, whales, sent):
    assert post(service, whales.rows[:1], content_type=sent).status == 200


@given(st.text())
def test_no_header_is_anything_but_a_type_or_a_refusal(text):
    for understand in (media_of, wanted):
        try:
            assert "/" in understand(text).name
        except InvalidRequest as refused:
            assert refused.fault in ("type", "accept")


def test_parameters_are_read_with_their_quotes():
    media = media_in('text/csv; Header="present"; x="a;b" ; charset=UTF-8; junk')

    assert media.parameters == {"header": "present", "x": "a;b", "charset": "utf-8"}


def test_answers_as_csv_are_one_line_a_row_beside_a_header_only_where_asked(service, whales):
    answers = json.loads(post(service, whales.rows[:3]).body)["predictions"]
    lines = [[a["label"], *map(repr, a["probabilities"].values())] for a in answers]
    plain = "".join(",".join(line) + "\n" for line in lines)

    reply = post(service, whales.rows[:3], accept="text/csv", x_request_id="mine")
    with_header = post(service, whales.rows[:3], accept="text/csv; header=present")

    assert reply.body.decode() == plain
    assert reply.headers["content-type"] == "text/csv; charset=utf-8; header=absent"
    assert reply.headers["x-request-id"] == "mine"
    assert reply.headers["x-spyhop-model"] == f"whales/{whales.bundle.version}"
    names = ["label", *(f"probabilities.{c}" for c in answers[0]["probabilities"])]
    assert with_header.body.decode() == ",".join(names) + "\n" + plain


def test_answers_as_jsonlines_are_one_answer_a_line(service, whales):
    answers = json.loads(post(service, whales.rows[:3]).body)["predictions"]

    reply = post(service, whales.rows[:3], accept="application/jsonlines")

    assert [json.loads(line) for line in reply.body.splitlines()] == answers


def test_outputs_choose_what_comes_back(service, whales):
    def ask(outputs):
        return json.loads(post(service, whales.rows[:1], {"outputs": outputs}).body)

    assert set(ask(["label"])["predictions"][0]) == {"label"}
    assert list(ask(["probabilities", "label"])["predictions"][0]) == ["label", "probabilities"]
    assert "Known: label, probabilities" in ask(["value"])["detail"]


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"on_eror": "row"}, 'on_eror: no such parameter (did you mean "on_error"?)'),
        ({"on_error": "skip"}, 'parameters.on_error: expected "request" or "row"'),
        ({"on_error": ["row"]}, "parameters.on_error"),
        ({"outputs": "label"}, "expected a list of names"),
        ({"outputs": []}, "expected a list of names"),
        ({"outputs": [1]}, "expected a list of names"),
        (["on_error"], 'got a list as "parameters"'),
        (5, 'got a number as "parameters"'),
    ],
)
def test_a_parameter_that_is_not_known_is_a_400_that_names_it(service, whales, parameters, said):
    reply = post(service, whales.rows[:1], parameters)

    assert reply.status == 400
    assert said in json.loads(reply.body)["detail"]


@pytest.mark.parametrize("parameters", [None, {}])
def test_no_parameters_are_the_default(service, whales, parameters):
    sent = json.dumps({"instances": whales.rows[:1], "parameters": parameters}).encode()

    assert respond(service, Request("POST", "/predict", {}, sent)).status == 200


def test_a_bad_row_has_its_problems_in_its_place_where_that_is_asked(service, whales):
    good = whales.rows[0]
    bad = {**good, "legs": "four"}
    expected = json.loads(post(service, [good]).body)["predictions"][0]

    reply = post(service, [good, bad, good, {}], {"on_error": "row", "outputs": ["label"]})

    assert reply.status == 200
    first, second, third, fourth = json.loads(reply.body)["predictions"]
    assert first == third == {"label": expected["label"]}
    (problem,) = second["error"]
    assert set(problem) == {"row", "column", "code", "reason"}
    assert (problem["row"], problem["column"], problem["code"]) == (1, "legs", "wrong_type")
    assert {(p["row"], p["code"]) for p in fourth["error"]} == {(3, "absent_column")}
    assert b"four" not in reply.body.replace(b'"fourth"', b"")


def test_other_formats_name_parameters_in_a_header_and_csv_keeps_a_line_a_row(service, whales):
    good = ",".join(str(v) for v in whales.rows[0].values())
    headers = {
        "content-type": "text/csv",
        "accept": "text/csv",
        "x-spyhop-parameters": '{"on_error": "row", "outputs": ["label"]}',
    }
    body = f"{good}\nnonsense\n{good}".encode()

    reply = respond(service, Request("POST", "/predict", headers, body))

    first, second, third = reply.body.decode().splitlines()
    assert first == third
    assert first.count(",") == 1
    assert second.startswith(',"rows[1]: got 1 values, expected ')

    refused = {**headers, "accept": "application/x-npy"}
    assert respond(service, Request("POST", "/predict", refused, body)).status == 406


def test_a_row_that_only_the_engine_refuses_costs_the_others_nothing(mixed):
    model = spyhop.load(mixed.folder)
    good, far = mixed.rows[0], {**mixed.rows[0], "income": 1.7e308}

    answers = model.predict_each([good, far, good])

    assert answers[0] == answers[2] == model.predict([good])[0]
    assert "error" in answers[1] or answers[1] == model.predict([far])[0]


@pytest.mark.parametrize(
    "path", ["/", "/invocations", "/v1/models/whales:predict", "/prod/v1/models/whales:predict", ""]
)
def test_the_names_that_other_servers_use_are_answered_alike(service, whales, path):
    body = json.dumps({"instances": whales.rows[:2]}).encode()
    headers = {"x-request-id": "golden"}

    reply = respond(service, Request("POST", path, headers, body))

    assert reply.body == respond(service, Request("POST", "/predict", headers, body)).body


def test_another_models_name_is_a_404_that_names_the_one_served(service):
    reply = respond(service, Request("POST", "/v1/models/dolphins:predict", {}, b"{}"))

    assert reply.status == 404
    assert '"whales"' in json.loads(reply.body)["detail"]
    assert respond(service, Request("GET", "/v1/models/whales:predict")).status == 405


def test_ping_says_ready():
    def load(now):
        raise spyhop.ConfigError("nothing there")

    assert respond(Service(load), Request("GET", "/ping")).status == 503


def test_a_shadow_sees_the_rows_that_were_answered_under_their_own_numbers(whales, capsys):
    model = spyhop.load(whales.folder)
    alone = serving_alone(model)
    service = Service(lambda now: msgspec.structs.replace(alone, shadow=model))
    rows = [{}, whales.rows[0], {}, whales.rows[1]]

    reply = post(service, rows, {"on_error": "row"}, x_request_id="mine")

    assert reply.status == 200
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["id"] for line in lines] == ["mine/1", "mine/3"]
    assert all(line["prediction"] == line["served"] for line in lines)


def test_a_gzipped_body_of_csv_is_unpacked_within_the_limit(service, whales):
    line = ",".join(str(v) for v in whales.rows[0].values()) + "\n"
    headers = {"content-type": "text/csv", "content-encoding": "gzip", "accept-encoding": "gzip"}

    reply = respond(
        service, Request("POST", "/predict", headers, gzip.compress(line.encode() * 50))
    )

    assert (reply.status, reply.rows) == (200, 50)
    assert len(json.loads(gzip.decompress(reply.body))["predictions"]) == 50
