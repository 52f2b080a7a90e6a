"""Measures of one column of scores over many weightings of its rows at once, by one sort of the scores.

All take ``counts`` [resamples, rows], how often each row counts, and return [resamples], NaN where undefined.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.metrics import Floats, Truth

_ROUNDING = 1e-9  # 0.01 * 2900 is below 29


@dataclass(frozen=True, slots=True)
class Ranking:
    """Rows from the highest score down; ``ends`` are the last places of runs of equal scores."""

    order: NDArray[np.intp]
    ends: NDArray[np.intp]
    truth: Floats  # in that order, 1 or 0

    @classmethod
    def of(cls, scores: Floats, truth: Truth) -> "Ranking":
        """At least one row."""
        order = np.argsort(-scores, kind="stable")
        ranked = scores[order]
        ends = np.append(np.flatnonzero(ranked[1:] != ranked[:-1]), scores.size - 1)
        return cls(order, ends, truth[order].astype(np.float64))

    def curve(self, counts: Floats) -> "Curve":
        """Positives and negatives at or above each distinct score."""
        drawn = counts[:, self.order]
        flagged = np.cumsum(drawn, axis=1)[:, self.ends]
        found = np.cumsum(drawn * self.truth, axis=1)[:, self.ends]
        return Curve(found, flagged - found)


@dataclass(frozen=True, slots=True)
class Curve:
    """True and false positives [resamples, distinct scores], thresholds falling."""

    found: Floats
    alarms: Floats

    def auc(self) -> Floats:
        """Chance that a positive scores above a negative, ties counting half."""
        steps = np.diff(self.alarms, axis=1, prepend=0.0)
        before = np.diff(self.found, axis=1, prepend=0.0)
        area = np.einsum("ij,ij->i", self.found - 0.5 * before, steps)
        return _share(area, self.found[:, -1] * self.alarms[:, -1])

    def average_precision(self) -> Floats:
        """Area under precision over recall, by steps."""
        steps = np.diff(self.found, axis=1, prepend=0.0)
        flagged = np.maximum(self.found + self.alarms, 1.0)  # a run that no resample drew adds a step of 0
        return _share(np.einsum("ij,ij->i", self.found / flagged, steps), self.found[:, -1])

    def recall_at_fpr(self, rate: float) -> Floats:
        """Best recall of a threshold that flags at most ``rate`` of the negatives."""
        return self._best(self.alarms <= rate * self.alarms[:, -1:] + _ROUNDING)

    def recall_at_precision(self, precision: float) -> Floats:
        """Best recall of a threshold of which at least ``precision`` of the flagged are positives."""
        return self._best(self.found >= precision * (self.found + self.alarms) - _ROUNDING)

    def _best(self, allowed: NDArray[np.bool_]) -> Floats:
        return _share((self.found * allowed).max(axis=1), self.found[:, -1])


def stratified_auc(scores: Floats, truth: Truth, strata: NDArray[np.intp], counts: Floats) -> Floats:
    """AUC over pairs of one stratum, strata weighted by the rows of their rarer class, as in ``models.metrics``."""
    total, weights = np.zeros(counts.shape[0]), 0.0
    for stratum in np.unique(strata):
        rows = np.flatnonzero(strata == stratum)
        weight = float(min(truth[rows].sum(), (~truth[rows]).sum()))
        if weight:
            total += weight * Ranking.of(scores[rows], truth[rows]).curve(counts[:, rows]).auc()
            weights += weight
    return _share(total, np.full(counts.shape[0], weights))


def ratio(counts: Floats, part: Truth, whole: Truth) -> Floats:
    """Share of the rows of ``whole`` that are in ``part`` too."""
    return _share(counts @ (part & whole).astype(np.float64), counts @ whole.astype(np.float64))


def f1(counts: Floats, flagged: Truth, truth: Truth) -> Floats:
    """F1 of what is flagged."""
    both = counts @ (flagged & truth).astype(np.float64)
    return _share(2.0 * both, counts @ (flagged.astype(np.float64) + truth))


def calibration_error(counts: Floats, places: NDArray[np.intp], probabilities: Floats, truth: Truth) -> Floats:
    """Mean distance of stated probability and observed share over the bins that ``places`` [rows] names.

    Resampling adds noise to every bin, so the interval lies higher than the value where that is small.
    """
    gaps = np.zeros((truth.size, int(places.max()) + 1))
    gaps[np.arange(truth.size), places] = probabilities - truth
    return _share(np.abs(counts @ gaps).sum(axis=1), counts.sum(axis=1))


def _share(part: Floats, whole: Floats) -> Floats:
    found: Floats = np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)
    return found
