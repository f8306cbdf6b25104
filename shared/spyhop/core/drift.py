"""Findings: what of a live profile is no longer as in the reference, and how sure that is.

All tests of a window are corrected together (Benjamini-Hochberg) at a level that follows from
the user's budget of false alarms.
"""

from collections.abc import Iterator, Sequence
from math import ceil, sqrt
from typing import Any, Literal

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from spyhop.core.profile import Profile
from spyhop.core.shift import (
    more_p_value,
    moved_share,
    population_stability,
    share_p_value,
    shift_p_value,
)
from spyhop.core.summaries import Categories, Numbers, Summary, Texts
from spyhop.core.tails import gamma_tail

Kind = Literal["shift", "words", "missing", "unseen", "range"]
Verdict = Literal["steady", "drift", "slight", "break", "too few rows"]

BREAKS = ("missing", "unseen", "range")

# Without a budget to keep, more than one false alarm in twenty windows helps nobody.
HIGHEST_LEVEL = 0.05


class DriftPolicy(Struct, frozen=True):
    """How many false alarms are bearable, and which moves matter.

    With `find_psi` a window is large enough if it would show four moves of that PSI out of
    five.  A move of fewer than `least_moved` of the rows is real, perhaps, but no alarm.
    """

    false_alarms_a_month: float = 1.0
    windows_a_month: float = 720.0
    find_psi: float = 0.25
    least_moved: float = 0.02

    @property
    def level(self) -> float:
        """How likely a window of unchanged data may raise any alarm."""
        return min(HIGHEST_LEVEL, self.false_alarms_a_month / max(self.windows_a_month, 1.0))


def windows_a_month(requests_a_day: float, rows_a_window: float) -> float:
    """Return how many windows of so many rows a month of thirty days has."""
    return 30 * requests_a_day / rows_a_window


class Finding(Struct, frozen=True):
    """What one test says of one column, or of the prediction.

    `statistic` is the PSI of a shift; of the other kinds it is the share of rows that now are
    so.  `evidence` has what a person would look at.  `rows_needed` is how many rows it takes
    to see a move of the policy's `find_psi`; None where no number of rows is enough, because
    the reference has too few.
    """

    of: Literal["column", "prediction"]
    column: str
    kind: Kind
    statistic: float
    p_value: float
    rows: int
    verdict: Verdict = "steady"
    rows_needed: int | None = 0
    evidence: dict[str, Any] = {}


def compare_profiles(reference: Profile, live: Profile, policy: DriftPolicy) -> tuple[Finding, ...]:
    """Return one finding a test, the least likely of unchanged data first."""
    tested = [
        *_tested("column", reference.columns, live.columns),
        *_tested("prediction", reference.predictions, live.predictions),
    ]
    found = [_judged(f, policy, len(tested)) for f in tested]
    alarms = false_discoveries([finding.p_value for finding in found], policy.level)
    return tuple(
        sorted(
            (_alarmed(f, policy) if is_one else f for f, is_one in zip(found, alarms, strict=True)),
            key=lambda finding: finding.p_value,
        )
    )


def false_discoveries(p_values: Sequence[float], level: float) -> list[bool]:
    """Return which hypotheses to reject (Benjamini and Hochberg, 1995)."""
    p = np.sort(np.asarray(p_values, dtype=float))
    passing = p[p <= level * np.arange(1, len(p) + 1) / max(len(p), 1)]
    return [bool(len(passing)) and value <= passing[-1] for value in p_values]


def rows_needed(reference_rows: int, cells: int, level: float, psi: float) -> int | None:
    """Return the rows that show a move of this PSI four times of five; None if none are enough.

    PSI over (1/n + 1/m) is about a χ² that the move pushes up: its mean by λ, its variance by
    4 λ.
    """
    freedom = max(1, cells - 1)
    threshold = _threshold(freedom, level)
    # mean - 0.84 deviations = threshold, for λ
    root = sqrt(2 * 0.842**2 * freedom + 4 * 0.842**2 * (threshold - freedom) + 4 * 0.842**4)
    noncentral = threshold - freedom + 2 * 0.842**2 + root
    noise = psi / noncentral - 1 / max(reference_rows, 1)
    return ceil(1 / noise) if noise > 0 else None


def _threshold(freedom: int, level: float) -> float:
    low, high = 0.0, 1000.0 + freedom
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if gamma_tail(freedom / 2, middle / 2) > level else (low, middle)
    return high


def _judged(finding: Finding, policy: DriftPolicy, tests: int) -> Finding:
    """Return `finding` with the rows it needs, and said to have too few if it has."""
    if finding.kind != "shift":
        return finding
    cells, before = finding.evidence["cells"], finding.evidence["rows_before"]
    needed = rows_needed(before, cells, policy.level / tests, policy.find_psi)
    few = needed is None or finding.rows < needed
    return replace(finding, rows_needed=needed, verdict="too few rows" if few else "steady")


