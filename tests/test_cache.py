"""Large files on the local disk: verified while they arrive, bounded, and never trusted blindly."""

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import spyhop
from spyhop.cache import IN_USE_S, Cache
from spyhop.errors import ArtifactError, StoreUnavailable

BODY = bytes(range(256)) * 40


def sha256(body):
    return hashlib.sha256(body).hexdigest()


def mismatch(found, size):
    return ArtifactError(f"does not match: {size} bytes")


def pieces(body, size=1000):
    return lambda: (body[i : i + size] for i in range(0, len(body), size))


def keep(cache, body, stream=None):
    kept = cache.keep(sha256(body), len(body), stream or pieces(body), mismatch)
    return None if kept is None else Path(kept)


def unread():
    pytest.fail("the store was asked for a file that is here")


def aged(path):
    long_ago = time.time() - 2 * IN_USE_S
    os.utime(path, (long_ago, long_ago))


def files(folder):
    return sorted(path.name for path in folder.iterdir() if path.name != ".lock")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def cache(folder):
    return Cache(folder, 1_000_000)


def test_a_file_is_kept_under_its_digest(cache, folder):
    path = keep(cache, BODY)

    assert path == folder / sha256(BODY)
    assert path.read_bytes() == BODY


def test_a_file_that_is_here_is_not_asked_for_again(cache, folder):
    keep(cache, BODY)

    assert keep(Cache(folder, 1_000_000), BODY, unread) == folder / sha256(BODY)


@pytest.mark.parametrize(
    "arrives",
    [BODY[:-1] + b"x", BODY[:-1], b"", BODY + b"x", BODY * 3],
    ids=["changed", "truncated", "nothing", "one more", "far more"],
)
def test_what_is_another_file_is_refused_and_leaves_nothing(cache, folder, arrives):
    with pytest.raises(ArtifactError, match="does not match"):
        keep(cache, BODY, pieces(arrives))

    assert files(folder) == []


def test_a_file_that_never_ends_is_read_no_further_than_its_size(cache):
    read = []

    def endless():
        while True:
            read.append(1)
            yield b"x" * 1000

    with pytest.raises(ArtifactError):
        keep(cache, BODY, endless)

    assert len(read) == len(BODY) // 1000 + 1


def test_a_stream_that_breaks_leaves_nothing(cache, folder):
    def broken():
        yield BODY[:100]
        raise StoreUnavailable("gone")

    with pytest.raises(StoreUnavailable):
        keep(cache, BODY, broken)

    assert files(folder) == []


def test_an_absent_file_leaves_nothing(cache, folder):
    assert keep(cache, BODY, lambda: None) is None
    assert files(folder) == []


@pytest.mark.parametrize("damage", [b"x" * len(BODY), b"", BODY[:-1]])
def test_a_file_that_was_changed_on_the_disk_is_fetched_again(cache, damage):
    path = keep(cache, BODY)
    path.write_bytes(damage)

    assert keep(cache, BODY).read_bytes() == BODY


def test_a_file_larger_than_the_cache_is_not_kept(folder):
    assert keep(Cache(folder, len(BODY) - 1), BODY, unread) is None


def test_the_least_recently_used_file_goes(folder):
    bodies = [bytes([i]) * 1000 for i in range(4)]
    cache = Cache(folder, 3000)
    for body in bodies[:3]:
        aged(keep(cache, body))
    keep(cache, bodies[0], unread)

    keep(cache, bodies[3])

    assert files(folder) == sorted(map(sha256, (bodies[0], bodies[2], bodies[3])))


def test_a_file_that_somebody_may_be_loading_does_not_go(folder):
    cache = Cache(folder, 1000)
    keep(cache, b"a" * 1000)

    assert keep(cache, b"b" * 1000) is None
    assert files(folder) == [sha256(b"a" * 1000)]


def test_what_a_dead_process_left_behind_goes_when_room_is_needed(folder):
    folder.mkdir(mode=0o700)
    left = folder / "0123.unfinished"
    left.write_bytes(b"x" * 900)
    aged(left)

    assert keep(Cache(folder, 1000), b"a" * 1000) is not None
    assert not left.exists()


def test_a_folder_that_cannot_be_made_means_memory(tmp_path, capsys):
    (tmp_path / "file").write_bytes(b"")

    assert keep(Cache(tmp_path / "file" / "cache", 1_000_000), BODY) is None
    assert "the cache" in capsys.readouterr().err


@pytest.mark.skipif(os.getuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_means_memory(folder):
    folder.mkdir(mode=0o500)

    assert keep(Cache(folder, 1_000_000), BODY) is None


def test_a_folder_in_which_others_may_write_is_not_used(folder):
    folder.mkdir()
    folder.chmod(0o777)
    (folder / sha256(BODY)).write_bytes(BODY)

    assert keep(Cache(folder, 1_000_000), BODY) is None


def test_a_folder_that_is_a_link_is_not_used(tmp_path, folder):
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    folder.symlink_to(tmp_path / "elsewhere")

    assert keep(Cache(folder, 1_000_000), BODY) is None


def test_a_full_disk_means_memory_and_leaves_nothing(cache, folder):
    def full():
        yield BODY[:100]
        raise OSError(28, "No space left on device")

    assert keep(cache, BODY, full) is None
    assert files(folder) == []


PROGRAM = """
import hashlib, os, sys
from pathlib import Path
from spyhop.cache import Cache, _locked
from spyhop.errors import ArtifactError

folder, limit, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
cache = Cache(str(folder), limit)
for i in range(12):
    body = bytes([(seed * 5 + i) % 20]) * 100_000
    path = cache.keep(
        hashlib.sha256(body).hexdigest(), len(body),
        lambda: (body[j : j + 9000] for j in range(0, len(body), 9000)), ArtifactError,
    )
    try:
        assert path is None or Path(path).read_bytes() == body
        os.utime(path or folder, (1, 1))  # long unused, and so it may go
    except FileNotFoundError:  # another process has just said so of the same file
        pass
    held = {}  # by inode: a file that gets its name meanwhile is listed under both
    with _locked(folder / ".lock"):  # while we count, nothing comes and nothing goes
        for file in folder.iterdir():
            try:
                held[file.stat().st_ino] = file.stat().st_size
            except FileNotFoundError:
                pass
    assert sum(held.values()) <= limit, held
"""


def test_several_processes_together_stay_below_the_bound(folder):
    environ = {"PYTHONPATH": str(Path(spyhop.__file__).parent.parent)}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(folder), "550000", str(seed)],
            env=environ,
            stderr=subprocess.PIPE,
            text=True,
        )
        for seed in range(4)
    ]

    said = [process.communicate()[1] for process in started]

    assert [process.returncode for process in started] == [0] * 4, said
    assert not any("fails" in text for text in said), said
    assert 1 <= len(files(folder)) <= 5
