"""Bad input, at every door: a 4xx problem document, the same one, with nothing of what was sent."""

import gzip
import io
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from spyhop.stores.local import LocalStore
from tests.conftest import release
from tests.doors.bad_requests import generated
from tests.doors.events import http_event
from tests.doors.every_door import ENVELOPES, HTTP_DOORS, Sent, open_doors
from tests.doors.test_doors import door
from tests.models import fitted, mixed_table

TEXT, NUMBER = "S3CRET-7f3a", 8675309421
MARKERS = (TEXT, str(NUMBER), "9007199254740993")

ROW: dict[str, Any] = {
    **dict.fromkeys(["hair", "lays_eggs", "gives_milk", "breathes_air", "fins", "scales"], True),
    "legs": 0,
    "habitat": "land",
    "length_m": 2.5,
}
CSV, NPY = {"content-type": "text/csv"}, {"content-type": "application/x-npy"}
GZIP = {"content-encoding": "gzip"}


class Bad(NamedTuple):
    """What is sent, what is said of it, and of which cell; whether it is a JSON value at all, so
    that a direct invocation can bring it, and what that is told if it is told otherwise."""

    body: bytes
    status: int
    said: str
    cell: tuple[int, str | None] | None = None
    headers: Mapping[str, str] = MappingProxyType({})
    direct: bool = True


def rows(*sent: Any) -> bytes:
    return json.dumps({"instances": sent}).encode()


def cell(column: str, value: Any, said: str) -> Bad:
    return Bad(rows(ROW, {**ROW, column: value}), 422, said, (1, column))


def literal(number: bytes, said: str) -> Bad:
    """Return a number that Python's json takes, and JSON's grammar or a float does not."""
    return Bad(rows({**ROW, "length_m": 0}).replace(b": 0}", b": " + number + b"}"), 400, said)


def raw(body: bytes, said: str, **more: Any) -> Bad:
    return Bad(body, 400, said, direct=False, **more)


def npy(array: Any) -> bytes:
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


