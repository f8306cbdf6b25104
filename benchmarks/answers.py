"""Whether both sides give the same answers; a benchmark of different answers means nothing."""

from benchmarks.function_process import FunctionProcess
from benchmarks.sides import Sides


def worst_difference(sides: Sides) -> float:
    """Return how far apart the two sides' probabilities are at the most, over all rows.

    Raises:
        SystemExit: a label differs, or a probability by more than the bundle's tolerance.
    """
    with (
        FunctionProcess(sides.plain, "many") as plain,
        FunctionProcess(sides.spyhop, "many") as ours,
    ):
        expected, answers = plain.answers, ours.answers
    if [a["label"] for a in expected] != [a["label"] for a in answers]:
        raise SystemExit(f"{sides.bundle.name}: the labels differ; nothing was measured.")
    worst: float = max(
        abs(p - answer["probabilities"][label])
        for promised, answer in zip(expected, answers, strict=True)
        for label, p in promised["probabilities"].items()
    )
    assert sides.bundle.parity is not None
    if worst > sides.bundle.parity.tolerance:
        raise SystemExit(f"{sides.bundle.name}: a probability is off by {worst:.0e}; not measured.")
    return worst
