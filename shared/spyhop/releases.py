"""The journal of a channel, read: which versions serve, and what served before.

A channel is a journal, one numbered object an entry, each created only if its number is still
free (`promotion.py`).  So promotion is a compare-and-swap on every store, history costs
nothing, and going back is one more entry.

    <model>/channels/<channel>/00000007.json
"""

import re

import msgspec

from spyhop.core.journal import Release
from spyhop.core.names import NAME_RULE, is_channel, is_model_name, is_version
from spyhop.errors import ArtifactError, ConfigError
from spyhop.stores import Store

FORMAT = 1

_ENTRY = re.compile(r"\d{8}\.json")


class _Format(msgspec.Struct):
    format: int


def current_release(store: Store, model: str, channel: str) -> Release:
    """Return the newest entry of the channel's journal.

    Raises:
        ConfigError: nothing was ever promoted to this channel.
    """
    number = last_number(store, model, channel)
    if number == 0:
        raise nothing_released(store, model, channel)
    return entry(store, model, channel, number)


def releases(store: Store, model: str, channel: str) -> list[Release]:
    """Return the channel's whole journal, oldest first."""
    last = last_number(store, model, channel)
    return [entry(store, model, channel, number) for number in range(1, last + 1)]


def channels(store: Store, model: str) -> list[str]:
    """Return the names of the model's channels, in alphabetical order."""
    prefix = f"{model}/channels/"
    keys = store.list(prefix)
    return sorted({key[len(prefix) :].rpartition("/")[0] for key in keys if _is_entry(key)})


def last_number(store: Store, model: str, channel: str) -> int:
    """Return the number of the channel's newest entry, 0 if it has none."""
    _check(model, channel)
    prefix = f"{model}/channels/{channel}/"
    names = (key[len(prefix) :] for key in store.list(prefix))
    # Whatever else lies there is not ours: production/eu is a channel of its own.
    return max((int(name[:8]) for name in names if _ENTRY.fullmatch(name)), default=0)


def entry(store: Store, model: str, channel: str, number: int) -> Release:
    """Return one entry of the journal.

    Raises:
        ArtifactError: it is not what spyhop writes.
    """
    body = store.get(entry_key(model, channel, number)) or b""
    try:
        if msgspec.json.decode(body, type=_Format).format != FORMAT:
            raise ArtifactError(
                f"release {number} of {model} in {channel} has a format this spyhop does not "
                f"read (it reads {FORMAT}). Deploy a newer spyhop."
            )
        release = msgspec.json.decode(body, type=Release)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _not_ours(model, channel, number, str(error)) from error
    if release.number != number or not all(map(is_version, release.versions)):
        raise _not_ours(model, channel, number, "another number, or no version")
    if sum(release.weights.values()) != 100 or min(release.weights.values()) < 0:
        raise _not_ours(model, channel, number, "its weights are not 100 together")
    return release


def entry_key(model: str, channel: str, number: int) -> str:
    """Return the key of one entry of the journal."""
    return f"{model}/channels/{channel}/{number:08d}.json"


def nothing_released(store: Store, model: str, channel: str) -> ConfigError:
    """Return the error of a channel without an entry."""
    return ConfigError(
        f'Nothing is released in channel "{channel}" of model "{model}" in {store.url}. '
        f"Promote a version: spyhop promote {model} VERSION --channel {channel}"
    )


def _is_entry(key: str) -> bool:
    return _ENTRY.fullmatch(key.rpartition("/")[2]) is not None


def _not_ours(model: str, channel: str, number: int, why: str) -> ArtifactError:
    return ArtifactError(
        f"release {number} of {model} in {channel} is not an entry that spyhop wrote "
        f"({why}). Promote a version again."
    )


def _check(model: str, channel: str) -> None:
    if not is_model_name(model):
        raise ConfigError(f"got a model name outside the rule; expected {NAME_RULE}")
    if not is_channel(channel):
        raise ConfigError("got no channel's name; expected for example production")
