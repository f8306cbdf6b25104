"""The two sides that are compared: a folder with handler.py, and what it is configured with."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import joblib

import spyhop
from benchmarks.models import FittedModel
from spyhop.emulators import door_folder
from spyhop.emulators.lambda_runtime import http_event
from spyhop.emulators.process import compile_bytecode
from spyhop.promotion import Channel
from spyhop.publishing import publish
from spyhop.stores import open_store

PLAIN_FOLDER = Path(__file__).parent / "plain_handler"


class Side(NamedTuple):
    """One way to serve a model; `events` is the folder with one.json and many.json."""

    folder: Path
    environ: dict[str, str]
    events: Path


class Sides(NamedTuple):
    """The plain way and spyhop's, for the same model, and what spyhop made of it."""

    plain: Side
    spyhop: Side
    bundle: spyhop.Bundle


def prepare(model: FittedModel, folder: Path) -> Sides:
    """Return both sides of `model`, ready to be started; all files are below `folder`."""
    folder.mkdir()
    write_events(model, folder)
    for source in (PLAIN_FOLDER, door_folder("aws_lambda")):
        compile_bytecode(source)
    bundle = release(model, folder, str(folder / "store"))
    spyhop_environ = {"SPYHOP_ROOT": (folder / "store").as_uri(), "SPYHOP_MODEL": model.name}
    plain_environ = {"MODEL_PATH": str(folder / "model.joblib")}
    joblib.dump(model.pipeline, plain_environ["MODEL_PATH"])
    return Sides(
        Side(PLAIN_FOLDER, plain_environ, folder),
        Side(door_folder("aws_lambda"), spyhop_environ, folder),
        bundle,
    )


def write_events(model: FittedModel, folder: Path) -> None:
    """Write what API Gateway sends for the first row, and for all of them."""
    for name, rows in (("one", model.rows[:1]), ("many", model.rows)):
        event = http_event("/predict", json.dumps({"instances": rows}), "bench")
        (folder / f"{name}.json").write_text(json.dumps(event))


def release(model: FittedModel, folder: Path, root: str) -> spyhop.Bundle:
    """Pack the model, publish it to the store `root` and promote it."""
    bundle = spyhop.pack(
        model.pipeline, name=model.name, train=model.train, test=model.test, out=folder / "bundle"
    )
    store = open_store(root)
    version = publish(store, folder / "bundle")
    now = datetime.now(UTC).isoformat(timespec="seconds")
    Channel(store, model.name, "production", by="make bench", at=now).promote(version, "benchmark")
    return bundle


def child_environment(side: Side) -> dict[str, str]:
    """Return the whole environment of a measured process: no switch of ours reaches it."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, "LC_ALL": "C.UTF-8", **side.environ}
