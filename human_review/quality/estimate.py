"""A number with its interval and n, and the intervals themselves. Pure numerics."""

from dataclasses import dataclass
from math import isfinite, sqrt

from scipy.special import betaincinv, ndtri

LEVEL = 0.95
Z = float(ndtri((1 + LEVEL) / 2))


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its 95 % interval from ``n`` observations. All but ``n`` are None where n is too small."""

    n: int
    value: float | None = None
    low: float | None = None
    high: float | None = None


def estimate(n: int, value: float, low: float, high: float, *, least: int = 1) -> Estimate:
    """With numbers where there are at least ``least`` observations and all three are finite, else with n alone."""
    if n < least or not all(isfinite(number) for number in (value, low, high)):
        return Estimate(n)
    return Estimate(n, float(value), float(low), float(high))


def clopper_pearson(hits: float, n: float, level: float = LEVEL) -> tuple[float, float]:
    """The exact interval of a share (Clopper and Pearson 1934); covers at least ``level``, whatever the share."""
    tail = (1 - level) / 2
    low = 0.0 if hits <= 0 else float(betaincinv(hits, n - hits + 1, tail))
    high = 1.0 if hits >= n else float(betaincinv(hits + 1, n - hits, 1 - tail))
    return low, high


def wilson(share: float, n: float, level: float = LEVEL) -> tuple[float, float]:
    """The score interval of a share (Wilson 1927). ``n`` may be an effective size, also infinite: no doubt left."""
    if not isfinite(n):
        return share, share
    z2 = float(ndtri((1 + level) / 2)) ** 2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = sqrt(z2 * (share * (1 - share) + z2 / (4 * n)) / n) / (1 + z2 / n)
    return max(0.0, middle - half), min(1.0, middle + half)
