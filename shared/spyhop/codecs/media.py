"""Media types as content-type and accept write them (RFC 9110), read leniently."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

# A parameter's value is a token or a quoted text, which may hold commas and semicolons.
_PARTS = re.compile(r'(?:[^;"]|"(?:\\.|[^"\\])*"?)+')
_RANGES = re.compile(r'(?:[^,"]|"(?:\\.|[^"\\])*"?)+')

# More alternatives than any client has.
_MOST_RANGES = 50


class Media(NamedTuple):
    """A media type in lower case, its parameters by name in lower case."""

    name: str
    parameters: Mapping[str, str]


def media_in(text: str) -> Media:
    """Return the media type in `text`; parameters that make no sense are left out."""
    name, *rest = _PARTS.findall(text) or [""]
    pairs = (part.split("=", 1) for part in rest if "=" in part)
    return Media(name.strip().lower(), {k.strip().lower(): _plain(v) for k, v in pairs})


def acceptable(accept: str, offers: Sequence[str]) -> Media | None:
    """Return which of `offers` is liked best, with the parameters that were asked for it.

    Among equally liked ones a more exact range wins, then the one that was named first.
    """
    ranges = [media_in(text) for text in _RANGES.findall(accept)[:_MOST_RANGES]]
    refused = {media.name for media in ranges if not _quality(media)}
    liked = sorted((m for m in ranges if _quality(m)), key=lambda m: (-_quality(m), "*" in m.name))
    for media in liked:
        for offer in offers:
            if offer not in refused and _matches(media.name, offer):
                return Media(offer, media.parameters)
    return None


def _plain(value: str) -> str:
    return value.strip().strip('"').lower()


def _quality(media: Media) -> float:
    try:
        return float(media.parameters.get("q", 1))
    except ValueError:
        return 1.0


def _matches(wanted: str, offer: str) -> bool:
    if wanted in ("*/*", "*"):
        return True
    return wanted == offer or (wanted.endswith("/*") and offer.startswith(wanted[:-1]))
