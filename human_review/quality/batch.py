"""No person teaches the model alone. Pure numerics."""

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_LEAST = 1e-12


def capped(weights: Sequence[float] | Floats, people: Sequence[Hashable | None], most: float) -> Floats:
    """Weights with those of each person scaled down until nobody has more than the share ``most`` of the batch.

    Nothing is deleted and nothing raised; None stands for examples of nobody, which are left alone. Where there are
    so few people that the cap cannot hold, it is twice an equal share.
    """
    given = np.asarray(weights, dtype=float)
    names = sorted({person for person in people if person is not None}, key=str)
    if not names:
        return given.copy()
    place = {name: at for at, name in enumerate(names)}
    owner = np.array([place[person] if person is not None else len(names) for person in people])
    sums = np.bincount(owner, weights=given, minlength=len(names) + 1).astype(float)
    others = float(sums[-1])
    limit = _limit(sums[:-1], others, most if others else max(most, 2 / len(names)))
    kept = np.minimum(sums[:-1], limit)
    scale = np.divide(kept, sums[:-1], out=np.ones(len(names)), where=sums[:-1] > 0)
    result: Floats = given * np.append(scale, 1.0)[owner]
    return result


def _limit(sums: Floats, others: float, most: float) -> float:
    """The greatest sum that a person may keep: the share ``most`` of what the batch then holds."""
    falling = np.sort(sums)[::-1]
    for over in range(len(falling)):
        limit = most * (float(falling[over:].sum()) + others) / max(1 - over * most, _LEAST)
        if falling[over] <= limit:
            return limit
    return most * others / max(1 - len(falling) * most, _LEAST)