NOT_JSON = "the body is not JSON"
BAD = {
    "wrong width": Bad(rows(list(ROW.values()), [TEXT, NUMBER]), 422, "got 2 values", (1, None)),
    "string in number": cell("length_m", TEXT, "got text"),
    "number in string": cell("habitat", NUMBER, "got a number"),
    "null": cell("legs", None, "got null"),
    "2^53+1": cell("legs", 2**53 + 1, "got a number outside that"),
    "huge integer": cell("legs", int(str(NUMBER) * 30), "got a number"),
    "huge integer as number": cell("length_m", int(str(NUMBER) * 40), "got a number"),
    "fraction as integer": cell("legs", NUMBER + 0.5, "got a number"),
    "boolean as number": cell("length_m", True, "got a boolean"),
    "boolean as integer": cell("legs", True, "got a boolean"),
    "number as boolean": cell("hair", NUMBER, "got a number"),
    "date": cell("length_m", f"2026-11-24 {TEXT}", "got text"),
    "list as cell": cell("legs", [TEXT], "got a list"),
    "object as cell": cell("habitat", {TEXT: NUMBER}, "got an object"),
    "unknown column": Bad(rows(ROW, {**ROW, "leg": NUMBER}), 422, "no such column", (1, "leg")),
    "missing column": Bad(rows(ROW, {k: ROW[k] for k in ROW if k != "legs"}), 422, "", (1, "legs")),
    "empty row": Bad(rows({}), 422, "absent", (0, "hair")),
    "row is text": Bad(rows(ROW, TEXT), 422, "got text", (1, None)),
    "row is null": Bad(rows(ROW, None), 422, "got null", (1, None)),
    "mixed shapes": Bad(rows(ROW, list(ROW.values()), [TEXT]), 422, "got 1 values", (2, None)),
    "no rows": Bad(rows(), 422, "got no row"),
    "too many rows": Bad(rows(*[0] * 10_001), 413, "too many rows"),
    "{}": Bad(b"{}", 400, '"instances" is absent'),
    "[]": Bad(b"[]", 400, "got a list"),
    "5": Bad(b"5", 400, "got a number"),
    "null body": Bad(b"null", 400, "got null"),
    "text body": Bad(f'"{TEXT}"'.encode(), 400, "got text"),
    "instances is text": Bad(f'{{"instances": "{TEXT}"}}'.encode(), 400, "got text as"),
    "NaN": literal(b"NaN", NOT_JSON)._replace(direct=False),
    "Infinity": literal(b"-Infinity", NOT_JSON)._replace(direct=False),
    "1e999": literal(b"1e999", "out of range")._replace(direct=False),
    "empty": raw(b"", NOT_JSON),
    "cut off": raw(rows({**ROW, "legs": TEXT})[:-3], NOT_JSON),
    "not JSON": raw(TEXT.encode(), NOT_JSON),
    "10 MB": Bad(b'"%s"' % (b"x" * 10_000_000), 413, "at most", direct=False),
    "deep": raw(b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
    "deep instances": raw(b'{"instances":' * 100_000, NOT_JSON),
    "deep cell": raw(rows({**ROW, "legs": 0}).replace(b" 0", b"[" * 100_000), NOT_JSON),
    "lone surrogate": raw(b'{"instances": ["\xed\xa0\x80"]}', "is not UTF-8"),
    "invalid UTF-8": raw(b'{"instances": ["\xff\xfe' + TEXT.encode() + b'"]}', "is not UTF-8"),
    "NUL": raw(b"\x00" + rows(ROW), NOT_JSON),
    "NUL in a text": raw(rows({**ROW, "legs": TEXT}).replace(b"-", b"\x00"), NOT_JSON),
    "wrong type": Bad(rows(ROW), 415, "", None, {"content-type": f"text/{TEXT}"}, False),
    "wrong encoding": raw(rows(ROW), "got a content-enc", headers={"content-encoding": TEXT}),
    "truncated gzip": raw(gzip.compress(rows(ROW))[:-9], "ends too early", headers=GZIP),
    "damaged gzip": raw(b"\x1f\x8b" + TEXT.encode(), "is damaged", headers=GZIP),
    "bomb": Bad(gzip.compress(bytes(50_000_000)), 413, "unpacks to more", None, GZIP, False),
    "pickled npy": raw(npy(np.array([{TEXT: NUMBER}, TEXT])), "pickled objects", headers=NPY),
    "npy of no numbers": raw(npy(np.array([1j])), "another type", headers=NPY),
    "no npy": raw(TEXT.encode(), "not a .npy file", headers=NPY),
    "csv cell": Bad(b"1,1,1,1,1,1,%s,land,2" % TEXT.encode(), 422, "", (0, "legs"), CSV, False),
    "csv NaN": Bad(b"1,1,1,1,1,1,0,land,NaN", 422, "", (0, "length_m"), CSV, False),
    "csv width": Bad(b"%d,1" % NUMBER, 422, "got 2 values", (0, None), CSV, False),
    "csv quotes": raw(b'1,"%s' % TEXT.encode(), "is not CSV", headers=CSV),
}


@pytest.fixture(scope="module")
def doors(released):
    return open_doors(released)


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_the_same_4xx_problem_at_every_door_and_echoes_no_value(doors, name, capsys):
    bad = BAD[name]
    asked = [*HTTP_DOORS, *(["direct"] if bad.direct else [])]

    seen = {door: doors[door](Sent(bad.body, bad.headers)) for door in asked}

    written = "".join(capsys.readouterr())
    problems = {door: json.loads(reply.body) for door, reply in seen.items()}
    for door_name, problem in problems.items():
        assert seen[door_name].status == problem["status"] == bad.status, door_name
        assert bad.said in problem["detail"]
        if door_name != "direct":
            assert seen[door_name].content_type == "application/problem+json"
        if bad.cell is not None:
            assert (problem["errors"][0]["row"], problem["errors"][0]["column"]) == bad.cell
        assert not [m for m in MARKERS if m in seen[door_name].body.decode() + written]
    without_id = [{**problem, "request_id": ""} for problem in problems.values()]
    assert all(problem == without_id[0] for problem in without_id)


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999"])
def test_what_only_python_takes_for_json_is_refused_with_its_cell_when_invoked_directly(
    doors, number
):
    sent = Sent(rows({**ROW, "length_m": 0}).replace(b": 0}", f": {number}}}".encode()))

    problem = json.loads(doors["direct"](sent).body)

    assert (problem["status"], problem["errors"][0]["column"]) == (422, "length_m")


def test_a_lone_surrogate_in_an_escape_is_refused_at_every_door(doors):
    sent = Sent(rows({**ROW, "habitat": "\ud800"}))

    statuses = {name: ask(sent).status for name, ask in doors.items()}

    assert all(status in (400, 422) for status in statuses.values()), statuses


FINE = {
    "reordered columns": json.dumps({"instances": [dict(reversed(ROW.items()))]}).encode(),
    "of two equal keys the last": rows(ROW).replace(b'"legs"', b'"legs": "x", "legs"'),
    "of two instances the last": rows(ROW).replace(b'"inst', b'"instances": 5, "inst'),
    "an unknown category, where the model takes one": rows({**ROW, "habitat": "moon"}),
    "NUL in an unknown category": rows({**ROW, "habitat": "\x00"}),
    "null, where the model takes it": rows({**ROW, "habitat": None}),
}


@pytest.mark.parametrize("name", FINE)
def test_what_only_looks_odd_gets_the_same_answer_at_every_door(doors, name):
    seen = {door: ask(Sent(FINE[name])) for door, ask in doors.items()}

    assert {reply.status for reply in seen.values()} == {200}
    answers = [json.loads(reply.body)["predictions"] for reply in seen.values()]
    assert all(answer == answers[0] for answer in answers)


@pytest.mark.parametrize("envelope", ENVELOPES.values())
def test_wrong_base64_is_a_400(released, envelope):
    event = {**http_event(envelope), "body": TEXT[:-1], "isBase64Encoded": True}

    reply = door("aws_lambda", "handler", released).handler(event, None)

    assert reply["statusCode"] == 400
    assert TEXT[:-1] not in reply["body"]


def test_an_unknown_category_is_refused_at_every_door_where_the_model_takes_none(tmp_path):
    table, truth = mixed_table(missing=False)
    encoder = OneHotEncoder(handle_unknown="error")
    pipeline = make_pipeline(
        make_column_transformer((encoder, ["region", "plan"])), LogisticRegression()
    )
    model = fitted(pipeline, table[["region", "plan"]], truth, tmp_path / "bundle", "strict")
    store = LocalStore(tmp_path / "store")
    release(store, model.folder, "strict")
    doors = open_doors({"SPYHOP_ROOT": store.url, "SPYHOP_MODEL": "strict"})

    seen = [ask(Sent(rows({"region": TEXT, "plan": "plus"}))) for ask in doors.values()]

    assert {reply.status for reply in seen} == {422}
    assert all("rows[0].region: got an unknown" in reply.body.decode() for reply in seen)
    assert all(TEXT not in reply.body.decode() for reply in seen)


@pytest.mark.parametrize("name", HTTP_DOORS)
@settings(max_examples=300, suppress_health_check=list(HealthCheck))
@given(random=st.randoms(use_true_random=False))
def test_no_generated_request_is_a_fault_of_the_server(doors, whales, name, random):
    reply = doors[name](generated(random, whales.rows))

    assert 200 <= reply.status < 500
    assert reply.status == 200 or json.loads(reply.body)
