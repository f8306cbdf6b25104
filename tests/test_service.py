"""What a running function serves: new releases between requests, and the last known good."""

import json
from threading import Event, Thread

import pytest
from msgspec.structs import force_setattr

from spyhop.errors import ArtifactError, ConfigError, StoreUnavailable
from spyhop.http import Request, respond
from spyhop.keys import new_key
from spyhop.promotion import Channel
from spyhop.publishing import publish
from spyhop.service import START_AGAIN_S, Service
from spyhop.serving import TRY_HELD_BACK_S, ReleasedModels
from spyhop.settings import Settings
from spyhop.stores.local import LocalStore
from spyhop.versions import version_prefix
from tests.forgery import another_version, replace

REFRESH_S = 60


class Clock:
    """Time that passes when told to."""

    now = 1000.0

    def __call__(self):
        return self.now

    def pass_s(self, seconds):
        self.now += seconds


class Moody(LocalStore):
    """A store that can be silent, and that can list nothing."""

    silent = False
    empty = False

    def get(self, key):
        if self.silent:
            raise StoreUnavailable("silent")
        return super().get(key)

    def list(self, prefix):
        if self.silent:
            raise StoreUnavailable("silent")
        return [] if self.empty else super().list(prefix)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def moody(store):
    return Moody(store._root)


@pytest.fixture
def start(moody, clock):
    """Start a function; it looks for releases before `serving` returns, not aside."""

    def start(**settings):
        settings = Settings(moody.url, "whales", "production", cache_bytes=0, **settings)
        released = ReleasedModels(moody, settings, clock)
        return Service(released.newest, clock=clock, start_aside=lambda look: look())

    return start


def damage(store, version):
    key = f"{version_prefix('whales', version)}model.onnx"
    body = store.get(key)
    store.delete(key)
    store.create(key, b"damaged")
    return key, body


def repair(store, key, body):
    store.delete(key)
    store.create(key, body)


def answering(service, clock, wait_s=REFRESH_S):
    """Return the version that answers after `wait_s` and one request more."""
    clock.pass_s(wait_s)
    service.serving()
    return service.serving().release.version


def test_a_new_release_is_taken_after_the_refresh_and_not_before(four, production, start, clock):
    production.promote(four[0], "")
    service = start()
    service.serving()
    production.promote(four[1], "")

    assert answering(service, clock, REFRESH_S - 1) == four[0]
    assert answering(service, clock, 1) == four[1]


def test_a_model_that_serves_on_is_not_loaded_again(four, production, start, clock):
    production.promote(four[0], "")
    service = start()
    before = service.serving().models[four[0]]
    production.canary(four[1], 10, "")

    answering(service, clock)

    assert service.serving().models[four[0]] is before
    assert set(service.serving().models) == set(four[:2])


def test_a_slow_store_delays_no_caller(four, production, moody, clock, whales):
    production.promote(four[0], "")
    may_answer, answered = Event(), Event()
    released = ReleasedModels(moody, Settings(moody.url, "whales", "production"), clock)

    def slow(now):
        if now is not None:
            may_answer.wait()
        found = released.newest(now)
        answered.set()
        return found

    service = Service(slow, clock=clock)
    service.predict({"instances": whales.rows[:1]}, "1")
    answered.clear()
    production.promote(four[1], "")
    clock.pass_s(REFRESH_S)

    during = service.predict({"instances": whales.rows[:1]}, "2")
    may_answer.set()
    assert answered.wait(30)

    assert during["model"]["version"] == four[0]
    assert eventually(lambda: service.serving().release.version, four[1])


def eventually(ask, expected, tries=1000):
    """Return whether the answer becomes what is expected, in five seconds at most."""
    return any(ask() == expected or Event().wait(0.005) for _ in range(tries))


def test_only_one_look_is_on_its_way_at_a_time(four, production, moody, clock):
    production.promote(four[0], "")
    looks = []
    released = ReleasedModels(moody, Settings(moody.url, "whales", "production"), clock)
    service = Service(released.newest, clock=clock, start_aside=looks.append)
    service.serving()
    clock.pass_s(REFRESH_S)

    for _ in range(5):
        service.serving()

    assert len(looks) == 1


def test_a_request_in_flight_keeps_its_model(four, production, start, clock, whales):
    production.promote(four[0], "")
    service = start()
    in_flight = service.serving()
    production.promote(four[1], "")
    assert answering(service, clock) == four[1]

    assert in_flight.models[four[0]].predict(whales.rows[:1])


