"""Requests as confused, careless and hostile callers send them, made from a `Random`."""

import gzip
import json
from random import Random
from typing import Any

from tests.doors.every_door import Sent

_PATHS = ["/predict"] * 6 + ["/invocations", "/v1/models/whales:predict", "/v2/models/whales/infer"]
_TYPES = ["application/json"] * 6 + [
    *("text/csv", "text/csv; header=present", "application/x-npy", "application/x-npz"),
    *("application/jsonlines", "application/xml", "", 'text/csv; charset="', "\xff/*"),
]
_ENCODINGS = ["", "", "", "", "gzip", "br", "identity"]
_VALUES: list[Any] = [
    *(None, True, False, 0, -1, 1.5, 2**53 + 1, -(2**64), 10**400, 5e-324, 1.7e308, -0.0),
    *(float("nan"), float("inf"), "", "4", "land", "2026-02-30", "\x00", "\ud800", "é" * 300),
    *([], [1], {}, {"a": None}, [[[[]]]]),
]
_PIECES = [b"{", b"[", b'"', b",", b"\x00", b"\xff", b"1e999", b"NaN", b'"instances":', b"\\ud800"]


def generated(random: Random, rows: list[dict[str, Any]]) -> Sent:
    """Return a request that is probably refused, made from good `rows`."""
    value = _question(
        random, [_row(random, dict(random.choice(rows))) for _ in range(_few(random))]
    )
    body = json.dumps(value, ensure_ascii=random.random() < 0.7).encode("utf-8", "surrogatepass")
    for _ in range(random.choice([0, 0, 0, 1, 1, 3])):
        body = _damaged(random, body)
    headers = {"content-type": random.choice(_TYPES)}
    encoding = random.choice(_ENCODINGS)
    if encoding:
        headers["content-encoding"] = encoding
        body = gzip.compress(body, 1)[: random.choice([None, None, -1, 12])]
    if random.random() < 0.1:
        headers["x-spyhop-parameters"] = random.choice(["{", "[]", '{"outputs": []}', "5"])
    return Sent(body, headers, random.choice(_PATHS))


def _few(random: Random) -> int:
    return random.choice([0, 1, 1, 1, 2, 3])


def _question(random: Random, rows: list[Any]) -> Any:
    if random.random() < 0.85:
        return {"instances": rows}
    tensor = {"name": "legs", "shape": [1, random.choice(_VALUES)], "datatype": "INT64"}
    other = {"inputs": [{**tensor, "data": random.choice(_VALUES)}]}
    parameters = {"instances": rows, "parameters": {"on_error": random.choice(_VALUES)}}
    return random.choice([other, parameters, rows, *_VALUES])


def _row(random: Random, row: dict[str, Any]) -> Any:
    for _ in range(_few(random)):
        row[random.choice(list(row))] = random.choice(_VALUES)
    match random.randrange(12):
        case 0:
            del row[random.choice(list(row))]
        case 1:
            row[random.choice(["", "leg", "\x00", "__class__", "x" * 200])] = 1
        case 2:
            return list(row.values())[: random.choice([None, 0, 3])]
        case 3:
            return random.choice(_VALUES)
        case 4:
            return dict(reversed(row.items()))
    return row


def _damaged(random: Random, body: bytes) -> bytes:
    place = random.randrange(len(body) + 1)
    rest = body[place:] if random.random() < 0.5 else body[place + random.randrange(9) :]
    return body[:place] + random.choice([b"", *_PIECES, random.randbytes(3)]) + rest