def _alarmed(finding: Finding, policy: DriftPolicy) -> Finding:
    if finding.kind in BREAKS:
        return replace(finding, verdict="break")
    slight = finding.evidence["moved"] < policy.least_moved
    return replace(finding, verdict="slight" if slight else "drift")


def _tested(
    of: Literal["column", "prediction"],
    reference: dict[str, Any],
    live: dict[str, Any],
) -> Iterator[Finding]:
    for name, before in reference.items():
        for kind, statistic, p_value, evidence in _tests(before, live[name]):
            yield Finding(of, name, kind, statistic, p_value, live[name].rows, evidence=evidence)


_Test = tuple[Kind, float, float, dict[str, Any]]


def _tests(before: Summary, now: Summary) -> Iterator[_Test]:
    if isinstance(before, Texts) and isinstance(now, Texts):
        yield from _tests(before.lengths, now.lengths)
        yield _shift("strange words", before.strange.counts, now.strange.counts, in_order=True)
        yield _words(before, now)
    elif isinstance(before, Numbers) and isinstance(now, Numbers):
        yield _shift("values", before.counts, now.counts, in_order=True)
        yield _missing(before, now)
        yield _range(before, now)
    elif isinstance(before, Categories) and isinstance(now, Categories):
        # Where the reference has others, they are one more category; else they are unseen.
        rest = (before.other > 0,)
        counts = [(*s.counts, *(s.other for kept in rest if kept)) for s in (before, now)]
        yield _shift("categories", *counts, in_order=False)
        yield _missing(before, now)
        if not before.other:
            yield _unseen(before, now)


def _shift(what: str, before: Sequence[int], now: Sequence[int], *, in_order: bool) -> _Test:
    evidence: dict[str, Any] = {"of": what, "cells": len(before), "rows_before": sum(before)}
    if not sum(before) or not sum(now):
        return "shift", 0.0, 1.0, {**evidence, "moved": 0.0}
    evidence["moved"] = moved_share(before, now)
    p_value = shift_p_value(before, now, in_order=in_order)
    return "shift", population_stability(before, now), p_value, evidence


def _missing(before: Numbers | Categories, now: Numbers | Categories) -> _Test:
    p_value = share_p_value(before.missing, before.rows, now.missing, now.rows)
    return "missing", *_shares(before.missing, before.rows, now.missing, now.rows, p_value)


def _unseen(before: Categories, now: Categories) -> _Test:
    """Test for categories that are new.

    Rows that are the only one of their category in training show how often a row brings a
    category that none before it had (Good and Turing).
    """
    present, n = now.rows - now.missing, before.rows - before.missing
    alone = sum(count == 1 for count in before.counts)
    p_value = more_p_value(alone, n, now.other, present)
    return "unseen", *_shares(0, n, now.other, present, p_value)


def _range(before: Numbers, now: Numbers) -> _Test:
    """Test for values beyond all of training, as the most extreme of all rows seldom are new."""
    n, m = sum(before.counts), sum(now.counts)
    p_value = min(1.0, 2 * min(more_p_value(0, n, out, m) for out in (now.below, now.above)))
    return "range", *_shares(0, n, now.below + now.above, m, p_value)


def _shares(
    before: int, n: int, now: int, m: int, p_value: float
) -> tuple[float, float, dict[str, Any]]:
    share = now / m if m else 0.0
    return share, p_value, {"before": before / n if n else 0.0, "now": share, "rows_now": now}


def _words(before: Texts, now: Texts) -> _Test:
    """Test in how many texts each cell of words occurs, 128 tests taken as one (Bonferroni)."""
    n, m = sum(before.lengths.counts), sum(now.lengths.counts)
    if not n or not m:
        return "words", 0.0, 1.0, {"moved": 0.0}
    shares = np.array(before.words) / n, np.array(now.words) / m
    pooled = (np.array(before.words) + np.array(now.words)) / (n + m)
    noise = np.sqrt(pooled * (1 - pooled) + 1e-12)
    # Only what lies furthest apart is tested exactly; the others' p-values are larger.
    far = np.argsort(-np.abs(shares[1] - shares[0]) / noise, kind="stable")[:3].tolist()
    p_values = [share_p_value(before.words[i], n, now.words[i], m) for i in far]
    best = int(np.argmin(p_values))
    moved = float(abs(shares[1] - shares[0])[far[best]])
    p_value = min(1.0, len(before.words) * p_values[best])
    return "words", moved, p_value, {"moved": moved, "cell": far[best]}
