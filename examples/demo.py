"""The whole first slice on this machine: train, prove, publish, serve on both clouds' runtimes.

Every held-out row goes to AWS Lambda's real runtime, to Google's real functions-framework and
to scikit-learn itself.  Exits 0 only if every answer of all three is the same.
"""

import json
import shutil
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

import spyhop
from examples.whales.rules import kind_by_looks
from spyhop.cli.show import size
from spyhop.core.answers import predictions
from spyhop.core.parity import Parity, compare
from spyhop.emulators.functions_framework import FunctionsFramework
from spyhop.emulators.lambda_runtime import LambdaRuntime, http_event
from spyhop.engines.sklearn import pipeline_outputs
from spyhop.promotion import Channel
from spyhop.publishing import publish
from spyhop.stores import open_store
from spyhop.tables import TableView
from spyhop.train import read_project, split

EXAMPLES = Path(__file__).parent
PROJECTS = ("whales", "breast_cancer", "diabetes")
BUILD = Path("build/demo")
WARM_CALLS = 50

console = Console()


class Trained(NamedTuple):
    """A proved bundle, the rows it never saw, and what scikit-learn itself answers to them."""

    bundle: spyhop.Bundle
    names: list[Any]
    rows: list[dict[str, Any]]
    expected: list[dict[str, Any]]
    one_row_ms: float


class Served(NamedTuple):
    """What one runtime answered, and how fast."""

    runtime: str
    answers: list[dict[str, Any]]
    body: bytes
    cold_ms: float
    warm_ms: float


def main() -> int:
    """Run the demo and return the exit code."""
    shutil.rmtree(BUILD, ignore_errors=True)
    found: list[tuple[Trained, Served, Served]] = []
    with progress() as bar:
        task = bar.add_task("", total=4 * len(PROJECTS))

        def step(text: str) -> None:
            bar.update(task, advance=1, description=text)

        for project in PROJECTS:
            bar.update(task, description=f"{project}: fitting, packing and proving")
            trained = train(project)
            step(f"{project}: publishing")
            release(trained.bundle)
            step(f"{project}: AWS Lambda's runtime")
            on_lambda = ask_lambda(trained)
            step(f"{project}: Google's functions-framework")
            on_google = ask_functions_framework(trained)
            step(project)
            found.append((trained, on_lambda, on_google))
    equal = show_answers(found)
    show_engines([trained for trained, _, _ in found])
    show_whales(found[0][0], found[0][1].answers)
    console.print(
        "[bold green]Every answer is the same.[/]" if equal else "[bold red]Answers differ.[/]"
    )
    return 0 if equal else 1


def progress() -> Progress:
    """Return the progress display; it goes away when the work is done."""
    columns = (SpinnerColumn(), BarColumn(20), TextColumn("{task.description}"))
    return Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True)


def train(folder: str) -> Trained:
    """Fit and pack a project, and ask the fitted pipeline what every door must answer."""
    project = read_project(EXAMPLES / folder / "project.py")
    train_part, test_part = split(project)
    pipeline = project.pipeline().fit(*train_part)
    bundle = spyhop.pack(
        pipeline, name=project.name, train=train_part, test=test_part, out=BUILD / folder
    )
    held_out = TableView(test_part[0])
    outputs = pipeline_outputs(pipeline, held_out.table, bundle.answers)
    first = held_out.take([0]).table
    return Trained(
        bundle,
        list(test_part[0].index),
        held_out.rows(range(len(held_out))),
        predictions(outputs, bundle.answers),
        median_ms(lambda: pipeline_outputs(pipeline, first, bundle.answers)),
    )


def release(bundle: spyhop.Bundle) -> None:
    """Publish the bundle to the demo's store and make it the one that production serves."""
    store = open_store(str(BUILD / "store"))
    folder = BUILD / bundle.name.replace("-", "_")
    now = datetime.now(UTC).isoformat(timespec="seconds")
    version = publish(store, folder)
    Channel(store, bundle.name, "production", by="make demo", at=now).promote(version, "demo")


def environment(trained: Trained) -> dict[str, str]:
    """Return what a function is configured with: nothing but these."""
    root = (BUILD / "store").absolute().as_uri()
    return {"SPYHOP_ROOT": root, "SPYHOP_MODEL": trained.bundle.name}


def ask_lambda(trained: Trained) -> Served:
    """Return what the Lambda function answers behind API Gateway's HTTP API."""
    every, one = request_bodies(trained)
    with LambdaRuntime(environment(trained)) as runtime:

        def post(body: str) -> bytes:
            reply = runtime.invoke(http_event("/predict", body, "demo"))
            return str(reply.get("body", reply)).encode()

        return ask("AWS Lambda", post, every, one, time.perf_counter())


def ask_functions_framework(trained: Trained) -> Served:
    """Return what the Cloud Function answers over HTTP."""
    every, one = request_bodies(trained)
    started = time.perf_counter()
    with FunctionsFramework(environment(trained)) as runtime:

        def post(body: str) -> bytes:
            headers = {"content-type": "application/json", "x-request-id": "demo"}
            return runtime.request("POST", "/predict", body.encode(), headers).body

        return ask("Cloud Functions", post, every, one, started)


