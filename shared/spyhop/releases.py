"""Versions in a store, and the channels that point at them.

A version is published file by file, its manifest last: without one it does not exist.  A
channel is a journal, one numbered object an entry, each created only if its number is still
free.  So promotion is a compare-and-swap on every store, history costs nothing, and going
back is one more entry.

    <model>/versions/<version>/manifest.json, schema.json, …
    <model>/channels/<channel>/00000007.json
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec

from spyhop.bundle import MANIFEST, Bundle, open_bundle, open_folder
from spyhop.core.names import NAME_RULE, is_channel, is_model_name, is_version
from spyhop.deployment import Deployment
from spyhop.errors import ArtifactError, ConfigError, Conflict
from spyhop.model import NOTHING, start
from spyhop.stores import Store

FORMAT = 1

_ENTRY = re.compile(r"\d{8}\.json")


@dataclass(frozen=True)
class Release:
    """One entry in a channel's journal.

    `weights` gives each version's share of the traffic, in percent; `action` says what made
    the entry ("promote"), `by`, `at` (ISO 8601, UTC) and `why` who, when and why.
    """

    number: int
    weights: Mapping[str, int]
    action: str
    by: str
    at: str
    why: str

    @property
    def version(self) -> str:
        """The one version that serves.

        Raises:
            ConfigError: the release splits the traffic, which this spyhop cannot.
        """
        if len(self.weights) != 1:
            raise ConfigError(
                f"release {self.number} splits the traffic over {len(self.weights)} versions; "
                "this spyhop serves one. Deploy a newer spyhop."
            )
        return next(iter(self.weights))


class _Format(msgspec.Struct):
    format: int


def publish(store: Store, folder: str | Path, brought: Deployment = NOTHING) -> str:
    """Copy the bundle in `folder` into `store` and return its version.

    The bundle is loaded and its golden rows are answered first: one that cannot serve is not
    published.  Publishing it again finishes a broken upload and changes nothing else.

    Raises:
        ArtifactError: the bundle is damaged or was never proved.
        Conflict: the store holds another content under this version.
    """
    bundle = open_folder(folder)
    start(bundle, brought)
    # The manifest goes last: a version without one is an interrupted upload.
    for name in sorted(bundle.files, key=lambda name: name == MANIFEST):
        key = f"{_version_prefix(bundle.name, bundle.version)}{name}"
        body = bundle.files[name]
        if not store.create(key, body) and store.get(key) != body:
            raise Conflict(
                f"{key} in {store.url} holds something else than this bundle. "
                "Nothing was replaced; look at who wrote it, and remove it by hand."
            )
    return bundle.version


def promote(
    store: Store, model: str, version: str, channel: str, *, by: str, at: str, why: str
) -> Release:
    """Make `version` the one that `channel` serves, and return the journal's new entry.

    Raises:
        ArtifactError: there is no such version, or it was never proved.
        Conflict: someone else released to the channel at the same moment.
    """
    _checked(model, channel)
    bundle = open_version(store, model, version)
    if bundle.parity is None:
        raise ArtifactError(f"{version} of {model} was never proved; pack and publish it again.")
    number = _last_number(store, model, channel) + 1
    release = Release(number, {version: 100}, "promote", by, at, why)
    body = msgspec.json.encode({"format": FORMAT, **asdict(release)})
    if not store.create(_entry_key(model, channel, number), body):
        raise Conflict(
            f"someone else made release {number} of {model} in {channel} first. Nothing was "
            "changed by this call; look at what serves now, then promote again."
        )
    return release


def current_release(store: Store, model: str, channel: str) -> Release:
    """Return the newest entry of the channel's journal.

    Raises:
        ConfigError: nothing was ever promoted to this channel.
    """
    _checked(model, channel)
    number = _last_number(store, model, channel)
    if number == 0:
        raise ConfigError(
            f'Nothing is released in channel "{channel}" of model "{model}" in {store.url}. '
            f"Promote a version: spyhop promote {model} VERSION --channel {channel}"
        )
    return _entry(store, model, channel, number)


def releases(store: Store, model: str, channel: str) -> list[Release]:
    """Return the channel's whole journal, oldest first."""
    _checked(model, channel)
    last = _last_number(store, model, channel)
    return [_entry(store, model, channel, number) for number in range(1, last + 1)]


def channels(store: Store, model: str) -> list[str]:
    """Return the names of the model's channels, in alphabetical order."""
    prefix = f"{model}/channels/"
    keys = store.list(prefix)
    return sorted({key[len(prefix) :].rpartition("/")[0] for key in keys})


def versions(store: Store, model: str) -> list[str]:
    """Return the model's published versions, oldest date first."""
    prefix = f"{model}/versions/"
    found = (key[len(prefix) :].split("/") for key in store.list(prefix))
    return sorted({parts[0] for parts in found if parts[1:] == [MANIFEST]})


def models(store: Store) -> list[str]:
    """Return the names of the models that have a published version, in alphabetical order."""
    return sorted({k.split("/")[0] for k in store.list("") if k.endswith(f"/{MANIFEST}")})


def open_version(store: Store, model: str, version: str) -> Bundle:
    """Return a published version, verified.

    Raises:
        ArtifactError: it does not exist (names the newest three), or is damaged.
    """
    prefix = _version_prefix(model, version)
    if not is_version(version) or store.head(f"{prefix}{MANIFEST}") is None:
        newest = ", ".join(versions(store, model)[-3:][::-1]) or "none"
        raise ArtifactError(
            f'No version "{version[:40]}" of model "{model}" in {store.url}. Newest three: '
            f"{newest}. List all: spyhop versions {model}"
        )
    bundle = open_bundle(lambda name: store.get(f"{prefix}{name}"), version)
    if bundle.name != model:
        raise ArtifactError(
            f'version "{version}" of model "{model}" in {store.url} is a bundle of '
            f'"{bundle.name}". Someone copied it there; publish it with spyhop publish.'
        )
    return bundle


def _version_prefix(model: str, version: str) -> str:
    return f"{model}/versions/{version}/"


def _entry_key(model: str, channel: str, number: int) -> str:
    return f"{model}/channels/{channel}/{number:08d}.json"


def _last_number(store: Store, model: str, channel: str) -> int:
    prefix = f"{model}/channels/{channel}/"
    names = (key[len(prefix) :] for key in store.list(prefix))
    # Whatever else lies there is not ours: production/eu is a channel of its own.
    return max((int(name[:8]) for name in names if _ENTRY.fullmatch(name)), default=0)


def _entry(store: Store, model: str, channel: str, number: int) -> Release:
    body = store.get(_entry_key(model, channel, number)) or b""
    try:
        if msgspec.json.decode(body, type=_Format).format != FORMAT:
            raise ArtifactError(
                f"release {number} of {model} in {channel} has a format this spyhop does not "
                f"read (it reads {FORMAT}). Deploy a newer spyhop."
            )
        return msgspec.json.decode(body, type=Release)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ArtifactError(
            f"release {number} of {model} in {channel} is not an entry that spyhop wrote "
            f"({error}). Promote a version again."
        ) from error


def _checked(model: str, channel: str) -> None:
    if not is_model_name(model):
        raise ConfigError(f"got a model name outside the rule; expected {NAME_RULE}")
    if not is_channel(channel):
        raise ConfigError("got no channel's name; expected for example production")
