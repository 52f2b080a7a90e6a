"""From what mistakes cost to where the thresholds lie."""

import math
from dataclasses import dataclass
from fractions import Fraction

# Scores and thresholds live on one grid, so that a reader of a decision can repeat it from what is printed.
SCORE_DIGITS = 4
_STEPS: int = 10**SCORE_DIGITS


@dataclass(frozen=True, slots=True)
class Costs:
    """What each mistake and each look cost, in any one unit; only their ratios matter."""

    wrong_removal: float
    miss: float
    review: float

    def of_allow(self, score: float) -> float:
        """Expected cost of leaving an item with this probability alone."""
        return score * self.miss

    def of_act(self, score: float) -> float:
        """Expected cost of acting on it without a person."""
        return (1.0 - score) * self.wrong_removal

    def as_tuple(self) -> tuple[float, float, float]:
        """In the order of ``Decision.costs``."""
        return self.wrong_removal, self.miss, self.review


@dataclass(frozen=True, slots=True)
class Band:
    """Allow below ``review_from``, act from ``act_from``, a person in between; equal where there is no between."""

    review_from: float
    act_from: float

    def __post_init__(self) -> None:
        """Refuse a band that no costs can give."""
        if not 0.0 < self.review_from <= self.act_from < 1.0:
            raise ValueError(f"needs 0 < review_from <= act_from < 1, not {self.review_from} and {self.act_from}")

    def as_tuple(self) -> tuple[float, float]:
        """In the order of ``Decision.thresholds``."""
        return self.review_from, self.act_from


def band_of(costs: Costs) -> Band:
    """The band in which each choice has the least expected cost.

    With a calibrated probability p the three choices cost, on average::

        allow    p * miss
        act      (1 - p) * wrong_removal
        review   review

    Review beats allow from ``p = review / miss`` and act beats review from ``p = 1 - review / wrong_removal``.
    Where review is so dear that these two cross, it is never the cheapest; what is left is one threshold, where
    act beats allow: ``p = wrong_removal / (wrong_removal + miss)``.

    At equal cost the stricter choice wins. Thresholds are rounded up to the grid of the scores, computed
    exactly, so a score on the grid falls where the formula puts it. Raises ValueError where nothing of the band
    is left on the grid.
    """
    wrong, miss, review = (_exact(cost) for cost in costs.as_tuple())
    if wrong <= 0 or miss <= 0 or review <= 0:
        raise ValueError("costs must be above 0")
    review_from, act_from = review / miss, 1 - review / wrong
    if review_from >= act_from:
        review_from = act_from = wrong / (wrong + miss)
    return Band(_on_grid(review_from), _on_grid(act_from))


def _exact(cost: float) -> Fraction:
    """The decimal that was written, not its binary neighbour."""
    return Fraction(str(cost))


def _on_grid(threshold: Fraction) -> float:
    return math.ceil(threshold * _STEPS) / _STEPS
