"""Weights of all labels in packed integers, so that one gather and one sum serve three labels at a time.

Three signed sums share an ``int64`` in lanes of 21 bits. Adding wraps modulo 2**64, and each lane is read back
exactly as long as its own sum stays within 20 bits, which ``FeatureSettings`` guarantees. Integer sums make a
score independent of the order of additions, so a batch of one equals a batch of many bit for bit.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.features import FeatureSettings, Powers, char_grams, word_grams
from models.windows import Windows, chunks, cut, lay

_LANE_BITS = 21
_LANES = 3
_POSITIONS = 1 << 15  # of a chunk: its arrays then stay in a core's own cache


@dataclass(frozen=True, slots=True)
class Packed:
    """A gather table for each three labels: int64 [buckets + 1], the last entry 0."""

    tables: tuple[NDArray[np.int64], ...]
    labels: int
    settings: FeatureSettings
    powers: Powers


def pack(weights: NDArray[np.int8], settings: FeatureSettings) -> Packed:
    """Pack int8 [labels, buckets]."""
    tables = []
    for first in range(0, len(weights), _LANES):
        table = np.zeros(settings.buckets + 1, np.int64)
        for lane, row in enumerate(weights[first : first + _LANES]):
            table[:-1] += row.astype(np.int64) << (_LANE_BITS * lane)
        tables.append(table)
    powers = Powers.upto(_POSITIONS + settings.window_chars + 2)
    return Packed(tuple(tables), len(weights), settings, powers)


def text_logits(packed: Packed, scales: NDArray[np.float64], texts: Sequence[str]) -> NDArray[np.float64]:
    """Uncalibrated scores [texts, labels]: the sum of weights over sqrt(n-grams), the maximum over windows.

    ``scales`` [labels] is the logit of one unit of each label's integer weights.
    """
    if not texts:
        return np.zeros((0, packed.labels))
    features = packed.settings
    windows: list[str] = []
    starts = []
    for text in texts:
        starts.append(len(windows))
        folded = text.casefold()
        if len(folded) <= features.window_chars:
            windows.append(folded)
        else:
            windows += cut(folded, features.window_chars, features.stride_chars, features.max_windows)
    totals, counts = sums(packed, windows)
    logits = totals * scales / np.sqrt(counts)[:, None]
    return logits if len(windows) == len(texts) else np.maximum.reduceat(logits, starts, axis=0)


def sums(packed: Packed, windows: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Sums of weights [windows, labels] and numbers of n-grams [windows] of case-folded windows."""
    parts = [_chunk_sums(packed, lay(windows[begin:end])) for begin, end in chunks(windows, _POSITIONS)]
    if not parts:
        return np.zeros((0, packed.labels), np.int64), np.zeros(0, np.int64)
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def _chunk_sums(packed: Packed, windows: Windows) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    totals = [np.zeros(windows.codes.size, np.int64) for _ in packed.tables]
    counts = windows.gram_counts(packed.settings.char_order)
    for grams in char_grams(windows, packed.settings):
        for table, total in zip(packed.tables, totals, strict=True):
            total += table.take(grams.buckets)
    for grams in word_grams(windows, packed.settings, packed.powers):
        assert grams.positions is not None  # noqa: S101 - narrows the type
        for table, total in zip(packed.tables, totals, strict=True):
            total[grams.positions] += table.take(grams.buckets)
        counts += _per_window(grams.positions, windows)
    columns = [column for total in totals for column in _unpack(np.add.reduceat(total, windows.starts))]
    return np.stack(columns[: packed.labels], axis=1), counts


def _per_window(positions: NDArray[np.intp], windows: Windows) -> NDArray[np.int64]:
    bounds = np.searchsorted(positions, np.append(windows.starts, windows.ends[-1]))
    return np.diff(bounds).astype(np.int64)


def _unpack(packed: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    lanes = []
    spare = np.int64(64 - _LANE_BITS)
    for _ in range(_LANES):
        lane = (packed << spare) >> spare  # sign-extended low bits
        lanes.append(lane)
        packed = (packed - lane) >> np.int64(_LANE_BITS)
    return lanes
