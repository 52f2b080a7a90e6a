"""What share of all items is what, from items drawn with known probabilities. Pure numerics.

Each item is drawn by itself (Poisson sampling), so that what is known of the sample is known of the stream: Horvitz
and Thompson (1952) where the size of the stream is known, Hájek (1971) where it is not. The share among the drawn
items is no estimate: what is drawn more often counts too much in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, inf, log, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from human_review.quality.estimate import LEVEL, Estimate, Z, clopper_pearson, estimate, wilson

Floats = NDArray[np.float64]


def hajek(hits: Floats, probability: Floats) -> tuple[float, float]:
    """The share of hits, and its effective sample size: that of an equal-chance sample that is as informative.

    nan and 0 for an empty sample. The size is infinite where everything was drawn.
    """
    if not len(hits):
        return float("nan"), 0.0
    share = float((hits / probability).sum() / (1 / probability).sum())
    return share, _effective(hits, probability, share)


def total(hits: Floats, probability: Floats) -> Estimate:
    """The number of hits in the whole stream by Horvitz and Thompson. Hits are 0 or 1.

    Each chance of being drawn has the score interval of a Poisson number; the intervals are put together by how far
    their ends are from the middle (Donner and Zou 2012). Two standard errors to either side would cover too little
    where hits are few.
    """
    value = float((hits / probability).sum())
    chances = np.unique(probability)
    bounds = [_distances(float(hits[probability == chance].sum()), float(chance)) for chance in chances]
    below, above = (sqrt(sum(pair[end] ** 2 for pair in bounds)) for end in (0, 1))
    return estimate(len(hits), value, max(0.0, value - below), value + above)


def thinned(probability: Floats, came: float, of: float | None) -> Floats:
    """Chances of items of which only ``came`` of ``of`` came through (None: not known), as if each at random."""
    return probability * min(1.0, came / of) if of else probability


def share(hits: Floats, probability: Floats, *, least: int = 1) -> Estimate:
    """The share of hits with its interval: Clopper-Pearson where all chances are equal, else Wilson's for Hájek's.

    The exact interval is too wide by nature, the more so the rarer the hits; it never covers too little.
    """
    n = len(hits)
    if n < max(1, least):
        return Estimate(n)
    value, effective = hajek(hits, probability)
    if (probability == probability[0]).all():
        return estimate(n, value, *clopper_pearson(float(hits.sum()), n))
    return estimate(n, value, *wilson(value, effective))


@dataclass(frozen=True, slots=True)
class Stratum:
    """Drawn items of one kind that people decided; there are ``size`` in the stream (None: not known)."""

    hits: Floats
    probability: Floats
    size: float | None = None

    def weight(self) -> float:
        """How many items it stands for."""
        return self.size if self.size is not None else self._reached()

    def chances(self) -> Floats:
        """Of being drawn and decided: where fewer came through than there are, the others wait undecided."""
        return thinned(self.probability, self._reached(), self.size)

    def _reached(self) -> float:
        return float((1 / self.probability).sum())


def stratified(strata: Sequence[Stratum], *, least: int = 1) -> Estimate:
    """The share of hits in the stream as a whole: the strata's shares by how much of the stream they are.

    Nothing is said while a stratum that holds something has no drawn item. Items that wait are taken to be like the
    others; how many may is for the caller to say.
    """
    n = sum(len(stratum.hits) for stratum in strata)
    full = [stratum for stratum in strata if stratum.weight() > 0]
    if n < max(1, least) or any(not len(stratum.hits) for stratum in full):
        return Estimate(n)
    total = sum(stratum.weight() for stratum in full)
    parts = [(stratum.weight() / total, *hajek(stratum.hits, stratum.chances())) for stratum in full]
    value = sum(weight * part for weight, part, _ in parts)
    # As if one item more of each kind had been drawn: a stratum without hits is not free of doubt.
    variance = sum(weight**2 * _doubt(part, size) for weight, part, size in parts)
    size = value * (1 - value) / variance if variance and 0 < value < 1 else min(size for *_, size in parts)
    return estimate(n, value, *wilson(value, size))


def audits_without_error(precision: float, confidence: float = LEVEL) -> int:
    """How many audits without one error show that the precision is at least this (one-sided)."""
    return ceil(log(1 - confidence) / log(precision))


def audits_for(share_expected: float, half_width: float, level: float = LEVEL) -> int:
    """How many audits give an interval of plus or minus ``half_width`` around a share."""
    z = float(ndtri((1 + level) / 2))
    return ceil(z**2 * share_expected * (1 - share_expected) / half_width**2)


def hits_for(relative_width: float, level: float = LEVEL) -> int:
    """How many hits of something rare give an interval of plus or minus this part of its share."""
    return ceil((float(ndtri((1 + level) / 2)) / relative_width) ** 2)


def _effective(hits: Floats, probability: Floats, share: float) -> float:
    weight = 1 / probability
    spread = (1 - probability) * weight**2
    if not spread.any():
        return inf
    if not 0 < share < 1:
        return float(weight.sum() ** 2 / spread.sum())
    return float(share * (1 - share) * weight.sum() ** 2 / (spread * (hits - share) ** 2).sum())


def _doubt(share: float, size: float) -> float:
    """Variance of a share, never 0 for a sample: by Agresti and Coull's middle (1998)."""
    if size == inf:
        return 0.0
    middle = (share * size + 1) / (size + 2)
    return middle * (1 - middle) / (size + 2)


def _distances(hits: float, chance: float) -> tuple[float, float]:
    """From a number of items, found by ``hits`` that were drawn with one chance, to the ends of its interval."""
    if chance == 1:
        return 0.0, 0.0
    scale = (1 - chance) / chance
    half = Z * sqrt(hits / (1 - chance) + Z**2 / 4)
    return scale * (half - Z**2 / 2), scale * (half + Z**2 / 2)
