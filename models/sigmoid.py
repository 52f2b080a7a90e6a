"""The line from logit to probability, apart from its fitting so that scoring needs no scipy."""

import msgspec
import numpy as np
from numpy.typing import NDArray


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """``p = sigmoid(slope * logit + offset)``; a slope above 0 keeps the order of texts."""

    slope: float
    offset: float


def sigmoid(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logistic function without overflow for any finite input."""
    return 0.5 * (1.0 + np.tanh(0.5 * values))