def test_a_function_that_can_start_no_thread_answers_all_the_same(four, production, moody, clock):
    def refuse(look):
        raise RuntimeError("can't start new thread")

    production.promote(four[0], "")
    released = ReleasedModels(moody, Settings(moody.url, "whales", "production"), clock)
    service = Service(released.newest, clock=clock, start_aside=refuse)
    service.serving()

    for _ in range(2):
        assert answering(service, clock) == four[0]


def test_a_store_that_falls_silent_leaves_what_serves(four, production, start, clock, moody):
    production.promote(four[0], "")
    service = start()
    service.serving()
    production.promote(four[1], "")

    moody.silent = True
    assert answering(service, clock) == four[0]

    moody.silent = False
    assert answering(service, clock) == four[1]


def test_an_empty_listing_does_not_lose_the_model(four, production, start, clock, moody):
    production.promote(four[0], "")
    service = start()
    service.serving()
    moody.empty = True

    assert answering(service, clock) == four[0]
    assert "held_back" not in service.readiness()


def test_a_damaged_release_is_held_back_and_ready_and_log_say_so(
    store, four, production, start, clock, capsys
):
    production.promote(four[0], "")
    service = start()
    service.serving()
    production.promote(four[1], "")
    damage(store, four[1])

    assert answering(service, clock) == four[0]

    ready = service.readiness()
    assert (ready["release"], ready["held_back"]) == (1, 2)
    assert "release 2 of whales is held back: model.onnx" in capsys.readouterr().err


def test_a_held_back_release_is_tried_again_later(store, four, production, start, clock, capsys):
    production.promote(four[0], "")
    service = start()
    service.serving()
    production.promote(four[1], "")
    undo = damage(store, four[1])
    answering(service, clock)
    repair(store, *undo)

    assert answering(service, clock, REFRESH_S) == four[0]
    assert capsys.readouterr().err.count("held back") == 1
    assert answering(service, clock, TRY_HELD_BACK_S) == four[1]
    assert "held_back" not in service.readiness()


def test_a_release_after_the_one_held_back_is_taken_at_once(store, four, production, start, clock):
    production.promote(four[0], "")
    service = start()
    service.serving()
    production.promote(four[1], "")
    damage(store, four[1])
    answering(service, clock)

    production.promote(four[2], "")

    assert answering(service, clock) == four[2]
    assert "held_back" not in service.readiness()


def test_an_unsigned_release_is_held_back_where_keys_are_trusted(
    store, four_whales, production, start, clock, tmp_path
):
    ada = new_key(tmp_path / "ada.pem")
    production.promote(publish(store, four_whales[0], signer=ada), "")
    service = start(trusted_keys=(ada.public_key,))
    signed = service.serving().release.version
    production.promote(publish(store, four_whales[1]), "")

    assert answering(service, clock) == signed
    assert service.readiness()["held_back"] == 2


def test_a_release_whose_golden_rows_differ_is_held_back(
    store, whales, four, production, start, clock, tmp_path
):
    other = another_version(whales.folder, tmp_path / "other", 30)
    golden = json.loads((other / "golden.json").read_bytes())
    golden["predictions"][0]["label"] = "bird"
    replace(other, "golden.json", json.dumps(golden).encode())
    version = (other / "VERSION").read_text()
    for path in other.iterdir():
        store.create(f"{version_prefix('whales', version)}{path.name}", path.read_bytes())
    production.promote(four[0], "")
    production.promote(version, "")

    assert start().serving().release.version == four[0]


def test_a_cold_start_takes_the_last_known_good(store, four, production, start):
    production.promote(four[0], "")
    production.promote(four[1], "")
    damage(store, four[1])

    service = start()

    assert service.serving().release.version == four[0]
    assert service.readiness()["held_back"] == 2


def test_a_cold_start_reaches_past_a_canarys_many_entries(store, four, production, start):
    production.promote(four[0], "")
    for weight in (10, 25, 50, 75):
        production.canary(four[1], weight, "")
    production.promote(four[1], "")
    damage(store, four[1])

    assert start().serving().release.version == four[0]


def test_a_cold_start_takes_the_last_known_good_though_the_newest_entry_cannot_be_read(
    store, four, production, start
):
    production.promote(four[0], "")
    store.create("whales/channels/production/00000002.json", b"not ours")

    assert start().serving().release.version == four[0]


def test_a_cold_start_does_not_take_what_people_went_back_from(store, four, production, start):
    production.promote(four[0], "")
    production.promote(four[1], "bad")
    production.rollback("it was bad")
    production.promote(four[2], "")
    damage(store, four[2])

    assert start().serving().release.version == four[0]


