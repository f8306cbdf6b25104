"""application/jsonlines: one row a line, an object by column name or a list in column order.

The reply has one answer a line, in the same order.
"""

import io
from itertools import islice
from typing import Any

import msgspec

from spyhop.codecs import Body
from spyhop.codecs.json_document import reason
from spyhop.codecs.media import Media
from spyhop.core.instances import check_number
from spyhop.core.question import Answered, Question
from spyhop.errors import InvalidRequest


def read(body: Body) -> Question:
    """See `Codec.read`."""
    lines = ((i, line) for i, line in enumerate(io.BytesIO(body.content), 1) if line.strip())
    # One more than allowed is enough to refuse: a small body may have millions of lines.
    taken = list(islice(lines, body.most_rows + 1))
    check_number(len(taken), body.most_rows)
    rows = [_row(number, line) for number, line in taken]
    return Question(lambda schema: rows, body.parameters)


def write(answered: Answered, media: Media) -> tuple[str, bytes]:
    """See `Codec.write`."""
    return media.name, msgspec.json.Encoder().encode_lines(answered.predictions)


def _row(number: int, line: bytes) -> Any:
    try:
        return msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequest(
            f"line {number} is not JSON ({reason(error)}), expected one row a line. "
            "NaN and Infinity are not JSON; send null where the model accepts missing values."
        ) from error
