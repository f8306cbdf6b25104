"""What many tests stand on: small real models, packed once a run."""

from pathlib import Path

import pytest
from hypothesis import settings

from spyhop.promotion import Channel
from spyhop.publishing import publish
from spyhop.stores.local import LocalStore
from tests.forgery import another_version
from tests.models import Packed, mixed_model, whales_model

pytest_plugins = ["tests.servers.fixtures"]

# A busy machine is slow, not wrong; speed is measured in benchmarks/.
settings.register_profile("spyhop", deadline=None)
settings.load_profile("spyhop")


@pytest.fixture(scope="session")
def whales(tmp_path_factory) -> Packed:
    """A classifier with text labels on booleans, an integer, a number and a category."""
    return whales_model(tmp_path_factory.mktemp("whales") / "bundle")


@pytest.fixture(scope="session")
def mixed(tmp_path_factory) -> Packed:
    """A classifier that accepts missing numbers and categories."""
    return mixed_model(tmp_path_factory.mktemp("mixed") / "bundle")


@pytest.fixture(scope="session")
def four_whales(whales, tmp_path_factory) -> list[Path]:
    """Four bundles of the whales, packed within a second of each other."""
    folder = tmp_path_factory.mktemp("four")
    return [another_version(whales.folder, folder / str(i), i) for i in range(4)]


@pytest.fixture
def four(four_whales, store) -> list[str]:
    """Four versions of the whales in `store`, oldest first."""
    return [publish(store, folder) for folder in four_whales]


@pytest.fixture
def production(store) -> Channel:
    """The whales' channel in `store`."""
    return Channel(store, "whales", "production", by="ada", at="2026-11-24T10:00:00+00:00")


@pytest.fixture
def store(tmp_path) -> LocalStore:
    return LocalStore(tmp_path / "store")


@pytest.fixture(scope="session")
def released(whales, tmp_path_factory) -> dict[str, str]:
    """The environment of a function that serves the whales from a local store."""
    root = LocalStore(tmp_path_factory.mktemp("released"))
    release(root, whales.folder)
    return {"SPYHOP_ROOT": root.url, "SPYHOP_MODEL": "whales"}


def release(store: LocalStore, folder: Path, name: str = "whales") -> str:
    version = publish(store, folder)
    Channel(store, name, "production", by="a test", at="2026-11-23T10:00:00").promote(version, "")
    return version
