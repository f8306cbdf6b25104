"""What callers get while the store fails, from a function that starts and from one that serves.

Every test goes the function's whole way, through obstore and a real connection.
"""

import os
from itertools import count

import pytest

from spyhop.publishing import publish
from spyhop.verified import LARGE_BYTES
from tests.forgery import another_version, replace
from tests.servers.faults import (
    cut_short,
    empty_listing,
    refusing,
    reset_halfway,
    silent,
    slow,
    stalling,
    trickling,
    wrong_bytes,
)
from tests.servers.faulty_proxy import FaultyProxy

pytestmark = pytest.mark.server

# Short enough for a test, long enough for a busy machine.
PATIENCE_S = 2

# A busy machine adds to what a caller waits.
IN_TIME_S = PATIENCE_S + 2
AT_ONCE_S = 0.5

AWAY = "does not answer at whales/"
BROKEN = "response body error"
REFUSED = "refused us at whales/"

# name: fault, in which requests, what the log says
FAULTS = {
    "no reply": (silent, "", AWAY),
    "no reply for the model": (silent, "model.onnx", AWAY),
    "a listing that stalls": (stalling, "", AWAY),
    "a model that stalls": (stalling, "model.onnx", BROKEN),
    "500": (refusing(500, "InternalError"), "", "500 Internal Server Error"),
    "503": (refusing(503, "SlowDown"), "", "503 Service Unavailable"),
    "503 with Retry-After": (refusing(503, "SlowDown", 60), "", "503 Service Unavailable"),
    "429": (refusing(429, "TooManyRequests"), "", "429 Too Many Requests"),
    "a listing that is reset": (reset_halfway, "", BROKEN),
    "a model that is reset": (reset_halfway, "model.onnx", BROKEN),
    "a listing that ends early": (cut_short, "", BROKEN),
    "a model that ends early": (cut_short, "model.onnx", BROKEN),
    "an expired session": (refusing(400, "ExpiredToken"), "", "ExpiredToken"),
    "an expired token": (refusing(401, "AuthenticationRequired"), "", REFUSED),
    "a wrong clock": (refusing(403, "RequestTimeTooSkewed"), "", "RequestTimeTooSkewed"),
}

# The clouds differ in how they list, carry on with a body that broke off, and refuse.
ALSO_ON_GOOGLE = (
    *("no reply", "503", "a listing that is reset", "a model that stalls"),
    *("a model that ends early", "an expired token"),
)
CASES = [("s3", name) for name in FAULTS] + [("gs", name) for name in ALSO_ON_GOOGLE]

_numbers = count(1)


@pytest.fixture
def channel() -> str:
    """The name of a channel that nobody has used."""
    return f"production/{next(_numbers)}"


@pytest.fixture
def running(cloud, channel, tmp_path):
    """A function that serves the old version, and has not looked since the new one is released."""
    cloud.channel(channel).promote(cloud.old, "")
    function = cloud.function(channel, tmp_path / "running", SPYHOP_PATIENCE_S=str(PATIENCE_S))
    assert function.ask().version == cloud.old
    cloud.channel(channel).promote(cloud.new, "")
    return function


@pytest.fixture
def starting(cloud, channel, tmp_path):
    return cloud.function(channel, tmp_path / "starting", SPYHOP_PATIENCE_S=str(PATIENCE_S))


def assert_unavailable(asked):
    assert asked.reply.status == 503
    assert int(asked.reply.headers["retry-after"]) > 0
    assert asked.seconds < IN_TIME_S


def assert_answered_at_once(asked, version):
    assert asked.reply.status == 200
    assert asked.version == version
    assert asked.seconds < AT_ONCE_S


@pytest.mark.parametrize(("cloud", "name"), CASES, indirect=["cloud"])
def test_while_the_store_fails_what_serves_goes_on_and_a_start_is_told_in_time(
    name, cloud, running, starting, said
):
    fault, where, reason = FAULTS[name]
    with cloud.proxy.failing(fault, where):
        assert_answered_at_once(running.look_again(), cloud.old)
        assert_unavailable(starting.ask())
        assert_answered_at_once(running.ask(), cloud.old)
        log = said("cannot look for a new release")

    for what in ("not ready", "cannot look for a new release"):
        (line, *_) = (line for line in log.splitlines() if what in line)
        assert cloud.url in line
        assert reason in line
    assert running.reaches(cloud.new)
    assert starting.reaches(cloud.new)


