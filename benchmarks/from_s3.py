"""Cold starts with the model in an S3-compatible server: `python -m benchmarks.from_s3`.

spyhop's Lambda handler beside scikit-learn-lambda, both reading from LocalStack; spyhop also
from this machine's disk; and the floor under both, `python -c "import onnxruntime"`.  Every
process runs on one core and the server on another.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import joblib
from rich.console import Console
from rich.table import Table
from sklearn.datasets import load_iris
from sklearn.neural_network import MLPClassifier
from tests.servers.s3 import LocalStack

from benchmarks.function_process import FunctionProcess
from benchmarks.models import FittedModel, fitted
from benchmarks.show import console, show_machine
from benchmarks.sides import Side, child_environment, release, write_events
from spyhop.emulators import door_folder
from spyhop.emulators.process import compile_bytecode

HIDDEN = (100, 250, 500, 750, 900)
TURNS = 9
RIVAL_FOLDER = Path(__file__).parent / "scikit_learn_lambda_handler"
RIVAL_PACKAGE = Path(sys.prefix) / "scikit-learn-lambda"

RATIO_TARGET, FLOOR_TARGET, DISK_TARGET = 10, 1.35, 1.35


class Starts(NamedTuple):
    """Medians for one model: milliseconds, and MiB at the first answer."""

    rival: float
    s3: float
    disk: float
    floor: float
    rival_mib: float
    s3_mib: float


def main() -> None:
    """Measure every size and print what was found."""
    show_machine()
    found: dict[int, tuple[float, Starts]] = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        Console(stderr=True).status("starting LocalStack …") as status,
    ):
        (Path(folder) / "server").mkdir()
        with LocalStack(Path(folder) / "server") as server:
            server_core, core = _two_cores()
            os.sched_setaffinity(server.pid, {server_core})
            os.environ.update(server.environ)
            for size in HIDDEN:
                status.update(f"MLP of 3 × {size}: packing …")
                sides, megabytes = _prepared(size, Path(folder) / str(size), server)
                status.update(f"MLP of 3 × {size}: measuring …")
                found[size] = megabytes, _measured(sides, core)
    _show(found)


class _Sides(NamedTuple):
    rival: Side
    s3: Side
    disk: Side


def _prepared(size: int, folder: Path, server: LocalStack) -> tuple[_Sides, float]:
    """Return the sides for one model, and the size of its joblib file in MB."""
    model = _model(size)
    bucket = server.new_bucket()
    folder.mkdir()
    write_events(model, folder)
    release(model, folder, f"s3://{bucket}/models")
    release(model, folder, str(folder / "store"))
    file = folder / "model.joblib"
    joblib.dump(model.pipeline, file)
    server.client().upload_file(str(file), bucket, "model.joblib")
    for source in (RIVAL_FOLDER, RIVAL_PACKAGE, door_folder("aws_lambda")):
        compile_bytecode(source)
    rival = {
        **server.environ,
        "SKLEARN_MODEL_PATH": f"s3://{bucket}/model.joblib",
        "PYTHONPATH": str(RIVAL_PACKAGE),
    }
    ours = {"SPYHOP_MODEL": model.name, "TMPDIR": str(folder)}
    s3 = {**ours, **server.environ, "SPYHOP_ROOT": f"s3://{bucket}/models"}
    disk = {**ours, "SPYHOP_ROOT": (folder / "store").as_uri()}
    _write_rival_event(model, folder)
    sides = _Sides(
        Side(RIVAL_FOLDER, rival, folder / "rival"),
        Side(door_folder("aws_lambda"), s3, folder),
        Side(door_folder("aws_lambda"), disk, folder),
    )
    return sides, file.stat().st_size / 1e6


def _model(size: int) -> FittedModel:
    title = f"iris, 4 numbers → MLP of 3 × {size}"
    pipeline = MLPClassifier((size,) * 3, max_iter=1_000, random_state=0)
    return fitted(f"iris-{size}", title, pipeline, *load_iris(return_X_y=True, as_frame=True))


def _write_rival_event(model: FittedModel, folder: Path) -> None:
    row = list(model.rows[0].values())
    body = json.dumps({"input": [row], "return_probabilities": True})
    (folder / "rival").mkdir()
    (folder / "rival" / "one.json").write_text(json.dumps({"body": body}))


def _measured(sides: _Sides, core: int) -> Starts:
    """Return the medians of `TURNS` starts of each side, taken in turns."""
    rounds = [
        (_start(sides.rival, core), _start(sides.s3, core), _start(sides.disk, core), _floor(core))
        for _ in range(TURNS)
    ]
    rival, s3, disk, floor = zip(*rounds, strict=True)
    _check_equal(rival[0].reply, s3[0].reply)
    return Starts(
        rival=median(start.cold_ms for start in rival),
        s3=median(start.cold_ms for start in s3),
        disk=median(start.cold_ms for start in disk),
        floor=median(floor),
        rival_mib=median(start.peak_mib for start in rival),
        s3_mib=median(start.peak_mib for start in s3),
    )


def _start(side: Side, core: int) -> FunctionProcess:
    """Return a function that has answered one row and ended, run on `core` alone."""
    with FunctionProcess(side, core=core) as process:
        return process


def _floor(core: int) -> float:
    """Return the time of the whole command that imports onnxruntime and does nothing, in ms."""
    environ = child_environment(Side(Path(), {}, Path()))
    started = time.perf_counter()
    command = [sys.executable, "-c", "import onnxruntime"]
    with subprocess.Popen(command, env=environ) as process:
        os.sched_setaffinity(process.pid, {core})
    return (time.perf_counter() - started) * 1e3


def _check_equal(rival: str, ours: str) -> None:
    expected, answers = json.loads(rival), json.loads(ours)
    (answer,) = answers["predictions"]
    (probabilities,) = expected["probabilities"]
    apart = max(abs(p - answer["probabilities"][label]) for label, p in probabilities.items())
    if answer["label"] != expected["prediction"][0] or apart > 1e-6:
        raise SystemExit("the two sides answer differently; nothing was measured.")


def _two_cores() -> tuple[int, int]:
    cores = sorted(os.sched_getaffinity(0))
    return cores[0], cores[-1]


def _show(found: dict[int, tuple[float, Starts]]) -> None:
    table = Table("hidden", box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in ("joblib", "rival", "spyhop", "ratio", "÷ floor", "÷ disk"):
        table.add_column(heading, justify="right")
    for size, (megabytes, one) in found.items():
        table.add_row(
            f"3 × {size}",
            f"{megabytes:.2f} MB",
            f"{one.rival:.0f} ms, {one.rival_mib:.0f} MiB",
            f"{one.s3:.0f} ms, {one.s3_mib:.0f} MiB",
            f"{one.rival / one.s3:.1f} ×",
            f"{one.s3 / one.floor:.2f}",
            f"{one.s3 / one.disk:.2f}",
        )
    console.print(table, "")
    small = found[HIDDEN[0]][1]
    least = min(one.rival / one.s3 for _, one in found.values())
    console.print(f"[dim]floor {small.floor:.0f} ms: python -c 'import onnxruntime', to its end")
    _judge(f"ahead at every size: ≥ {RATIO_TARGET} ×", f"{least:.1f} ×", least >= RATIO_TARGET)
    for what, limit, ratio in (
        ("floor", FLOOR_TARGET, small.s3 / small.floor),
        ("disk", DISK_TARGET, small.s3 / small.disk),
    ):
        _judge(f"small model ÷ {what}: ≤ {limit}", f"{ratio:.2f}", ratio <= limit)


def _judge(target: str, measured: Any, reached: bool) -> None:
    console.print(f"{target}   {measured}   {'[green]yes[/]' if reached else '[red]no[/]'}")


if __name__ == "__main__":
    main()
