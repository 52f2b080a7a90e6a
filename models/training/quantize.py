"""Float weights to int8 with one scale a label."""

import numpy as np
from numpy.typing import NDArray


def quantize(weights: NDArray[np.float32], frequency: NDArray[np.int64]) -> tuple[NDArray[np.int8], float]:
    """Int8 weights and the value of one unit, with the clipping that errs least where n-grams are frequent.

    Weights and the number of training texts holding each bucket: [buckets].
    """
    largest = float(np.abs(weights).max()) or 1.0
    units = [largest * share / 127.0 for share in (1.0, 0.7, 0.5, 0.35, 0.25, 0.18)]
    unit = min(units, key=lambda unit: _error(weights, frequency, unit))
    return _round(weights, unit), unit


def _round(weights: NDArray[np.float32], unit: float) -> NDArray[np.int8]:
    rounded: NDArray[np.int8] = np.clip(np.rint(weights / unit), -127, 127).astype(np.int8)
    return rounded


def _error(weights: NDArray[np.float32], frequency: NDArray[np.int64], unit: float) -> float:
    return float(frequency @ np.square(weights - _round(weights, unit) * np.float32(unit)))
