"""The batch door, at its smallest: a bundle's folder and JSON rows in, JSON answers out.

`python -m spyhop.batch FOLDER` reads one JSON list of rows from standard input and writes one
JSON list of answers.  `proof.py` runs it in a process of its own, so that what is compared
with scikit-learn is the serving path and nothing that training left in memory.
"""

import sys
from collections.abc import Sequence
from typing import Any

import msgspec

from spyhop.bundle import open_folder
from spyhop.core.answers import Prediction
from spyhop.errors import SpyhopError
from spyhop.model import Model, start_unproved

ROWS_AT_ONCE = 1000


def predict_in_batches(model: Model, rows: Sequence[Any]) -> list[Prediction]:
    """Return one answer a row, computed a thousand rows at a time."""
    answers: list[Prediction] = []
    for first in range(0, len(rows), ROWS_AT_ONCE):
        answers += model.predict(list(rows[first : first + ROWS_AT_ONCE]))
    return answers


def main(folder: str, trusted_types: Sequence[str]) -> int:
    """Answer the rows on standard input with the bundle in `folder`; return the exit code."""
    try:
        model = start_unproved(open_folder(folder), frozenset(trusted_types))
        answers = predict_in_batches(model, msgspec.json.decode(sys.stdin.buffer.read()))
    except SpyhopError as error:
        print(error, file=sys.stderr)
        return 1
    sys.stdout.buffer.write(msgspec.json.encode(answers))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
