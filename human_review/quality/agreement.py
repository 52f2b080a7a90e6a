"""How far people agree with each other beyond chance. Pure numerics.

Agreement is no accuracy: where one verdict is rare, alpha falls although nearly all answers agree (the kappa
paradox), and AC1 stays high. Read the three together.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from human_review.quality.estimate import LEVEL, Estimate, estimate

Counts = NDArray[np.int64]  # rows: tasks, columns: categories, values: how many people chose it
Floats = NDArray[np.float64]
RESAMPLES = 1000
LEAST_TASKS = 30


def alpha(counts: Counts, weights: Floats | None = None) -> Floats:
    """Krippendorff's alpha for nominal data (Krippendorff 2011); people may be missing anywhere.

    ``weights`` has a row for each resample: how often each task is in it. nan where only one category occurs.
    """
    rows, times = _at_least(counts, weights, 2)
    people = rows.sum(axis=1)
    differing = (people**2 - (rows**2).sum(axis=1)) / (people - 1)
    totals = times @ rows
    n = totals.sum(axis=1)
    return 1 - _ratio((n - 1) * (times @ differing), n**2 - (totals**2).sum(axis=1))


def raw_agreement(counts: Counts, weights: Floats | None = None) -> Floats:
    """The share of pairs of answers to one task that are equal, averaged over tasks with at least two answers."""
    rows, times = _at_least(counts, weights, 2)
    people = rows.sum(axis=1)
    equal = (rows * (rows - 1)).sum(axis=1) / (people * (people - 1))
    return _ratio(times @ equal, times.sum(axis=1))


def ac1(counts: Counts, weights: Floats | None = None) -> Floats:
    """Gwet's first-order agreement coefficient (Gwet 2008), with people missing anywhere."""
    rows, times = _at_least(counts, weights, 1)
    shares = _ratio(times @ (rows / rows.sum(axis=1, keepdims=True)), times.sum(axis=1, keepdims=True))
    by_chance = (shares * (1 - shares)).sum(axis=1) / (counts.shape[1] - 1)
    return _ratio(raw_agreement(counts, weights) - by_chance, 1 - by_chance)


MEASURES: dict[str, Callable[[Counts, Floats | None], Floats]] = {"alpha": alpha, "ac1": ac1, "raw": raw_agreement}


def agreement(counts: Counts, *, seed: int = 0, least: int = LEAST_TASKS) -> dict[str, Estimate]:
    """Each measure with its bootstrap percentile interval over tasks; n counts tasks with at least two answers."""
    several = counts[counts.sum(axis=1) >= 2]
    n = len(several)
    if n < least:
        return {name: Estimate(n) for name in MEASURES}
    # Tasks with equal rows are interchangeable, so that drawing how often each kind of row comes is enough.
    kinds, times = np.unique(several, axis=0, return_counts=True)
    draws = np.random.default_rng(seed).multinomial(n, times / n, size=RESAMPLES).astype(float)
    return {name: _with_interval(measure, kinds, times[None, :].astype(float), draws, n)
            for name, measure in MEASURES.items()}  # fmt: skip


def _with_interval(
    measure: Callable[[Counts, Floats | None], Floats], kinds: Counts, times: Floats, draws: Floats, n: int
) -> Estimate:
    value = float(measure(kinds, times)[0])
    resampled = measure(kinds, draws)
    resampled = resampled[np.isfinite(resampled)]
    if not len(resampled):
        return Estimate(n)
    low, high = np.quantile(resampled, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return estimate(n, value, low, high)


def _at_least(counts: Counts, weights: Floats | None, people: int) -> tuple[Counts, Floats]:
    times = np.ones((1, len(counts))) if weights is None else weights
    kept = counts.sum(axis=1) >= people
    return counts[kept], times[:, kept]


def _ratio(over: Floats, under: Floats) -> Floats:
    nowhere = np.full(np.broadcast(over, under).shape, np.nan)
    ratio: Floats = np.divide(over, under, out=nowhere, where=under != 0)
    return ratio
