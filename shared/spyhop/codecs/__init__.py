"""The formats that rows come in and answers go out in, one small module each.

A codec turns bytes into a `Question` and an `Answered` into bytes.  What a row is, and whether
the model takes it, is decided behind all of them, once.
"""

from functools import cache
from importlib import import_module
from typing import Any, NamedTuple, Protocol, cast

from spyhop.codecs.media import Media, acceptable, media_in
from spyhop.core.question import Answered, Parameters, Question
from spyhop.errors import InvalidRequest

JSON = "application/json"


class Body(NamedTuple):
    """What was sent: its bytes, their media type, how many rows are too many, and the parameters
    that hold where the bytes name none."""

    content: bytes
    media: Media
    most_rows: int
    parameters: Parameters


class Codec(Protocol):
    """What each module of this package offers."""

    def read(self, body: Body) -> Question:
        """Return the question in `body`; InvalidRequest if it is not of this format."""

    def write(self, answered: Answered, media: Media) -> tuple[str, bytes]:
        """Return the content type and the bytes; InvalidRequest if this format cannot say it."""


# Media type → module; the first name of each is the one we tell.
_MODULES = {
    JSON: "json_document",
    "application/jsonlines": "json_lines",
    "text/csv": "csv_table",
    "application/x-npy": "numpy_arrays",
    "application/x-npz": "numpy_arrays",
    "application/x-ndjson": "json_lines",
    "application/jsonl": "json_lines",
    "application/x-jsonlines": "json_lines",
    "text/json": "json_document",
}
_TOLD = ", ".join([*list(_MODULES)[:5], "application/x-ndjson"])

# What clients send that were not told what they send: curl -d, fetch(), boto3.
_SAYS_NOTHING = ("application/x-www-form-urlencoded", "text/plain", "application/octet-stream")

_NO_MEDIA = Media(JSON, {})


def media_of(content_type: str | None) -> Media:
    """Return the media type of a request's body.

    Raises:
        InvalidRequest: it is none that is read here.
    """
    if not content_type or content_type == JSON:
        return _NO_MEDIA
    media = media_in(content_type)
    if media.name in _MODULES:
        return media
    if media.name in _SAYS_NOTHING:
        return _NO_MEDIA
    raise InvalidRequest(f"the content-type is not one that is read here: {_TOLD}", fault="type")


def wanted(accept: str | None) -> Media:
    """Return the media type to reply in: the one that `accept` likes best.

    Raises:
        InvalidRequest: it likes none that is written here.
    """
    if not accept or accept in ("*/*", JSON):
        return _NO_MEDIA
    media = acceptable(accept, list(_MODULES))
    if media is None:
        raise InvalidRequest(f"accept names no type that is written here: {_TOLD}", fault="accept")
    return media


def read(body: Body) -> Question:
    """Return the question in `body`.

    Raises:
        InvalidRequest: it is not what its media type says.
    """
    return _codec(body.media).read(body)


def write(answered: Answered, media: Media) -> tuple[str, bytes]:
    """Return the content type and the bytes of a reply in `media`, one of `wanted`'s.

    Raises:
        InvalidRequest: the format has no place for what was answered.
    """
    return _codec(media).write(answered, media)


def _codec(media: Media) -> Codec:
    return _module(_MODULES[media.name])


@cache
def _module(name: str) -> Codec:
    # Late: a function that only sees JSON starts without the others.
    codec: Any = import_module(f"spyhop.codecs.{name}")
    return cast(Codec, codec)
