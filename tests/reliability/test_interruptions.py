"""Publishers that are killed, promoters that race, replies that are lost: nothing is half done."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from spyhop.errors import Conflict
from spyhop.promotion import Channel
from spyhop.publishing import publish
from spyhop.releases import releases
from spyhop.stores import open_store
from spyhop.versions import read_version, versions
from tests.reliability.killed_publisher import MOMENTS
from tests.servers.faults import reply_lost
from tests.servers.faulty_proxy import FaultyProxy

PROMOTERS = 20
LATER = 8  # of them, who try a second time
SERVERS = {"localstack": "s3", "gcs_server": "gs"}
CLOUD = [pytest.param(server, marks=pytest.mark.server) for server in SERVERS]


def root_on(name, request, tmp_path, monkeypatch) -> str:
    """Return the URL of an empty root; the environment then has what its clients need."""
    if name == "file":
        return f"file://{tmp_path}/root"
    server = request.getfixturevalue(name)
    for variable, value in server.environ.items():
        monkeypatch.setenv(variable, value)
    return f"{SERVERS[name]}://{server.new_bucket()}/root"


@pytest.fixture(params=["file", *CLOUD])
def root(request, tmp_path, monkeypatch):
    return root_on(request.param, request, tmp_path, monkeypatch)


@pytest.fixture(params=["file", CLOUD[0]])
def killing_ground(request, tmp_path, monkeypatch):
    return root_on(request.param, request, tmp_path, monkeypatch)


def test_a_publisher_killed_at_any_write_leaves_a_whole_version_or_none(killing_ground, whales):
    writes = len(whales.bundle.files)
    program = (sys.executable, "-m", "tests.reliability.killed_publisher")

    said = subprocess.run(
        [*program, killing_ground, whales.folder, str(writes)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()

    victims = [(number, moment) for number in range(1, writes + 1) for moment in MOMENTS]
    assert said == [f"{number} {moment} {signal.SIGKILL}" for number, moment in victims]
    for number, moment in victims:
        store = open_store(f"{killing_ground}/{number}-{moment}")
        is_whole = (number, moment) == (writes, "after")
        assert versions(store, "whales") == ([whales.bundle.version] if is_whole else [])
        assert len(store.list("whales/")) == number - (moment == "before")

        version = publish(store, whales.folder)

        assert read_version(store, "whales", version).files == whales.bundle.files


class AtOnce:
    """A store whose writers wait for each other before each write, and so cross."""

    def __init__(self, store, together: Barrier) -> None:
        self._store = store
        self._together = together

    def __getattr__(self, name):
        return getattr(self._store, name)

    def create(self, key, body):
        self._together.wait(30)
        return self._store.create(key, body)


def promoter(store, who: str) -> Channel:
    return Channel(store, "whales", "production", by=who, at="2026-11-23T10:00:00+00:00")


def attempt(store, who: str, version: str):
    """Return who promoted, and the release they were told of or None for a conflict."""
    try:
        return who, promoter(store, who).promote(version, "")
    except Conflict:
        return who, None


def test_of_twenty_promoters_one_wins_each_number_and_the_journal_says_what_they_were_told(
    root, whales
):
    version = publish(open_store(root), whales.folder)
    stores = [open_store(root) for _ in range(PROMOTERS)]  # each has a client of its own
    together = Barrier(PROMOTERS)

    with ThreadPoolExecutor(PROMOTERS) as pool:
        names = [f"promoter {i}" for i in range(PROMOTERS)]
        crossing = [AtOnce(store, together) for store in stores]
        first = list(pool.map(attempt, crossing, names, [version] * PROMOTERS))
        later = [f"{name} again" for name in names[:LATER]]
        rest = list(pool.map(attempt, stores[:LATER], later, [version] * LATER))

    journal = releases(open_store(root), "whales", "production")
    won = [(who, release) for who, release in first + rest if release is not None]
    assert sum(release is not None for _, release in first) == 1
    assert [entry.number for entry in journal] == list(range(1, len(journal) + 1))
    assert sorted(won, key=lambda one: one[1].number) == [(e.by, e) for e in journal]


def test_two_publishers_of_the_same_bundle_at_once_agree(root, whales):
    together = Barrier(2)
    stores = [AtOnce(open_store(root), together) for _ in range(2)]

    with ThreadPoolExecutor(2) as pool:
        published = list(pool.map(publish, stores, [whales.folder] * 2))

    assert published == [whales.bundle.version] * 2
    store = open_store(root)
    assert read_version(store, "whales", published[0]).files == whales.bundle.files


@pytest.mark.server
@pytest.mark.parametrize(
    ("name", "endpoint", "write"),
    [
        ("moto_s3", "AWS_ENDPOINT_URL", "PUT /"),
        ("localstack", "AWS_ENDPOINT_URL", "PUT /"),
        ("gcs_server", "STORAGE_EMULATOR_HOST", "POST /upload/"),
    ],
)
def test_who_released_and_published_but_lost_the_reply_is_told_success(
    name, endpoint, write, whales, request, monkeypatch
):
    server = request.getfixturevalue(name)
    scheme = SERVERS.get(name, "s3")
    with FaultyProxy(server.endpoint) as proxy:
        for variable, value in {**server.environ, endpoint: proxy.endpoint}.items():
            monkeypatch.setenv(variable, value)
        store = open_store(f"{scheme}://{server.new_bucket()}/root")
        assert os.environ[endpoint] == proxy.endpoint

        with proxy.failing(reply_lost, write, first=1):
            version = publish(store, whales.folder)
            writes = [asked for asked in proxy.requests if write in asked]
        with proxy.failing(reply_lost, write, first=1):
            told = promoter(store, "ada").promote(version, "")
            attempts = [asked for asked in proxy.requests if write in asked]

    monkeypatch.setenv(endpoint, server.endpoint)
    assert len(writes) == len(whales.bundle.files) + 1
    assert len(attempts) == 2
    assert releases(open_store(store.url), "whales", "production") == [told]
