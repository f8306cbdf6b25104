"""A function that AWS restores from a snapshot: the same process, days later."""

import json
import random

import snapshot_restore_py

from spyhop.stores.local import LocalStore
from tests.conftest import release
from tests.doors.events import event, http_event
from tests.doors.test_doors import door
from tests.doors.test_records import failures, records

SNAP_START = {"AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"}


def restored(module):
    """Do what AWS's runtime does after a restore, for the door `module` alone."""
    for refresh, args, kwargs in snapshot_restore_py.get_after_restore():
        if getattr(refresh, "__self__", None) in (module.SERVICE, module.SCORING, random._inst):
            refresh(*args, **kwargs)


def release_number(module):
    reply = module.handler(http_event("HTTP API", "GET", "/ready"), None)
    return json.loads(reply["body"])["release"]


def test_a_restored_function_answers_its_first_caller_with_the_newest_release(whales, tmp_path):
    store = LocalStore(tmp_path)
    release(store, whales.folder)
    environ = {"SPYHOP_ROOT": store.url, "SPYHOP_MODEL": "whales", "SPYHOP_REFRESH_S": "9999"}
    module = door("aws_lambda", "handler", {**environ, **SNAP_START})
    assert release_number(module) == 1
    release(store, whales.folder)
    assert release_number(module) == 1

    restored(module)

    assert release_number(module) == 2


def test_two_restored_copies_draw_other_random_numbers(released):
    module = door("aws_lambda", "handler", {**released, **SNAP_START})
    state = random.getstate()
    restored(module)
    first = random.random()
    random.setstate(state)
    restored(module)

    assert random.random() != first


def test_a_restored_function_writes_through_a_new_client(released, whales, tmp_path):
    environ = {**released, **SNAP_START, "SPYHOP_OUTPUT": str(tmp_path)}
    module = door("aws_lambda", "handler", environ)
    assert failures(module.handler(records("SQS", [whales.rows[0]]), None)) == []
    before = module.SCORING._answers

    restored(module)

    assert module.SCORING._answers is not before
    assert module.handler(event("schedule"), None) == {"status": "warm"}


def test_a_function_that_is_no_snapshot_registers_nothing(released):
    before = len(snapshot_restore_py.get_after_restore())

    door("aws_lambda", "handler", released)

    assert len(snapshot_restore_py.get_after_restore()) == before