@pytest.mark.parametrize("away", [FaultyProxy.gone, FaultyProxy.unreachable])
def test_a_store_that_is_away_and_returns(away, cloud, running, starting, said):
    with away(cloud.proxy):
        assert_answered_at_once(running.look_again(), cloud.old)
        assert_unavailable(starting.ask())
        assert_unavailable(starting.ask())
        assert AWAY in said("cannot look for a new release")

    assert running.reaches(cloud.new)
    assert starting.reaches(cloud.new)


def test_a_store_that_trickles_keeps_no_caller_beyond_his_patience(cloud, running, starting, said):
    with cloud.proxy.failing(trickling):
        assert_answered_at_once(running.look_again(), cloud.old)
        assert_unavailable(starting.ask())
        assert f"still being read after {PATIENCE_S} seconds" in said("not ready")

    assert starting.reaches(cloud.new)
    assert running.reaches(cloud.new)


# fault, in which requests, in how many of them
PASSING = {
    "503": (refusing(503, "SlowDown"), "", 3),
    "429": (refusing(429, "TooManyRequests", 1), "", 3),
    "silence": (silent, "", 1),
    "listing reset": (reset_halfway, "list-type", 2),
    "model cut": (cut_short, "model.onnx", 2),
    "slow": (slow(0.2), "", 100),
}


@pytest.mark.parametrize(
    ("cloud", "name"),
    [*(("s3", name) for name in PASSING), ("gs", "listing reset"), ("gs", "model cut")],
    indirect=["cloud"],
)
def test_a_fault_that_passes_is_not_even_noticed(name, cloud, running, starting):
    with cloud.proxy.failing(*PASSING[name]):
        asked = starting.ask()

    assert asked.reply.status == 200
    assert asked.version == cloud.new
    assert asked.seconds < IN_TIME_S


def test_an_empty_listing_changes_nothing_for_what_serves(cloud, running, starting, said):
    with cloud.proxy.failing(empty_listing):
        assert_answered_at_once(running.look_again(), cloud.old)
        assert_unavailable(starting.ask())
        assert "Nothing is released in channel" in said("not ready")

    assert running.reaches(cloud.new)
    assert starting.reaches(cloud.new)


def test_wrong_bytes_are_never_served_and_the_last_known_good_is(cloud, running, starting, said):
    with cloud.proxy.failing(wrong_bytes, f"{cloud.new}/model.onnx"):
        assert_answered_at_once(running.look_again(), cloud.old)
        assert_answered_at_once(starting.ask(), cloud.old)
        assert "model.onnx of " + cloud.new + " does not match" in said("release 2 of whales is")

    assert starting.ready()["held_back"] == 2
    assert running.reaches(cloud.new)
    assert starting.reaches(cloud.new)


def test_wrong_bytes_wherever_one_looks_are_a_503(cloud, running, starting, said):
    with cloud.proxy.failing(wrong_bytes, "model.onnx"):
        assert_unavailable(starting.ask())
        assert "release 1 cannot serve either" in said("not ready")

    assert starting.reaches(cloud.new)


@pytest.fixture(scope="module")
def large(cloud, whales, tmp_path_factory) -> str:
    """A version with a file that goes through the cache."""
    folder = another_version(whales.folder, tmp_path_factory.mktemp("large") / "bundle", 2)
    replace(folder, "padding.bin", os.urandom(LARGE_BYTES + 1))
    return publish(cloud.store, folder)


@pytest.mark.parametrize("fault", [wrong_bytes, cut_short])
def test_nothing_that_arrived_badly_stays_in_the_cache(
    fault, large, cloud, channel, starting, tmp_path
):
    cloud.channel(channel).promote(large, "")
    cache = tmp_path / "starting" / "spyhop-cache"

    with cloud.proxy.failing(fault, "padding.bin"):
        assert_unavailable(starting.ask())
        assert [file.name for file in cache.iterdir()] == [".lock"]

    assert starting.reaches(large)
    (kept,) = (file for file in cache.iterdir() if file.name != ".lock")
    assert kept.stat().st_size == LARGE_BYTES + 1
