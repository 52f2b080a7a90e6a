"""Hashed character and word n-grams of a batch of texts, computed over one array of code points.

A text is case-folded, cut into windows, and each window is framed by spaces, so that an n-gram at the start of
a text is the one found after a space. Characters from space downwards (tabs, line ends, controls) count as a
space. N-gram hashes are polynomials in the code points modulo 2**32 (characters) or 2**64 (words), hence exact,
independent of where in a batch a window lies, and the same on every machine.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from models.windows import Windows

_CHAR_BASE = np.uint32(0x01000193)
_MIX = np.uint32(0x9E3779B1)
_WORD_BASE = 0x5851F42D4C957F2D
_PAIR = np.uint64(0x9E3779B97F4A7C15)
_ORDER_SALT = 0x7F4A7C15


class FeatureSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What must be equal in training and in scoring. Stored in the manifest of an artifact."""

    hash_bits: int = 20
    char_order: int = 5  # character n-grams of 1 to this many code points
    word_order: int = 2  # words, and pairs of adjacent words if 2
    window_chars: int = 1000
    stride_chars: int = 800
    max_windows: int = 160

    def __post_init__(self) -> None:
        """Refuse settings under which sums could overflow or the hash could not be cut."""
        if not (8 <= self.hash_bits <= 24 and 1 <= self.char_order <= 8 and 0 <= self.word_order <= 2):
            raise ValueError("features need 8 <= hash_bits <= 24, 1 <= char_order <= 8, 0 <= word_order <= 2")
        if not 0 < self.stride_chars <= self.window_chars:
            raise ValueError("features need 0 < stride_chars <= window_chars")
        if self.largest_count * 127 >= 1 << 20:
            raise ValueError("window_chars x (char_order + word_order) x 127 must stay below 2**20")

    @property
    def buckets(self) -> int:
        return 1 << self.hash_bits

    @property
    def largest_count(self) -> int:
        """The most n-grams that one window can hold."""
        return (self.window_chars + 2) * (self.char_order + self.word_order)


@dataclass(frozen=True, slots=True)
class Grams:
    """N-grams of one kind in a chunk: bucket and the position in the chunk where each begins.

    ``positions`` is None where there is one n-gram at every position; then an n-gram that would cross the end
    of its window has the bucket number ``settings.buckets``, which carries no weight.
    """

    buckets: NDArray[np.intp]
    positions: NDArray[np.intp] | None


def char_grams(windows: Windows, settings: FeatureSettings) -> Iterator[Grams]:
    """Character n-grams, shortest first; each order extends the hashes of the one before."""
    codes = windows.codes
    hashes = codes.copy()
    shift = np.uint32(32 - settings.hash_bits)
    last = windows.ends - 1  # position of the closing space
    for order in range(1, settings.char_order + 1):
        if order > 1:
            hashes *= _CHAR_BASE
            hashes[: 1 - order] += codes[order - 1 :]
        mixed = hashes + np.uint32(order * _ORDER_SALT & 0xFFFFFFFF)
        mixed *= _MIX
        mixed ^= mixed >> np.uint32(15)
        mixed *= _CHAR_BASE
        mixed >>= shift
        buckets = mixed.astype(np.intp)
        for back in range(order - 1):
            buckets[np.maximum(last - back, windows.starts)] = settings.buckets
        yield Grams(buckets, None)


def word_grams(windows: Windows, settings: FeatureSettings, powers: "Powers") -> Iterator[Grams]:
    """Words, then pairs of adjacent words of one window."""
    if settings.word_order == 0:
        return
    begins, ends = _word_bounds(windows.codes)
    if not begins.size:
        return
    size = windows.codes.size
    sums = np.zeros(size + 1, np.uint64)
    np.cumsum(windows.codes * powers.up[:size], out=sums[1:])
    hashes = (sums[ends] - sums[begins]) * powers.down[begins]
    shift = np.uint64(64 - settings.hash_bits)
    yield Grams((_mix64(hashes) >> shift).astype(np.intp), begins)
    if settings.word_order == 2 and begins.size > 1:
        owner = np.searchsorted(windows.starts, begins, side="right")
        same = owner[1:] == owner[:-1]
        pairs = (hashes[:-1] * _PAIR + hashes[1:])[same]
        yield Grams((_mix64(pairs) >> shift).astype(np.intp), begins[:-1][same])


@dataclass(frozen=True, slots=True)
class Powers:
    """Powers of the word hash base and of its inverse modulo 2**64, one a position of a chunk."""

    up: NDArray[np.uint64]
    down: NDArray[np.uint64]

    @classmethod
    def upto(cls, size: int) -> "Powers":
        return cls(_powers(_WORD_BASE, size), _powers(pow(_WORD_BASE, -1, 1 << 64), size))


def _powers(base: int, size: int) -> NDArray[np.uint64]:
    steps = np.full(size, base, np.uint64)
    steps[0] = 1
    return np.cumprod(steps, dtype=np.uint64)


def _mix64(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    mixed = hashes * _PAIR
    mixed ^= mixed >> np.uint64(29)
    return mixed * np.uint64(0xBF58476D1CE4E5B9)


def _separator_table() -> NDArray[np.bool_]:
    """True for code points below 2**16 that end a word; a fixed list, so no Unicode version matters."""
    table = np.zeros(0x10000, np.bool_)
    table[:128] = [not chr(code).isalnum() for code in range(128)]
    for first, last in ((0x80, 0xA9), (0xAB, 0xB4), (0xB6, 0xB9), (0xBB, 0xBF), (0x2000, 0x206F), (0x2190, 0x2BFF)):
        table[first : last + 1] = True
    for first, last in ((0x3000, 0x3004), (0x3008, 0x3020), (0xFE00, 0xFE6F), (0xFF00, 0xFF0F), (0xFF1A, 0xFF20)):
        table[first : last + 1] = True
    table[[0x060C, 0x061B, 0x061F, 0x0964, 0x0965, 0x06D4, 0xFFFF]] = True
    return table


_SEPARATORS = _separator_table()


def _word_bounds(codes: NDArray[np.uint32]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Where words begin and end (exclusive); code points from 2**16 on, mostly emoji, separate words."""
    inside = ~_SEPARATORS[np.minimum(codes, np.uint32(0xFFFF))]
    edges = np.flatnonzero(inside[1:] != inside[:-1]) + 1  # a chunk begins and ends with a space
    return edges[0::2], edges[1::2]
