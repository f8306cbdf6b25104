"""application/json: `{"instances": [row, …], "parameters": {…}}` in, `{"predictions": …}` out."""

from typing import Any

import msgspec

from spyhop.codecs import JSON, Body
from spyhop.codecs.media import Media
from spyhop.core.question import Answered, Question, question_in
from spyhop.errors import InvalidRequest


def read(body: Body) -> Question:
    """See `Codec.read`."""
    return question_in(decoded(body.content), body.most_rows, body.parameters)


def write(answered: Answered, media: Media) -> tuple[str, bytes]:
    """See `Codec.write`."""
    return JSON, msgspec.json.encode(answered.to_json())


def decoded(body: bytes) -> Any:
    """Return the JSON value in `body`.

    Raises:
        InvalidRequest: it is none.
    """
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequest(
            f'the body is not JSON ({reason(error)}), expected {{"instances": [row, …]}}. '
            "NaN and Infinity are not JSON; send null where the model accepts missing values."
        ) from error


def reason(error: Exception) -> str:
    """Return why a text is not JSON, without the text."""
    if isinstance(error, UnicodeDecodeError):
        return f"byte {error.start} of a text is not UTF-8"
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return str(error)
