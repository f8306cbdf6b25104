"""The environment of a function, read once; what is wrong is named with its variable."""

import pytest

from spyhop.errors import ConfigError
from spyhop.settings import Settings, read_settings
from spyhop.signatures import key_text

LEAST = {"SPYHOP_ROOT": "s3://models", "SPYHOP_MODEL": "whales"}


def test_root_and_model_are_enough():
    assert read_settings(LEAST) == Settings("s3://models", "whales", "production")


def test_every_setting_is_read():
    keys = (b"a" * 32, b"b" * 32)
    environ = {
        **LEAST,
        "SPYHOP_CHANNEL": "production/eu",
        "SPYHOP_TRUSTED_TYPES": "ours.Step, ours.Other",
        "SPYHOP_FEATURES": "features.py",
        "SPYHOP_TRUSTED_KEYS": ",".join(map(key_text, keys)),
        "SPYHOP_REFRESH_S": "5",
        "SPYHOP_CACHE_BYTES": "0",
        "SPYHOP_ALLOW_PICKLE": "1",
        "TMPDIR": "/var/tmp",
    }

    assert read_settings(environ) == Settings(
        root="s3://models",
        model="whales",
        channel="production/eu",
        trusted_types=frozenset({"ours.Step", "ours.Other"}),
        features="features.py",
        trusted_keys=keys,
        refresh_s=5,
        cache_bytes=0,
        cache_folder="/var/tmp/spyhop-cache",
        allow_pickle=True,
    )


@pytest.mark.parametrize("absent", LEAST)
@pytest.mark.parametrize("value", [None, ""])
def test_what_is_absent_or_empty_is_named(absent, value):
    environ = {name: v for name, v in LEAST.items() if name != absent}
    if value is not None:
        environ[absent] = value

    with pytest.raises(ConfigError, match=f"{absent} is not set"):
        read_settings(environ)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SPYHOP_MODEL", "../other"),
        ("SPYHOP_CHANNEL", "production/../x"),
        ("SPYHOP_REFRESH_S", "soon"),
        ("SPYHOP_REFRESH_S", "-1"),
        ("SPYHOP_REFRESH_S", "1.5"),
        ("SPYHOP_REFRESH_S", "²"),
        ("SPYHOP_CACHE_BYTES", "9" * 5000),
        ("SPYHOP_ALLOW_PICKLE", "maybe"),
        ("SPYHOP_TRUSTED_KEYS", "ed25519:short"),
    ],
)
def test_a_value_that_is_none_is_refused_and_named(name, value):
    with pytest.raises(ConfigError, match=name):
        read_settings({**LEAST, name: value})


def test_a_refused_value_is_not_repeated():
    with pytest.raises(ConfigError) as refused:
        read_settings({**LEAST, "SPYHOP_TRUSTED_KEYS": "a-secret-by-mistake"})

    assert "a-secret-by-mistake" not in str(refused.value)


@pytest.mark.parametrize("value", ["", " ", ","])
def test_trusted_keys_that_are_empty_do_not_mean_that_all_are_trusted(value):
    environ = {"SPYHOP_ROOT": "r", "SPYHOP_MODEL": "m", "SPYHOP_TRUSTED_KEYS": value}

    with pytest.raises(ConfigError, match="SPYHOP_TRUSTED_KEYS is empty"):
        read_settings(environ)
