"""Which names may become part of a path or a key: nothing that climbs out of its folder."""

import re

_MODEL = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}-[0-9a-f]{16}")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)+")
_CHANNEL = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}(/[a-z0-9][a-z0-9_-]{0,62})*")

NAME_RULE = "lower-case letters, digits, - and _, starting with a letter or digit, at most 63"


def is_model_name(name: str) -> bool:
    """Return whether `name` can name a model (`NAME_RULE`)."""
    return _MODEL.fullmatch(name) is not None


def is_version(version: str) -> bool:
    """Return whether `version` has the form of one: a date and 16 hex digits."""
    return _VERSION.fullmatch(version) is not None


def is_file_name(name: str) -> bool:
    """Return whether `name` can be a file of a bundle: no folder, no leading dot."""
    return _FILE.fullmatch(name) is not None


def is_channel(channel: str) -> bool:
    """Return whether `channel` can name a channel, e.g. production or production/eu."""
    return _CHANNEL.fullmatch(channel) is not None
