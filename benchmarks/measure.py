"""The measurements.  Each takes turns between the sides, so that a busy machine slows both."""

import json
import time
from collections.abc import Callable
from itertools import chain
from statistics import median
from typing import NamedTuple, TypeVar

from benchmarks.function_process import FunctionProcess, answers_in
from benchmarks.sides import Side, Sides
from spyhop.emulators.lambda_runtime import LambdaRuntime

COLD_STARTS = 15
RUNTIME_STARTS = 5
ROUNDS = 20
CALLS_A_ROUND = {"one": 50, "many": 5}

T = TypeVar("T")


class Pair(NamedTuple):
    """One figure for each side."""

    plain: float
    spyhop: float

    @property
    def ratio(self) -> float:
        """How many times as much the plain way takes."""
        return self.plain / self.spyhop


class Measured(NamedTuple):
    """What was found for one model: medians, times in ms, memory in MiB."""

    cold_process: Pair
    cold_runtime: Pair
    warm_one: Pair
    warm_many: Pair
    peak_mib: Pair


def measured(sides: Sides) -> Measured:
    """Return all figures for one model; this takes about a minute."""
    cold, peak_mib = cold_process(sides)
    return Measured(cold, cold_runtime(sides), warm(sides, "one"), warm(sides, "many"), peak_mib)


def cold_process(sides: Sides) -> tuple[Pair, Pair]:
    """Return the time from a process's start to its first answer, and the memory it took."""
    started = in_turns(sides, started_process, COLD_STARTS)
    return (
        Pair(*(median(ms for ms, _ in side) for side in started)),
        Pair(*(median(mib for _, mib in side) for side in started)),
    )


def started_process(side: Side) -> tuple[float, float]:
    """Return the cold start of one fresh process in ms, and its peak memory in MiB."""
    with FunctionProcess(side) as process:
        assert process.answers
        return process.cold_ms, process.peak_mib


def cold_runtime(sides: Sides) -> Pair:
    """Return the time of the first invocation under AWS's own runtime."""
    return Pair(*map(median, in_turns(sides, first_invocation, RUNTIME_STARTS)))


def first_invocation(side: Side) -> float:
    """Return the time of one cold invocation in ms; the emulator starts the function in it."""
    event = json.loads((side.events / "one.json").read_text())
    with LambdaRuntime(side.environ, folder=side.folder) as runtime:
        started = time.perf_counter()
        reply = runtime.invoke(event)
        elapsed_ms = (time.perf_counter() - started) * 1e3
    answers_in(reply.get("body", ""), side)
    return elapsed_ms


def warm(sides: Sides, event: str) -> Pair:
    """Return the time of a call in a running process, the event already decoded by its caller."""
    calls = CALLS_A_ROUND[event]
    with FunctionProcess(sides.plain) as plain, FunctionProcess(sides.spyhop) as spyhop:
        processes = (plain, spyhop)
        for process in processes:
            process.times_ms(event, calls)  # warms up
        rounds = [[p.times_ms(event, calls) for p in processes] for _ in range(ROUNDS)]
    return Pair(*(median(chain(*side)) for side in zip(*rounds, strict=True)))


def in_turns(sides: Sides, measure: Callable[[Side], T], times: int) -> tuple[list[T], list[T]]:
    """Return what `measure` found for each side, asked alternately."""
    found = [(measure(sides.plain), measure(sides.spyhop)) for _ in range(times)]
    return [plain for plain, _ in found], [spyhop for _, spyhop in found]
