"""Old versions go; what anybody needs stays."""

import pytest

from spyhop.errors import ArtifactError
from spyhop.promotion import Channel
from spyhop.releases import current_release
from spyhop.retention import plan_pruning, prune
from spyhop.stores.local import LocalStore
from spyhop.versions import read_version, version_prefix, versions


def test_the_newest_stay_even_among_versions_of_one_day(store, four):
    plan = prune(store, "whales", keep=2)

    assert plan.removed == tuple(four[:2])
    assert plan.kept == tuple(four[2:])
    assert versions(store, "whales") == sorted(four[2:])


def test_nothing_of_a_removed_version_is_left(store, four):
    prune(store, "whales", keep=3)

    assert store.list(version_prefix("whales", four[0])) == []
    assert read_version(store, "whales", four[1])


def test_a_plan_removes_nothing(store, four):
    before = store.list("")

    assert plan_pruning(store, "whales", keep=0).removed == tuple(four)
    assert store.list("") == before


def test_what_any_channel_serves_stays(store, four, production):
    production.promote(four[0], "")
    Channel(store, "whales", "production/eu", by="", at="").promote(four[1], "")

    plan = prune(store, "whales", keep=0)

    assert plan.removed == tuple(four[2:])
    assert plan.needed == {four[0]: ("production",), four[1]: ("production/eu",)}


def test_a_canary_a_shadow_and_what_serves_beside_them_stay(store, four, production):
    production.promote(four[0], "")
    production.canary(four[1], 10, "")
    production.shadow(four[2], "")

    assert prune(store, "whales", keep=0).removed == (four[3],)


def test_what_a_channel_would_go_back_to_stays(store, four, production):
    for version in four[:3]:
        production.promote(version, "")

    plan = prune(store, "whales", keep=0)
    production.rollback("")

    assert plan.removed == (four[0], four[3])
    assert current_release(store, "whales", "production").version == four[1]


def test_what_served_before_stays_though_a_shadow_came_and_went_since(store, four, production):
    production.promote(four[0], "")
    production.promote(four[1], "")
    production.shadow(four[2], "")
    production.shadow(None, "")

    assert four[0] in plan_pruning(store, "whales", keep=0).kept


def test_what_was_gone_back_from_may_go(store, four, production):
    production.promote(four[0], "")
    production.promote(four[1], "")
    production.rollback("")

    assert four[1] in plan_pruning(store, "whales", keep=0).removed


def test_what_somebody_promotes_between_plan_and_deletion_stays(four, tmp_path, production):
    class Promoting(LocalStore):
        """Somebody promotes the second version while the first one is being removed."""

        def delete(self, key):
            if key == f"{version_prefix('whales', four[0])}manifest.json":
                production.promote(four[1], "")
            super().delete(key)

    store = Promoting(tmp_path / "store")

    plan = prune(store, "whales", keep=0)

    assert plan.removed == (four[0], four[2], four[3])
    assert plan.kept == (four[1],)
    assert plan.needed == {four[1]: ("production",)}
    assert read_version(store, "whales", four[1])


def test_an_entry_that_cannot_be_read_stops_the_pruning_before_anything_is_removed(
    store, four, production
):
    production.promote(four[0], "")
    store.create("whales/channels/production/00000002.json", b"not ours")

    with pytest.raises(ArtifactError, match="not an entry that spyhop wrote"):
        prune(store, "whales", keep=0)

    assert versions(store, "whales") == sorted(four)


def test_a_damaged_manifest_is_as_old_as_its_name_says(store, four):
    key = f"{version_prefix('whales', four[3])}manifest.json"
    store.delete(key)
    store.create(key, b"damaged")

    assert plan_pruning(store, "whales", keep=3).removed == (four[3],)
