"""The environment, read once at the edge into a frozen value.  Only the roots call this."""

from collections.abc import Mapping
from dataclasses import dataclass

from spyhop.core.names import NAME_RULE, is_channel, is_model_name
from spyhop.errors import ConfigError


@dataclass(frozen=True)
class Settings:
    """Where a function finds its model: `model` in `channel`, below the store `root`.

    `trusted_types` are full names of types beyond scikit-learn's own that it may construct;
    `features` is the path of the feature module deployed with it.
    """

    root: str
    model: str
    channel: str
    trusted_types: frozenset[str] = frozenset()
    features: str | None = None


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Return the settings in `environ`.

    SPYHOP_ROOT, SPYHOP_MODEL; SPYHOP_CHANNEL (production if unset); SPYHOP_TRUSTED_TYPES
    (names with commas between them, none if unset); SPYHOP_FEATURES (a file, none if unset).

    Raises:
        ConfigError: a variable is absent or is no name.
    """
    settings = Settings(
        root=_required(environ, "SPYHOP_ROOT", "the store's root: a folder's path or file://…"),
        model=_required(environ, "SPYHOP_MODEL", "the model's name"),
        channel=environ.get("SPYHOP_CHANNEL", "production"),
        trusted_types=frozenset(environ.get("SPYHOP_TRUSTED_TYPES", "").replace(",", " ").split()),
        features=environ.get("SPYHOP_FEATURES") or None,
    )
    if not is_model_name(settings.model):
        raise ConfigError(f"SPYHOP_MODEL is no model name; expected {NAME_RULE}")
    if not is_channel(settings.channel):
        raise ConfigError("SPYHOP_CHANNEL is no channel; expected for example production")
    return settings


def _required(environ: Mapping[str, str], name: str, meaning: str) -> str:
    value = environ.get(name)
    if not value:
        raise ConfigError(f"{name} is not set; expected {meaning}. Set it on the function.")
    return value