def request_bodies(trained: Trained) -> tuple[str, str]:
    """Return the request with every held-out row, and the one with the first row alone."""
    return json.dumps({"instances": trained.rows}), json.dumps({"instances": trained.rows[:1]})


def ask(runtime: str, post: Callable[[str], bytes], every: str, one: str, started: float) -> Served:
    """Return the answers to `every`, the time from `started` to the first reply, and warm p50."""
    post(one)
    cold_ms = (time.perf_counter() - started) * 1e3
    warm_ms = median_ms(lambda: post(one))
    body = post(every)
    return Served(runtime, json.loads(body).get("predictions", []), body, cold_ms, warm_ms)


def median_ms(call: Callable[[], object]) -> float:
    """Return the median time of one call, in milliseconds."""
    times = []
    for _ in range(WARM_CALLS):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return statistics.median(times) * 1e3


def judge(trained: Trained, served: Served) -> Parity | None:
    """Return how far the served answers are from scikit-learn's; None if some are absent."""
    proof = trained.bundle.parity
    if proof is None or len(served.answers) != len(trained.expected):
        return None
    answers = trained.bundle.answers
    return compare(trained.expected, served.answers, answers, proof.tolerance, proof.scale)


def show_answers(found: list[tuple[Trained, Served, Served]]) -> bool:
    """Print what every runtime answered; return whether all answers were equal."""
    table = plain_table("The same rows, asked everywhere", "served by", "engine", "artefact")
    for heading in ("rows", "worst", "cold ms", "warm ms"):
        table.add_column(heading, justify="right", no_wrap=True, header_style="dim")
    table.add_column("equal?", no_wrap=True, header_style="dim")
    all_equal = True
    for trained, *runtimes in found:
        bundle = trained.bundle
        table.add_row(f"[bold]{bundle.name}")
        warm = f"{trained.one_row_ms:.2f}"
        table.add_row("  scikit-learn", "", "", str(len(trained.rows)), "", "", warm, "—")
        same_bodies = runtimes[0].body == runtimes[1].body
        for served in runtimes:
            parity = judge(trained, served)
            equal = parity is not None and parity.holds and same_bodies
            all_equal &= equal
            table.add_row(
                f"  {served.runtime}",
                bundle.engine,
                size(bundle.artefact_bytes),
                str(len(served.answers)),
                "" if parity is None else f"{parity.worst_difference:.0e}",
                f"{served.cold_ms:.0f}",
                f"{served.warm_ms:.2f}",
                "[green]yes[/]" if equal else "[red]NO[/]",
            )
    console.print(table)
    console.print(
        "\n[dim]cold: process start to first reply.  warm: median for one row, over the\n"
        "loopback (scikit-learn: in process).  equal: every label, every number within\n"
        "the bundle's tolerance, and both clouds' replies byte for byte.[/]\n"
    )
    return all_equal


def plain_table(title: str, *headings: str) -> Table:
    """Return an empty table that fits a narrow terminal."""
    table = Table(
        title=title, title_justify="left", title_style="bold", box=None, padding=(0, 2, 0, 0)
    )
    for heading in headings:
        table.add_column(heading, no_wrap=True, header_style="dim")
    return table


def show_engines(trained: list[Trained]) -> None:
    """Print why a model is served by scikit-learn and not by a faster engine."""
    for bundle in (one.bundle for one in trained if one.bundle.engine == "sklearn"):
        console.print(f"[bold]{bundle.name}[/] is served by scikit-learn, for it was found that")
        for strategy, reason in bundle.not_chosen.items():
            console.print(f"[dim]  {strategy}: {reason}[/]", no_wrap=True, overflow="ellipsis")
        console.print()


def show_whales(trained: Trained, answers: list[dict[str, Any]]) -> None:
    """Print every held-out animal that the rules get wrong, and what the served model says."""
    truth = read_project(EXAMPLES / "whales" / "project.py").data()["kind"]
    title = "Swims like a fish, looks like a fish: a fish?"
    table = plain_table(title, "animal", "is a", "rules say", "model says", "sure")
    right = 0
    for name, row, answer in zip(trained.names, trained.rows, answers, strict=True):
        right += answer["label"] == truth[name]
        if kind_by_looks(row) == truth[name]:
            continue
        colour = "green" if answer["label"] == truth[name] else "red"
        said = f"[{colour}]{answer['label']}[/]"
        sure = f"{answer['probabilities'][answer['label']]:.0%}"
        table.add_row(name, truth[name], f"[red]{kind_by_looks(row)}[/]", said, sure)
    console.print(table)
    console.print()
    wrong = table.row_count
    console.print(
        f"[dim]Of {len(trained.rows)} held-out animals the rules have {len(trained.rows) - wrong} "
        f"right, the model {right}.[/]\n"
    )


if __name__ == "__main__":
    sys.exit(main())
