"""Has a distribution moved?  Counts of the same cells, before and now, and a p-value.

The p-value asks how often rows dealt at random to "before" and "now" would lie as far apart.
Dealing at random makes no assumption on the distribution and knows that the reference is a
sample too.  See docs/monitoring.md for the formulae and the simulations.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spyhop.core.tails import gamma_tail, hypergeometric_tail

Counts = Sequence[int] | NDArray[np.int64]

# Cells that promise fewer rows than this, on either side, are taken together: below it the
# tail of the statistic is longer than the formula's.
LEAST_EXPECTED = 10


def population_stability(reference: Counts, live: Counts) -> float:
    """Return how far `live` has moved away from `reference` (PSI; 0 is no move).

    Both have shape (n_bins,) and count rows per bin, in the same bin order.
    Their totals may differ.  An empty bin counts as half a row, so a category
    that is new or has vanished gives a large number rather than infinity.

    PSI has no unit; `DriftPolicy` says when it is too much.

    Raises:
        ValueError: the lengths differ, or one side has no rows.
    """
    before, now = np.asarray(reference, dtype=float), np.asarray(live, dtype=float)
    if before.shape != now.shape:
        raise ValueError(f"got {before.shape} and {now.shape} bins, expected as many")
    if not before.sum() or not now.sum():
        raise ValueError("one side has no rows")
    occupied = before + now > 0
    before, now = (np.where(c > 0, c, 0.5)[occupied] for c in (before, now))
    p, q = before / before.sum(), now / now.sum()
    return float(((q - p) * np.log(q / p)).sum())


def moved_share(reference: Counts, live: Counts) -> float:
    """Return which share of the rows lies in other cells than before (total variation, 0 to 1)."""
    before, now = np.asarray(reference, dtype=float), np.asarray(live, dtype=float)
    return float(np.abs(before / before.sum() - now / now.sum()).sum() / 2)


def shift_p_value(reference: Counts, live: Counts, *, in_order: bool) -> float:
    """Return how often counts as far apart as these come of one distribution; 1 if none can tell.

    With `in_order` cells are bins cut so that the reference fills them evenly.
    """
    before, now = np.asarray(reference, dtype=np.int64), np.asarray(live, dtype=np.int64)
    n, m = int(before.sum()), int(now.sum())
    if min(n, m) < 2 * LEAST_EXPECTED:
        return 1.0
    groups = _neighbours(before, n, m) if in_order else _rare_ones(before + now, n, m)
    n_groups = int(groups.max()) + 1
    before, now = (np.bincount(groups, c, n_groups).astype(np.int64) for c in (before, now))
    if n_groups == 1:
        return 1.0
    if n_groups == 2:
        return share_p_value(int(before[0]), n, int(now[0]), m)
    return _dealt_at_random(before, now)


def share_p_value(before: int, n: int, now: int, m: int) -> float:
    """Return the two-sided p-value of `now` of `m` rows where it was `before` of `n` (Fisher)."""
    more = hypergeometric_tail(now, m, before + now, n + m)
    fewer = hypergeometric_tail(before, n, before + now, n + m)
    return min(1.0, 2 * min(more, fewer))


def more_p_value(before: int, n: int, now: int, m: int) -> float:
    """Return how often at least `now` of the hits come to lie among the `m` new rows."""
    return hypergeometric_tail(now, m, before + now, n + m)


def _neighbours(reference: NDArray[np.int64], n: int, m: int) -> NDArray[np.int64]:
    """Return the group of each bin.

    It is chosen by the reference alone: its bins were cut to be even, so their totals would
    say where the live rows are.
    """
    needed = LEAST_EXPECTED * n / min(n, m)
    groups, group, filled = [], 0, 0
    for rows in reference.tolist():
        groups.append(group)
        filled += rows
        if filled >= needed:
            group, filled = group + 1, 0
    found = np.array(groups)
    if filled and group:
        found[found == group] = group - 1
    return found


def _rare_ones(total: NDArray[np.int64], n: int, m: int) -> NDArray[np.int64]:
    """Return the group of each category, chosen by the rows of both sides together."""
    needed = LEAST_EXPECTED * (n + m) / min(n, m)
    is_rare = total < needed
    if is_rare.all():
        return np.zeros(len(total), dtype=np.int64)
    if 0 < total[is_rare].sum() < needed:
        is_rare[np.where(is_rare, np.inf, total).argmin()] = True
    groups = np.cumsum(~is_rare) - 1
    return np.where(is_rare, groups[-1] + 1, groups) if is_rare.any() else groups


def _dealt_at_random(before: NDArray[np.int64], now: NDArray[np.int64]) -> float:
    """Return the tail of Pearson's χ² by a gamma of its exact mean and variance.

    They are those over all tables with these margins (Haldane 1940; Dawson 1954).
    """
    n, m, total = float(before.sum()), float(now.sum()), (before + now).astype(float)
    rows, cells = n + m, len(total)
    apart = rows**2 / (n * m) * float((np.square(now - m * total / rows) / total).sum())
    mean = (cells - 1) * rows / (rows - 1)
    v = (rows - 2) / (rows - 1), (cells - 1) * (rows - cells) / (rows - 1)
    w = (
        (rows / n + rows / m - 4) / (rows - 2),
        (float((rows / total).sum()) - cells**2) / (rows - 2),
    )
    variance = (
        2 * rows / (rows - 3) * (v[0] - w[0]) * (v[1] - w[1]) + rows**2 / (rows - 1) * w[0] * w[1]
    )
    return gamma_tail(mean**2 / variance, apart * mean / variance)
