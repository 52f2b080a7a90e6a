"""Measures of a column of scores against truth. All take float64 scores and boolean truth, both [rows]."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Truth = NDArray[np.bool_]


def auc(scores: Floats, truth: Truth) -> float | None:
    """Chance that a positive scores above a negative, ties counting half; None without both classes."""
    if truth.all() or not truth.any():
        return None
    return float(_auc_of(*_tied(scores, truth)))


def stratified_auc(scores: Floats, truth: Truth, strata: NDArray[np.intp]) -> float | None:
    """AUC over pairs of the same stratum only, so that telling sources apart earns nothing."""
    tables = _tables(scores, truth, strata)
    return float(_pooled(tables)) if tables else None


def stratified_auc_interval(
    scores: Floats, truth: Truth, strata: NDArray[np.intp], *, bootstrap: int, seed: int
) -> tuple[float, float] | None:
    """95 % bootstrap interval of ``stratified_auc``."""
    tables = _tables(scores, truth, strata)
    if not tables or bootstrap < 1:
        return None
    random = np.random.default_rng(seed)
    values = [_pooled([_resample(table, random) for table in tables]) for _ in range(bootstrap)]
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)


Table = tuple[Floats, Floats]  # positives and negatives at each distinct score, lowest first


def _tables(scores: Floats, truth: Truth, strata: NDArray[np.intp]) -> list[Table]:
    chosen = [strata == stratum for stratum in np.unique(strata)]
    return [_tied(scores[rows], truth[rows]) for rows in chosen if truth[rows].any() and not truth[rows].all()]


def _tied(scores: Floats, truth: Truth) -> Table:
    _, place = np.unique(scores, return_inverse=True)
    return np.bincount(place, truth).astype(np.float64), np.bincount(place, ~truth).astype(np.float64)


def _auc_of(positives: Floats, negatives: Floats) -> float:
    below = np.cumsum(negatives) - 0.5 * negatives
    return float(positives @ below / (positives.sum() * negatives.sum()))


def _pooled(tables: list[Table]) -> float:
    weights = [min(table[0].sum(), table[1].sum()) for table in tables]
    return float(np.average([_auc_of(*table) for table in tables], weights=weights))


def _resample(table: Table, random: np.random.Generator) -> Table:
    drawn = [random.multinomial(int(side.sum()), side / side.sum()).astype(np.float64) for side in table]
    return drawn[0], drawn[1]


def expected_calibration_error(probabilities: Floats, truth: Truth, bins: int = 10) -> float | None:
    """Mean distance of stated probability and observed share over equal-width bins; None without rows."""
    if not truth.size:
        return None
    place = np.minimum((probabilities * bins).astype(np.intp), bins - 1)
    gaps = np.bincount(place, probabilities - truth, minlength=bins)
    return float(np.abs(gaps).sum() / truth.size)


def equal_mass_bins(probabilities: Floats, bins: int = 10) -> NDArray[np.intp]:
    """The bin of each row, bins holding equally many rows as far as equal probabilities allow; at least one row."""
    edges = np.quantile(probabilities, np.linspace(0.0, 1.0, bins + 1)[1:-1])
    return np.searchsorted(edges, probabilities)
