"""Damage that stays: tried again ever less often, and never more of it read than was promised."""

from itertools import count

import pytest

from spyhop.errors import ArtifactError
from spyhop.promotion import Channel
from spyhop.publishing import publish
from spyhop.serving import ReleasedModels
from spyhop.settings import Settings
from spyhop.stores.local import LocalStore
from spyhop.verified import read_verified
from tests.forgery import another_version

REFRESH_S = 60


def test_a_damaged_release_is_tried_again_soon_and_then_ever_less_often(
    store, whales, tmp_path, capsys
):
    production = Channel(store, "whales", "production", by="ada", at="2026-11-23T10:00:00")
    production.promote(publish(store, whales.folder), "")
    now_s = 0
    settings = Settings(store.url, "whales", "production", refresh_s=REFRESH_S)
    released = ReleasedModels(store, settings, clock=lambda: now_s)
    serving = released.newest(None)
    new = publish(store, another_version(whales.folder, tmp_path / "new", 1))
    production.promote(new, "")
    damaged = f"whales/versions/{new}/model.onnx"
    store.delete(damaged)
    store.create(damaged, b"something else")
    capsys.readouterr()

    tried_at_s = []
    for now_s in range(0, 3000, REFRESH_S):
        serving = released.newest(serving)
        if "held back" in capsys.readouterr().err:
            tried_at_s.append(now_s)

    assert tried_at_s == [0, 120, 360, 840, 1440, 2040, 2640]


def test_a_file_that_never_ends_is_refused_as_soon_as_it_is_too_long(whales):
    class Endless(LocalStore):
        def stream(self, key):
            return (b"more" for _ in count())

    with pytest.raises(ArtifactError, match="does not match its manifest"):
        read_verified(Endless(whales.folder), whales.bundle.version)
