"""The serving path in a process of its own: a bundle's folder and rows in, answers out.

`python -m spyhop.served FOLDER FEATURES PICKLE TYPE…` (FEATURES may be empty, PICKLE is yes or
no: whether the artefact may be one) reads one JSON list of
rows from standard input and writes one JSON list of answers.  `proof.py` runs it, so that what
is compared with scikit-learn is the serving path and nothing that training left in memory.
"""

import sys
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from spyhop.bundle import open_folder
from spyhop.core.answers import Prediction
from spyhop.deployment import deployment
from spyhop.errors import SpyhopError
from spyhop.model import Model, start_unproved

# A row must get the same answer alone, as most callers send it, and among many.
ROWS_ALONE = 50
ROWS_TOGETHER = 1000


def main(folder: str, features: str, pickle: str, trusted_types: Sequence[str]) -> int:
    """Answer the rows on standard input with the bundle in `folder`; return the exit code."""
    try:
        brought = deployment(trusted_types, features or None, pickle == "yes")
        model = start_unproved(open_folder(folder), brought)
        rows = msgspec.json.decode(sys.stdin.buffer.read())
        answers = [answer for some in portions(rows) for answer in _answers(model, some)]
    except SpyhopError as error:
        print(error, file=sys.stderr)
        return 1
    sys.stdout.buffer.write(msgspec.json.encode(answers))
    return 0


def _answers(model: Model, rows: list[Any]) -> list[Prediction]:
    """Return the answers as a request gets them: read the quick way if that takes the rows."""
    body = msgspec.json.encode({"instances": rows})
    found = model.predict_json(body, len(rows))
    return model.predict(rows) if found is None else found


def portions(rows: list[Any]) -> Iterator[list[Any]]:
    """Yield the first rows one by one and the others a thousand at a time."""
    for row in rows[:ROWS_ALONE]:
        yield [row]
    for first in range(ROWS_ALONE, len(rows), ROWS_TOGETHER):
        yield rows[first : first + ROWS_TOGETHER]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]))
