"""Promote, rollback, canary, shadow: what each makes of a channel, and what each refuses."""

import pytest

from spyhop.errors import ArtifactError, ConfigError
from spyhop.releases import current_release, releases
from spyhop.versions import version_prefix
from tests.forgery import another_version, rewrite


@pytest.fixture
def unproved(whales, tmp_path, store):
    """A version that someone put into the store by hand, without a proof."""
    folder = another_version(whales.folder, tmp_path / "unproved", 59)
    rewrite(folder, lambda manifest: manifest.update(parity=None))
    version = (folder / "VERSION").read_text()
    for path in folder.iterdir():
        store.create(f"{version_prefix('whales', version)}{path.name}", path.read_bytes())
    return version


def damage(store, version):
    key = f"{version_prefix('whales', version)}model.onnx"
    store.delete(key)
    store.create(key, b"damaged")


def now(store):
    release = current_release(store, "whales", "production")
    return dict(release.weights), release.shadow


def test_rollback_is_one_more_entry_and_loses_nothing(store, four, production):
    production.promote(four[0], "first")
    production.promote(four[1], "second")

    back = production.rollback("recall fell")

    assert now(store) == ({four[0]: 100}, None)
    assert (back.number, back.action, back.why) == (3, "rollback", "recall fell")
    assert len(releases(store, "whales", "production")) == 3


def test_rollback_twice_goes_back_twice_as_far_and_then_there_is_nothing(store, four, production):
    for version in four[:3]:
        production.promote(version, "")

    production.rollback("")
    production.rollback("")

    assert now(store) == ({four[0]: 100}, None)
    with pytest.raises(ConfigError, match="nothing to go back to"):
        production.rollback("")
    assert len(releases(store, "whales", "production")) == 5


def test_rollback_of_a_channel_without_a_release_says_how_to_make_one(four, production):
    with pytest.raises(ConfigError, match="Promote a version: spyhop promote whales"):
        production.rollback("")


def test_rollback_to_a_damaged_version_is_refused(store, four, production):
    production.promote(four[0], "")
    production.promote(four[1], "")
    damage(store, four[0])

    with pytest.raises(ArtifactError, match="does not match its manifest"):
        production.rollback("")

    assert now(store) == ({four[1]: 100}, None)


def test_a_damaged_shadow_keeps_nobody_from_going_back(store, four, production):
    production.promote(four[0], "")
    production.shadow(four[1], "")
    production.promote(four[2], "")
    damage(store, four[1])

    production.rollback("")

    assert now(store) == ({four[0]: 100}, four[1])


def test_a_canary_takes_its_share_and_promotion_ends_it(store, four, production):
    production.promote(four[0], "")

    production.canary(four[1], 10, "")
    assert now(store) == ({four[1]: 10, four[0]: 90}, None)

    production.promote(four[1], "")
    assert now(store) == ({four[1]: 100}, None)


def test_rollback_ends_a_canary(store, four, production):
    production.promote(four[0], "")
    production.canary(four[1], 10, "")

    production.rollback("")

    assert now(store) == ({four[0]: 100}, None)


def test_versions_keep_their_places_whichever_share_grows(store, four, production):
    production.promote(four[0], "")
    production.canary(four[1], 10, "")

    grown = production.canary(four[1], 40, "")
    turned = production.canary(four[0], 80, "")

    assert list(grown.weights.items()) == [(four[1], 40), (four[0], 60)]
    assert list(turned.weights.items()) == [(four[1], 20), (four[0], 80)]
    assert list(current_release(store, "whales", "production").weights) == [four[1], four[0]]


def test_a_second_different_canary_is_refused(store, four, production):
    production.promote(four[0], "")
    production.canary(four[1], 10, "")

    with pytest.raises(ConfigError, match=r"10 %.*90 %.*Promote one of them or roll back"):
        production.canary(four[2], 10, "")

    assert now(store) == ({four[1]: 10, four[0]: 90}, None)


def test_a_canary_of_what_serves_everybody_is_refused(four, production):
    production.promote(four[0], "")

    with pytest.raises(ConfigError, match="expected one other version beside the canary"):
        production.canary(four[0], 10, "")


@pytest.mark.parametrize("weight", [-1, 0, 100, 1000])
def test_a_canarys_weight_is_between_one_and_ninety_nine(four, production, weight):
    production.promote(four[0], "")

    with pytest.raises(ConfigError, match="expected 1 to 99 percent"):
        production.canary(four[1], weight, "")


@pytest.mark.parametrize("call", ["canary", "shadow"])
def test_beside_nothing_nothing_can_serve(four, production, call):
    arguments = {"canary": (four[0], 10, ""), "shadow": (four[0], "")}[call]

    with pytest.raises(ConfigError, match="Nothing is released"):
        getattr(production, call)(*arguments)


def test_a_shadow_stays_while_a_canary_grows_and_ends_when_told(store, four, production):
    production.promote(four[0], "")
    production.shadow(four[2], "")
    production.canary(four[1], 10, "")
    assert now(store) == ({four[1]: 10, four[0]: 90}, four[2])

    production.shadow(None, "")

    assert now(store) == ({four[1]: 10, four[0]: 90}, None)


def test_a_shadow_that_becomes_the_canary_is_no_shadow_any_more(store, four, production):
    production.promote(four[0], "")
    production.shadow(four[1], "")

    production.canary(four[1], 10, "")

    assert now(store) == ({four[1]: 10, four[0]: 90}, None)


def test_what_serves_cannot_be_the_shadow(four, production):
    production.promote(four[0], "")

    with pytest.raises(ConfigError, match="a shadow answers nobody"):
        production.shadow(four[0], "")


def test_a_shadow_that_is_not_there_cannot_be_ended(store, four, production):
    production.promote(four[0], "")

    with pytest.raises(ConfigError, match="has no shadow"):
        production.shadow(None, "")

    assert len(releases(store, "whales", "production")) == 1


@pytest.mark.parametrize("call", ["promote", "canary", "shadow"])
def test_a_version_that_was_never_proved_is_refused(store, four, production, unproved, call):
    production.promote(four[0], "")
    arguments = (unproved, 10, "") if call == "canary" else (unproved, "")

    with pytest.raises(ArtifactError, match="was never proved"):
        getattr(production, call)(*arguments)

    assert now(store) == ({four[0]: 100}, None)


@pytest.mark.parametrize("call", ["promote", "canary", "shadow"])
def test_a_damaged_version_is_refused(store, four, production, call):
    production.promote(four[0], "")
    damage(store, four[1])
    arguments = (four[1], 10, "") if call == "canary" else (four[1], "")

    with pytest.raises(ArtifactError, match="does not match its manifest"):
        getattr(production, call)(*arguments)

    assert now(store) == ({four[0]: 100}, None)
