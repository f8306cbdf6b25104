"""The environment, read once at the edge into a frozen value.  Only the roots call this."""

from collections.abc import Mapping

from msgspec import Struct

from spyhop.core.names import NAME_RULE, is_channel, is_model_name
from spyhop.errors import ConfigError
from spyhop.stores import DEFAULT_PATIENCE_S

DEFAULT_REFRESH_S = 60
# Lambda gives 512 MB of /tmp.
DEFAULT_CACHE_BYTES = 400_000_000

# The only place where a function may write, on both clouds.
TEMPORARY = "/tmp"  # noqa: S108 - what lies there is verified each time it is read
CACHE = "spyhop-cache"


class Settings(Struct, frozen=True):
    """Where a function finds its model: `model` in `channel`, below the store `root`.

    `trusted_types` are full names of types beyond scikit-learn's own that it may construct;
    `features` is the path of the feature module deployed with it.  Where there are
    `trusted_keys`, one of these Ed25519 public keys must have signed what is served.  A newer
    release is looked for every `refresh_s`; a caller waits `patience_s` for the first one to be
    read.  What no caller waits for is answered into the store `answers`: `output`, or a folder
    in the model's `home`.  Large files lie in at most `cache_bytes` of disk.  `allow_pickle`:
    whether a model may be a pickle, which runs whatever code it holds.
    """

    root: str
    model: str
    channel: str
    trusted_types: frozenset[str] = frozenset()
    features: str | None = None
    trusted_keys: tuple[bytes, ...] = ()
    refresh_s: int = DEFAULT_REFRESH_S
    patience_s: int = DEFAULT_PATIENCE_S
    cache_bytes: int = DEFAULT_CACHE_BYTES
    cache_folder: str = f"{TEMPORARY}/{CACHE}"
    allow_pickle: bool = False
    output: str = ""

    @property
    def answers(self) -> str:
        """The URL below which answers are kept that no caller waits for."""
        return self.output.rstrip("/") or f"{self.home}/answers/{self.channel}"

    @property
    def home(self) -> str:
        """The URL below which everything of the model lies."""
        return f"{self.root.rstrip('/')}/{self.model}"


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Return the settings in `environ`.

    SPYHOP_ROOT, SPYHOP_MODEL; SPYHOP_CHANNEL (production if unset); SPYHOP_TRUSTED_TYPES
    (names with commas between them, none if unset); SPYHOP_FEATURES (a file, none if unset);
    SPYHOP_TRUSTED_KEYS (public keys with commas, none if unset); SPYHOP_REFRESH_S (60);
    SPYHOP_PATIENCE_S (10; less than the platform gives a call);
    SPYHOP_OUTPUT (a store's URL, the model's own answers/<channel> if unset);
    SPYHOP_CACHE_BYTES (400,000,000; 0 keeps all in memory), of the disk at TMPDIR;
    SPYHOP_ALLOW_PICKLE (1: a model may be a pickle; 0, or unset: it may not).

    Raises:
        ConfigError: a variable is absent or is no name.
    """
    settings = Settings(
        root=_required(environ, "SPYHOP_ROOT", "the store's root: s3://…, gs://… or a folder"),
        model=_required(environ, "SPYHOP_MODEL", "the model's name"),
        channel=environ.get("SPYHOP_CHANNEL", "production"),
        trusted_types=frozenset(names_in(environ, "SPYHOP_TRUSTED_TYPES")),
        features=features_in(environ),
        trusted_keys=keys_in(environ),
        refresh_s=number_in(environ, "SPYHOP_REFRESH_S", DEFAULT_REFRESH_S),
        patience_s=max(1, number_in(environ, "SPYHOP_PATIENCE_S", DEFAULT_PATIENCE_S)),
        cache_bytes=number_in(environ, "SPYHOP_CACHE_BYTES", DEFAULT_CACHE_BYTES),
        cache_folder=f"{environ.get('TMPDIR') or TEMPORARY}/{CACHE}",
        allow_pickle=is_on(environ, "SPYHOP_ALLOW_PICKLE"),
        output=environ.get("SPYHOP_OUTPUT", ""),
    )
    if not is_model_name(settings.model):
        raise ConfigError(f"SPYHOP_MODEL is no model name; expected {NAME_RULE}")
    if not is_channel(settings.channel):
        raise ConfigError("SPYHOP_CHANNEL is no channel; expected for example production")
    return settings


def patience_in(environ: Mapping[str, str]) -> int:
    """Return what `read_settings` will, or the default where that will raise."""
    try:
        return max(1, number_in(environ, "SPYHOP_PATIENCE_S", DEFAULT_PATIENCE_S))
    except ConfigError:
        return DEFAULT_PATIENCE_S


def _required(environ: Mapping[str, str], name: str, meaning: str) -> str:
    value = environ.get(name)
    if not value:
        raise ConfigError(f"{name} is not set; expected {meaning}. Set it on the function.")
    return value


def names_in(environ: Mapping[str, str], name: str) -> list[str]:
    """Return the names in a variable, which has spaces or commas between them."""
    return environ.get(name, "").replace(",", " ").split()


def keys_in(environ: Mapping[str, str]) -> tuple[bytes, ...]:
    """Return the trusted public keys in SPYHOP_TRUSTED_KEYS.

    Raises:
        ConfigError: one of them is none, or the variable is there and empty: a deployment that
            lost its keys must not trust everybody.
    """
    if "SPYHOP_TRUSTED_KEYS" not in environ:
        return ()
    names = names_in(environ, "SPYHOP_TRUSTED_KEYS")
    if not names:
        raise ConfigError("SPYHOP_TRUSTED_KEYS is empty; expected public keys, or no such variable")
    from spyhop.signatures import key_from_text  # only those who trust keys pay for it

    return tuple(map(key_from_text, names))


def is_on(environ: Mapping[str, str], name: str) -> bool:
    """Return whether a variable says yes.

    Raises:
        ConfigError: it is neither 0 nor 1.
    """
    value = environ.get(name) or "0"
    if value not in ("0", "1"):
        raise ConfigError(f"{name} is neither 0 nor 1; expected 1 to say yes, or nothing")
    return value == "1"


def features_in(environ: Mapping[str, str]) -> str | None:
    """Return the path of the feature module in SPYHOP_FEATURES, None if there is none."""
    return environ.get("SPYHOP_FEATURES") or None


def number_in(environ: Mapping[str, str], name: str, default: int) -> int:
    """Return the whole number in a variable, `default` if it is unset.

    Raises:
        ConfigError: it is something else.
    """
    text = environ.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise ConfigError(f"{name} is no whole number; expected for example {default}")
    return int(text)
