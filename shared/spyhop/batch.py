"""An object full of rows to objects full of answers, in bounded memory.

    objects/<its name>.<digest>/00000.jsonl, 00001.jsonl, …, done.json

A line answers a row: `{"row": 17, "prediction": …, "version": …}`, or `{"row": 17, "errors": […]}`
for a row that the model does not take.  Where a part begins depends on the object alone, so that
whoever is interrupted leaves whole parts behind, and whoever repeats goes on after them; the
digest tells one revision of the object from another.  `done.json` goes last.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import msgspec

from spyhop.core.schema import schema_from_json
from spyhop.errors import ConfigError, InvalidRequest
from spyhop.records import ObjectName
from spyhop.row_files import BadRow, Rows, rows_in
from spyhop.service import Service
from spyhop.stores import Store, checked_key

# A part is full when it has one of these: few enough for the memory of a small function.
ROWS_A_PART = 5000
BYTES_A_PART = 4 * 1024 * 1024
LONGEST_NAME = 80

_REFUSED = re.compile(rb'^\{"row":\d+,"errors":', re.MULTILINE)


# Returns the pieces of the very revision that is named, or None if it is gone.
Read = Callable[[ObjectName], Iterator[bytes] | None]


def score_object(service: Service, read: Read, output: Store, name: ObjectName) -> None:
    """Write the answers to the rows of the object `name`, unless they are there.

    Raises:
        InvalidRequest: it is no file of rows, or is gone; what was read of it is answered.
        SpyhopError: a store or the model is not there; a repetition goes on.
    """
    folder = folder_of(name)
    if output.head(f"{folder}/done.json") is not None:
        return
    schema = schema_from_json(service.metadata()["schema"])
    rows = rows_in(name.key, _pieces(read, name), schema)
    n_rows = refused = part = 0
    while chunk := _chunk(rows):
        body = _part(service, output, f"{folder}/{part:05d}.jsonl", chunk, n_rows, folder)
        n_rows, refused, part = n_rows + len(chunk), refused + len(_REFUSED.findall(body)), part + 1
    done = {"object": f"{name.bucket}/{name.key}", "revision": name.revision}
    counts = {"rows": n_rows, "refused": refused, "parts": part}
    output.create(f"{folder}/done.json", msgspec.json.encode({**done, **counts}))


def folder_of(name: ObjectName) -> str:
    """Return where the answers to this revision of an object go, below the output."""
    whole = f"{name.bucket}\n{name.key}\n{name.revision}".encode("utf-8", "replace")
    readable = re.sub(r"[^A-Za-z0-9._-]", "_", name.key.rpartition("/")[2])[:LONGEST_NAME]
    return f"objects/{readable}.{hashlib.sha256(whole).hexdigest()[:16]}"


def _pieces(read: Read, name: ObjectName) -> Iterator[bytes]:
    try:
        checked_key(name.key)
    except ConfigError as error:
        raise InvalidRequest("the object's key has an empty part, a backslash or a ~") from error
    pieces = read(name)
    if pieces is None:
        raise InvalidRequest("the object is gone, or was written anew, of which it told us too")
    return pieces


def _chunk(rows: Rows) -> list[Any | BadRow]:
    """Return the rows of the next part; none at the end."""
    chunk, n_bytes = [], 0
    for row, row_bytes in islice(rows, ROWS_A_PART):
        chunk.append(row)
        n_bytes += row_bytes
        if n_bytes >= BYTES_A_PART:
            break
    return chunk


def _part(
    service: Service, output: Store, key: str, chunk: Sequence[Any], first: int, request: str
) -> bytes:
    """Return the part at `key`, written unless it is there."""
    written = output.get(key)
    if written is not None:
        return written
    answers = _answers(service, chunk, first, request)
    body = b"".join(msgspec.json.encode(answer) + b"\n" for answer in answers)
    output.create(key, body)
    return body


def _answers(
    service: Service, chunk: Sequence[Any], first: int, request: str
) -> Iterable[dict[str, Any]]:
    numbered = list(enumerate(chunk, first))
    good = [(number, row) for number, row in numbered if not isinstance(row, BadRow)]
    found = {
        number: [{"column": None, "reason": row.reason}]
        for number, row in numbered
        if isinstance(row, BadRow)
    }
    answered = {answer["row"]: answer for answer in _predicted(service, good, request)}
    for number, _ in numbered:
        if number in found:
            yield {"row": number, "errors": found[number]}
        else:
            yield answered[number]


def _predicted(
    service: Service, rows: Sequence[tuple[int, Any]], request: str
) -> Iterator[dict[str, Any]]:
    """Return an answer to each of the numbered `rows`; halves are asked alone if one refuses."""
    if not rows:
        return
    first = rows[0][0]
    try:
        reply = service.predict(
            {"instances": [row for _, row in rows]}, f"{request}/{first}", request
        )
    except InvalidRequest as error:
        if len(rows) == 1:
            problems = [{"column": p.column, "reason": p.reason} for p in error.problems]
            yield {"row": first, "errors": problems or [{"column": None, "reason": str(error)}]}
            return
        half = len(rows) // 2
        yield from _predicted(service, rows[:half], request)
        yield from _predicted(service, rows[half:], request)
        return
    for (number, _), prediction in zip(rows, reply["predictions"], strict=True):
        yield {"row": number, "prediction": prediction, "version": reply["model"]["version"]}
