"""What every store promises; each driver runs the same tests."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from spyhop.errors import ConfigError, StoreUnavailable
from spyhop.stores import open_store


@pytest.fixture(params=["file"])
def driver(request, tmp_path):
    return open_store(f"file://{tmp_path}/root")


def test_an_object_comes_back_as_it_was_written(driver):
    body = bytes(range(256)) * 1000

    assert driver.create("a/b/c.bin", body)
    assert driver.get("a/b/c.bin") == body
    assert driver.head("a/b/c.bin") == len(body)


def test_an_empty_object_is_an_object(driver):
    assert driver.create("empty", b"")
    assert driver.get("empty") == b""
    assert driver.head("empty") == 0


def test_what_is_not_there_is_none(driver):
    driver.create("a/b", b"1")

    assert driver.get("a/c") is None
    assert driver.get("a") is None
    assert driver.get("a/b/c") is None
    assert driver.head("a") is None


def test_an_object_is_never_replaced(driver):
    driver.create("key", b"first")

    assert driver.create("key", b"second") is False
    assert driver.get("key") == b"first"


def test_of_many_writers_exactly_one_creates_the_object(driver):
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
    "key", ["../up", "a/../../b", "/etc/passwd", "a//b", ".", "a\\b", "a\0b", "a~b"]
)
def test_a_key_that_leaves_the_root_is_refused(driver, key):
    for call in (driver.get, driver.head, lambda key: driver.create(key, b"")):
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


def test_a_kind_of_url_that_has_no_driver_is_named():
    with pytest.raises(ConfigError, match=r"got the store ftp://"):
        open_store("ftp://host/root")
