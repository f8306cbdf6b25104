"""What each role needs of the store, as docs/security.md says, and nothing more."""

import json
import os
import re
from pathlib import Path

import pytest

from spyhop.errors import ConfigError
from spyhop.keys import new_key
from spyhop.promotion import Channel
from spyhop.publishing import publish
from spyhop.retention import prune
from spyhop.serving import ReleasedModels
from spyhop.settings import Settings
from spyhop.stores import open_lean_store, open_store
from spyhop.versions import version_prefix

PAGE = Path(__file__).parent.parent / "docs" / "security.md"


class ReadOnly:
    """A store that gets and lists, keeps a record of it, and can do nothing else."""

    def __init__(self, store):
        self.url = store.url
        self._store = store
        self.asked = set()

    def get(self, key):
        self.asked.add(key)
        return self._store.get(key)

    def stream(self, key):
        self.asked.add(key)
        return self._store.stream(key)

    def list(self, prefix):
        self.asked.add(prefix)
        return self._store.list(prefix)


def test_a_function_only_gets_and_lists_below_its_model(store, four_whales, tmp_path):
    ada = new_key(tmp_path / "key.pem")
    four = [publish(store, folder, signer=ada) for folder in four_whales]
    production = Channel(store, "whales", "production", by="", at="")
    production.promote(four[0], "")
    keys, cache = (b"k" * 32, ada.public_key), tmp_path / "cache"
    settings = Settings("", "whales", "production", trusted_keys=keys, cache_folder=cache)
    watched = ReadOnly(store)
    released = ReleasedModels(watched, settings)

    first = released.newest(None)
    production.canary(four[1], 10, "")
    production.shadow(four[2], "")
    second = released.newest(first)
    production.promote(four[3], "")
    store.delete(f"{version_prefix('whales', four[3])}model.onnx")
    third = released.newest(second)
    cold = ReleasedModels(watched, settings).newest(None)

    assert third.held_back == cold.held_back == 4
    assert all(key.startswith(("whales/versions/", "whales/channels/")) for key in watched.asked)


def policies():
    """Return the documented policies by role."""
    found = re.findall(r"`(\w+)`:\n+```json\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    return {role: json.loads(policy) for role, policy in found}


@pytest.fixture
def acting_as(moto_s3, monkeypatch):
    """Return a way to sign in as a user with a role's documented policy."""
    bucket = moto_s3.new_bucket()

    def sign_in(*roles):
        statements = [s for role in roles for s in policies()[role]["Statement"]]
        said = json.dumps({"Version": "2012-10-17", "Statement": statements})
        policy = json.loads(said.replace("BUCKET", bucket).replace("PREFIX", "models"))
        for variable, value in {**moto_s3.environ, **moto_s3.new_user(policy)}.items():
            monkeypatch.setenv(variable, value)
        return f"s3://{bucket}/models"

    return sign_in


@pytest.mark.server
def test_the_documented_policies_are_enough_and_no_more(acting_as, whales, tmp_path):
    url = acting_as("function", "publisher")
    version = publish(open_store(url), whales.folder)
    with pytest.raises(ConfigError, match="refused us"):
        Channel(open_store(url), "whales", "production", by="", at="").promote(version, "")

    url = acting_as("function", "promoter")
    Channel(open_store(url), "whales", "production", by="", at="").promote(version, "")
    with pytest.raises(ConfigError, match="refused us"):
        open_store(url).create(f"{version_prefix('whales', version)}x.json", b"")
    with pytest.raises(ConfigError, match="refused us"):
        open_store(url).delete("whales/channels/production/00000001.json")

    url = acting_as("function")
    lean = open_lean_store(url, os.environ)
    settings = Settings(url, "whales", "production", cache_folder=tmp_path)
    assert ReleasedModels(lean, settings).newest(None).release.version == version
    for key in ("whales/versions/x", "whales/channels/production/00000002.json", "other/x"):
        with pytest.raises(ConfigError, match="refused us"):
            lean.create(key, b"")
    with pytest.raises(ConfigError, match="refused us"):
        lean.get("other/versions/x/manifest.json")

    url = acting_as("function", "pruner")
    store = open_store(url)
    assert prune(store, "whales", keep=0).kept == (version,)
    store.delete(f"{version_prefix('whales', version)}golden.json")
    with pytest.raises(ConfigError, match="refused us"):
        store.delete("whales/channels/production/00000001.json")
