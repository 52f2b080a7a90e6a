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

from human_review.quality.estimate import LEVEL, Estimate, clopper_pearson, estimate, wilson

Floats = NDArray[np.float64]


def horvitz_thompson(hits: Floats, probability: Floats) -> tuple[float, float]:
    """The number of hits in the whole stream, and its standard error. Hits are 0 or 1."""
    total = float((hits / probability).sum())
    return total, sqrt(float(((1 - probability) * hits**2 / probability**2).sum()))


def hajek(hits: Floats, probability: Floats) -> tuple[float, float]:
    """The share of hits, and its effective sample size: that of an equal-chance sample that is as informative.

    nan and 0 for an empty sample. The size is infinite where everything was drawn.
    """
    if not len(hits):
        return float("nan"), 0.0
    share = float((hits / probability).sum() / (1 / probability).sum())
    return share, _effective(hits, probability, share)


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
    """Drawn items of one kind, of which there are ``size`` in the stream (None: not known)."""

    hits: Floats
    probability: Floats
    size: float | None = None

    def weight(self) -> float:
        """How many items it stands for."""
        return self.size if self.size is not None else float((1 / self.probability).sum())


def stratified(strata: Sequence[Stratum], *, least: int = 1) -> Estimate:
    """The share of hits in the stream as a whole: the strata's shares by how much of the stream they are.

    Nothing is said while a stratum that holds something has no drawn item.
    """
    n = sum(len(stratum.hits) for stratum in strata)
    full = [stratum for stratum in strata if stratum.weight() > 0]
    if n < max(1, least) or any(not len(stratum.hits) for stratum in full):
        return Estimate(n)
    total = sum(stratum.weight() for stratum in full)
    parts = [(stratum.weight() / total, *hajek(stratum.hits, stratum.probability)) for stratum in full]
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
