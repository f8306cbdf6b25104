"""What every store promises; each driver runs the same tests."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from spyhop.errors import ConfigError, StoreUnavailable
from spyhop.stores import open_lean_store, open_store

# The server that each cloud driver talks to; each cloud has an SDK's and a lean driver.
SERVERS = {"localstack": "s3", "moto_s3": "s3", "gcs_server": "gs"}
CLOUD = [
    pytest.param((family, server), id=f"{family}-{server}", marks=pytest.mark.server)
    for server in SERVERS
    for family in ("sdk", "lean")
]
# moto promises nothing about races.
ATOMIC = [pytest.param("file"), *(param for param in CLOUD if "moto" not in param.id)]


def open_driver(param, request, tmp_path, monkeypatch):
    if param == "file":
        return open_store(f"file://{tmp_path}/root")
    family, name = param
    server = request.getfixturevalue(name)
    for variable, value in server.environ.items():
        monkeypatch.setenv(variable, value)
    url = f"{SERVERS[name]}://{server.new_bucket()}/some/prefix"
    return open_store(url) if family == "sdk" else open_lean_store(url, os.environ)


@pytest.fixture(params=["file", *CLOUD])
def driver(request, tmp_path, monkeypatch):
    return open_driver(request.param, request, tmp_path, monkeypatch)


@pytest.fixture(params=ATOMIC)
def atomic_driver(request, tmp_path, monkeypatch):
    return open_driver(request.param, request, tmp_path, monkeypatch)


@pytest.fixture(params=["file", *(param for param in CLOUD if "sdk" in param.id)])
def erasable_driver(request, tmp_path, monkeypatch):
    return open_driver(request.param, request, tmp_path, monkeypatch)


@pytest.mark.server
def test_a_functions_cloud_driver_cannot_remove(moto_s3, monkeypatch):
    for variable, value in moto_s3.environ.items():
        monkeypatch.setenv(variable, value)

    assert not hasattr(open_lean_store("s3://bucket", os.environ), "delete")


@pytest.mark.server
def test_googles_sdk_driver_reads_writes_and_lists_on_another_emulator_too(
    gcs_emulator, monkeypatch
):
    for variable, value in gcs_emulator.environ.items():
        monkeypatch.setenv(variable, value)
    driver = open_store(f"gs://{gcs_emulator.new_bucket()}/models")

    assert driver.create("a/b", b"body")
    assert driver.get("a/b") == b"body"
    assert driver.get("a/c") is None
    assert driver.head("a/b") == 4
    assert driver.list("a/") == ["a/b"]


def test_an_object_comes_back_as_it_was_written(driver):
    body = bytes(range(256)) * 1000

    assert driver.create("a/b/c.bin", body)
    assert driver.get("a/b/c.bin") == body
    assert b"".join(driver.stream("a/b/c.bin")) == body
    assert driver.head("a/b/c.bin") == len(body)


def test_an_empty_object_is_an_object(driver):
    assert driver.create("empty", b"")
    assert driver.get("empty") == b""
    assert b"".join(driver.stream("empty")) == b""
    assert driver.head("empty") == 0


def test_what_is_not_there_is_none(driver):
    driver.create("a/b", b"1")

    assert driver.list("nothing/") == []
    assert driver.get("a/c") is None
    assert driver.stream("a/c") is None
    assert driver.get("a") is None
    assert driver.get("a/b/c") is None
    assert driver.head("a") is None


def test_an_object_is_never_replaced(driver):
    driver.create("key", b"first")

    assert driver.create("key", b"second") is False
    assert driver.get("key") == b"first"


def test_of_many_writers_exactly_one_creates_the_object(atomic_driver):
    driver = atomic_driver
    with ThreadPoolExecutor(8) as pool:
        bodies = [str(i).encode() for i in range(32)]
        created = list(pool.map(lambda body: driver.create("raced", body), bodies))

    assert created.count(True) == 1
    assert driver.get("raced") == bodies[created.index(True)]


def test_keys_are_listed_by_prefix_in_order(driver):
    for key in ("b/2", "a/1", "b/10", "b/sub/x", "bb/1"):
        driver.create(key, b"")

    assert driver.list("b/") == ["b/10", "b/2", "b/sub/x"]
    assert driver.list("b") == ["b/10", "b/2", "b/sub/x", "bb/1"]
    assert driver.list("") == ["a/1", "b/10", "b/2", "b/sub/x", "bb/1"]
    assert driver.list("none/") == []


@pytest.mark.parametrize(
    "key", ["../up", "a/../../b", "/etc/passwd", "a//b", ".", "a\\b", "a\0b", "a\nb", "a~b"]
)
def test_a_key_that_leaves_the_root_is_refused(driver, key):
    for call in (driver.get, driver.stream, driver.head, lambda key: driver.create(key, b"")):
        with pytest.raises(ConfigError):
            call(key)


def test_a_folder_with_spaces_and_other_letters_is_found_by_its_own_url(tmp_path):
    store = open_store(str(tmp_path / "mö dels"))
    store.create("key", b"1")

    assert open_store(store.url).get("key") == b"1"


@pytest.mark.parametrize("url", ["file://elsewhere/models", "file://models"])
def test_a_file_url_of_another_machine_is_refused(url):
    with pytest.raises(ConfigError, match="expected file:///"):
        open_store(url)


def test_a_half_written_object_is_never_seen(tmp_path):
    store = open_store(str(tmp_path))
    (tmp_path / ".unfinished~0123").write_bytes(b"half")

    assert store.list("") == []


def test_a_store_that_cannot_be_written_says_so_and_what_to_look_at(tmp_path):
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(StoreUnavailable, match="Check the folder and its disk"):
        open_store(str(tmp_path / "file")).create("key", b"")


def test_an_object_of_many_pieces_comes_whole(driver):
    body = os.urandom(9 * 1024 * 1024)
    driver.create("large", body)

    pieces = list(driver.stream("large"))

    assert len(pieces) > 1
    assert b"".join(pieces) == body


def test_a_prefix_is_part_of_the_root_and_of_no_key(driver):
    driver.create("models/a", b"")

    assert driver.list("") == ["models/a"]
    assert "prefix" not in driver.list("")[0]


def test_what_was_removed_is_not_there_and_can_be_removed_again(erasable_driver):
    driver = erasable_driver
    driver.create("key", b"1")

    driver.delete("key")
    driver.delete("key")

    assert driver.get("key") is None


@pytest.mark.server
@pytest.mark.parametrize("family", ["sdk", "lean"])
@pytest.mark.parametrize("name", SERVERS)
def test_a_bucket_that_does_not_exist_is_named(name, family, request, monkeypatch):
    server = request.getfixturevalue(name)
    for variable, value in server.environ.items():
        monkeypatch.setenv(variable, value)
    url = f"{SERVERS[name]}://no-such-bucket/models"
    store = open_store(url) if family == "sdk" else open_lean_store(url, os.environ)

    for call in (store.get, store.list, lambda key: store.create(key, b"")):
        with pytest.raises(ConfigError, match=f"there is no bucket for {url}"):
            call("a/b")


@pytest.mark.server
@pytest.mark.parametrize("family", ["sdk", "lean"])
def test_a_wrong_secret_is_a_configuration_error_that_names_the_way_out(
    family, moto_s3, monkeypatch
):
    bucket = moto_s3.new_bucket()
    for variable, value in {**moto_s3.environ, "AWS_SECRET_ACCESS_KEY": "wrong"}.items():
        monkeypatch.setenv(variable, value)
    url = f"s3://{bucket}"
    store = open_store(url) if family == "sdk" else open_lean_store(url, os.environ)

    for call in (store.get, store.list, lambda key: store.create(key, b"")):
        with pytest.raises(ConfigError, match=r"refused us at a.*docs/security.md"):
            call("a")


@pytest.mark.parametrize(
    ("scheme", "sdk", "extra"),
    [("s3", "boto3", "aws"), ("gs", "google-cloud-storage", "gcp")],
)
def test_a_missing_sdk_is_named_with_what_to_install(scheme, sdk, extra, monkeypatch):
    for module in ("boto3", "google.cloud.storage"):
        monkeypatch.setitem(sys.modules, module, None)
    for module in ("spyhop.stores.s3", "spyhop.stores.gcs"):
        monkeypatch.delitem(sys.modules, module, raising=False)

    with pytest.raises(ConfigError, match=rf'{sdk}.*pip install "spyhop\[{extra}\]"'):
        open_store(f"{scheme}://bucket")


@pytest.mark.parametrize("url", ["s3://", "gs:///prefix", "s3://bucket/../up"])
def test_a_cloud_url_without_a_bucket_or_that_climbs_is_refused(url):
    with pytest.raises(ConfigError):
        open_store(url)


def test_a_kind_of_url_that_has_no_driver_is_named():
    with pytest.raises(ConfigError, match=r"got the store ftp://"):
        open_store("ftp://host/root")
