"""The deployment manifest says what the code has: its entry point, its settings, its routes."""

from pathlib import Path

import yaml

from spyhop.emulators import door_folder
from spyhop.http import Request, respond
from spyhop.service import Service
from spyhop.settings import Settings, read_settings

MANIFEST = yaml.safe_load((Path(__file__).parent.parent / "serverless.yml").read_text())
FUNCTION = MANIFEST["functions"]["predict"]


def test_the_entry_point_exists():
    module, function = FUNCTION["handler"].split(".")

    assert f"def {function}(" in (door_folder("aws_lambda") / f"{module}.py").read_text()


def test_the_settings_are_the_ones_that_the_function_reads():
    settings = dict.fromkeys(FUNCTION["environment"], "whales")

    assert read_settings(settings) == Settings("whales", "whales", "whales")


def test_every_route_is_one_that_the_service_answers(whales):
    def load(now):
        raise AssertionError("not needed to know a route")

    for event in FUNCTION["events"]:
        method, path = event["httpApi"].split()
        assert respond(Service(load), Request(method, path)).status not in (404, 405)
