"""Publishing and promoting: nothing half-published is seen, nobody's release is lost."""

import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest

from spyhop.errors import ArtifactError, ConfigError, Conflict
from spyhop.promotion import Channel
from spyhop.publishing import publish
from spyhop.releases import channels, current_release, releases
from spyhop.stores.local import LocalStore
from spyhop.versions import models, read_version, versions


def channel(store, name="production", by="ada"):
    return Channel(store, "whales", name, by=by, at="2026-11-23T10:00:00+00:00")


class FailsAfter(LocalStore):
    """A store whose publisher dies before the write number `writes`."""

    def __init__(self, folder, writes):
        super().__init__(folder)
        self.left = writes

    def create(self, key, body):
        if self.left == 0:
            raise KeyboardInterrupt
        self.left -= 1
        return super().create(key, body)


def test_a_published_version_is_found_and_is_the_bundle(store, whales):
    version = publish(store, whales.folder)

    assert versions(store, "whales") == [version]
    assert models(store) == ["whales"]
    assert read_version(store, "whales", version).files == whales.bundle.files


def test_publishing_again_changes_nothing(store, whales):
    publish(store, whales.folder)
    before = {key: store.get(key) for key in store.list("")}

    publish(store, whales.folder)

    assert {key: store.get(key) for key in store.list("")} == before


@pytest.mark.parametrize("writes", [0, 1, 2, 3])
def test_a_publisher_that_dies_leaves_no_version_and_the_next_one_finishes(
    tmp_path, whales, writes
):
    with pytest.raises(KeyboardInterrupt):
        publish(FailsAfter(tmp_path / "store", writes), whales.folder)
    store = LocalStore(tmp_path / "store")
    assert versions(store, "whales") == []

    version = publish(store, whales.folder)

    assert read_version(store, "whales", version).files == whales.bundle.files


def test_another_content_under_the_same_version_is_a_conflict(store, whales):
    store.create(f"whales/versions/{whales.bundle.version}/model.onnx", b"something else")

    with pytest.raises(Conflict, match=r"model.onnx .* holds something else"):
        publish(store, whales.folder)


def test_a_damaged_bundle_is_not_published(store, whales, tmp_path):
    folder = shutil.copytree(whales.folder, tmp_path / "copy")
    (folder / "model.onnx").write_bytes(b"damaged")

    with pytest.raises(ArtifactError):
        publish(store, folder)

    assert store.list("") == []


def test_a_channel_serves_what_was_promoted_last_and_remembers_the_rest(store, whales, mixed):
    version = publish(store, whales.folder)
    channel(store).promote(version, "first")
    second = channel(store).promote(version, "again")

    assert current_release(store, "whales", "production") == second
    assert [entry.number for entry in releases(store, "whales", "production")] == [1, 2]
    assert second.weights == {version: 100}
    assert (second.by, second.why) == ("ada", "again")


def test_a_channel_below_another_is_a_channel_of_its_own(store, whales):
    version = publish(store, whales.folder)
    channel(store, "production/eu").promote(version, "")

    assert channels(store, "whales") == ["production/eu"]
    with pytest.raises(ConfigError, match='Nothing is released in channel "production"'):
        current_release(store, "whales", "production")


def test_of_two_promoters_at_once_each_gets_its_own_number_or_a_conflict(store, whales):
    version = publish(store, whales.folder)

    def attempt(who):
        try:
            return channel(store, by=who).promote(version, "").number
        except Conflict:
            return None

    with ThreadPoolExecutor(8) as pool:
        numbers = [n for n in pool.map(attempt, map(str, range(16))) if n is not None]

    journal = releases(store, "whales", "production")
    assert sorted(numbers) == [entry.number for entry in journal]
    assert [entry.number for entry in journal] == list(range(1, len(journal) + 1))


def test_second_promoter_gets_conflict_and_channel_is_unchanged(store, whales):
    version = publish(store, whales.folder)

    class Raced(LocalStore):
        """Someone else writes the entry between our look and our write."""

        def create(self, key, body):
            super().create(key, body.replace(b'"ada"', b'"bob"'))
            return super().create(key, body)

    with pytest.raises(Conflict, match="someone else made release 1"):
        channel(Raced(store._root)).promote(version, "")

    assert current_release(store, "whales", "production").by == "bob"


def test_a_version_that_does_not_exist_is_refused_with_the_newest_ones(store, whales):
    version = publish(store, whales.folder)

    with pytest.raises(ArtifactError, match=f"Newest three: {version}"):
        channel(store).promote("2026-01-01-0123456789abcdef", "")

    assert channels(store, "whales") == []


@pytest.mark.parametrize("model", ["", "..", "a/b", "Whales", "a b"])
def test_a_name_that_could_climb_out_of_its_folder_is_refused(store, model):
    with pytest.raises(ConfigError):
        current_release(store, model, "production")


def test_what_someone_else_left_in_a_channels_folder_is_not_an_entry(store, whales):
    version = publish(store, whales.folder)
    for name in (".DS_Store", "README.json", "00000009.json.bak", "123.json"):
        store.create(f"whales/channels/production/{name}", b"not ours")

    assert channel(store).promote(version, "").number == 1


def test_a_bundle_copied_to_another_models_place_is_refused(store, whales):
    version = publish(store, whales.folder)
    for key in store.list("whales/"):
        store.create(key.replace("whales/", "churn/", 1), store.get(key))

    with pytest.raises(ArtifactError, match=r'of model "churn" .* is a bundle of "whales"'):
        read_version(store, "churn", version)


@pytest.mark.parametrize(
    "body",
    [b'{"format": 1, "number": 1}', b'"text"', b"", b"\xff", b'{"format": 1, "weights": 5}'],
)
def test_an_entry_that_spyhop_did_not_write_is_refused(store, body):
    store.create("whales/channels/production/00000001.json", body)

    with pytest.raises(ArtifactError, match="not an entry that spyhop wrote"):
        current_release(store, "whales", "production")