def test_a_cold_start_that_fell_back_takes_the_release_once_it_is_whole(
    store, four, production, start, clock
):
    production.promote(four[0], "")
    production.promote(four[1], "")
    undo = damage(store, four[1])
    service = start()
    service.serving()
    repair(store, *undo)

    assert answering(service, clock, TRY_HELD_BACK_S) == four[1]


def test_where_nothing_can_serve_the_newest_releases_error_is_told(
    store, four, production, start, clock
):
    production.promote(four[0], "")
    undo = damage(store, four[0])
    service = start()

    with pytest.raises(ArtifactError, match="does not match its manifest"):
        service.serving()
    repair(store, *undo)

    with pytest.raises(ArtifactError):
        service.serving()
    clock.pass_s(START_AGAIN_S)
    assert service.serving().release.version == four[0]


def test_a_channel_without_a_release_says_how_to_make_one(four, start):
    with pytest.raises(ConfigError, match="Nothing is released"):
        start().serving()


def test_callers_who_arrive_during_a_start_wait_for_one_load(four, production, moody, clock):
    production.promote(four[0], "")
    released = ReleasedModels(moody, Settings(moody.url, "whales", "production"), clock)
    loads, may_load = [], Event()

    def slow(now):
        loads.append(now)
        may_load.wait()
        return released.newest(now)

    service = Service(slow, clock=clock)
    callers = [Thread(target=service.serving) for _ in range(4)]
    for caller in callers:
        caller.start()
    may_load.set()
    for caller in callers:
        caller.join()

    assert loads == [None]


def ask(service, rows, **headers):
    body = json.dumps({"instances": rows}).encode()
    return json.loads(respond(service, Request("POST", "/predict", headers, body)).body)


def test_traffic_is_split_by_key_and_a_key_stays_with_its_version(four, production, start, whales):
    production.promote(four[0], "")
    production.canary(four[1], 30, "")
    service = start()

    def version_of(key):
        return ask(service, whales.rows[:1], **{"x-spyhop-key": key})["model"]["version"]

    first = [version_of(f"caller {i}") for i in range(200)]

    assert 30 <= first.count(four[1]) <= 90
    assert [version_of(f"caller {i}") for i in range(200)] == first


def test_without_a_key_each_request_goes_its_own_way(four, production, start, whales):
    production.promote(four[0], "")
    production.canary(four[1], 50, "")
    service = start()

    answered = {ask(service, whales.rows[:1])["model"]["version"] for _ in range(50)}

    assert answered == set(four[:2])


def captures(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_shadows_answers_are_printed_beside_those_that_were_given(
    four, production, start, whales, capsys
):
    production.promote(four[0], "")
    production.shadow(four[1], "")

    answer = ask(start(), whales.rows[:2], **{"x-request-id": "r1"})

    assert answer["model"]["version"] == four[0]
    first, second = captures(capsys)
    assert (first["id"], second["id"]) == ("r1/0", "r1/1")
    assert (first["version"], first["shadow_of"]) == (four[1], four[0])
    assert [first["served"], second["served"]] == answer["predictions"]
    assert first["prediction"] == first["served"]


class Failing:
    """A model whose code raises, and quotes the caller's value."""

    def __init__(self, bundle):
        self.bundle = bundle

    def predict(self, rows):
        raise KeyError("a caller's value")


def test_a_failing_shadow_harms_nobody_and_the_log_quotes_nothing(
    four, production, start, whales, capsys
):
    production.promote(four[0], "")
    production.shadow(four[1], "")
    service = start()
    serving = service.serving()
    force_setattr(serving, "shadow", Failing(serving.shadow.bundle))

    answer = ask(service, whales.rows[:1])

    assert len(answer["predictions"]) == 1
    said = capsys.readouterr()
    assert "the shadow failed: KeyError" in said.err
    assert "a caller's value" not in said.err
    assert said.out == ""


def test_a_damaged_shadow_harms_nobody(store, four, production, start, whales, capsys):
    production.promote(four[0], "")
    production.shadow(four[1], "")
    damage(store, four[1])

    assert len(ask(start(), whales.rows[:1])["predictions"]) == 1
    assert "the shadow of release 2 cannot run" in capsys.readouterr().err


def test_another_channel_is_another_journal(store, four, production, start):
    production.promote(four[0], "")
    Channel(store, "whales", "candidate", by="", at="").promote(four[1], "")

    assert start().serving().release.version == four[0]
