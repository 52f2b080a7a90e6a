"""Texts cut into overlapping windows and laid end to end as one array of code points."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_SPACE = 32


@dataclass(frozen=True, slots=True)
class Windows:
    """Windows of a chunk of texts, each framed by one space at either end."""

    codes: NDArray[np.uint32]  # [positions]
    starts: NDArray[np.intp]  # [windows], position of the opening space
    ends: NDArray[np.intp]  # [windows], exclusive

    def gram_counts(self, char_order: int) -> NDArray[np.int64]:
        """How many character n-grams of 1 to ``char_order`` each window holds; [windows]."""
        lengths = (self.ends - self.starts).astype(np.int64)
        return sum((np.maximum(lengths - order, 0) for order in range(char_order)), np.zeros_like(lengths))


def cut(text: str, window: int, stride: int, most: int) -> list[str]:
    """Windows of at most ``window`` characters, one every ``stride``, that reach to the end of the text.

    A text that would need more than ``most`` windows gets ``most``, spread evenly, the first at its start and
    the last at its end, so the work for one text is bounded.
    """
    return [text[begin : begin + window] for begin in spread(len(text), window, stride, most)]


def spread(length: int, window: int, stride: int, most: int) -> list[int]:
    """Where the windows over ``length`` places begin; the rule is that of ``cut``."""
    if length <= window:
        return [0]
    last = length - window
    begins = [*range(0, last, stride), last]
    return begins if len(begins) <= most else [round(step * last / (most - 1)) for step in range(most)]


def lay(windows: Sequence[str]) -> Windows:
    """One array of code points; lone surrogates are kept as they are."""
    joined = " " + "  ".join(windows) + " "
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.dtype("<u4"))
    lengths = np.fromiter(map(len, windows), np.intp, len(windows)) + 2
    ends = np.cumsum(lengths)
    return Windows(np.maximum(codes, np.uint32(_SPACE)), ends - lengths, ends)


def chunks(windows: Sequence[str], most_positions: int) -> Iterator[tuple[int, int]]:
    """Ranges of windows that together fill at most ``most_positions``, or hold one window."""
    begin, filled = 0, 0
    for index, window in enumerate(windows):
        size = len(window) + 2
        if filled and filled + size > most_positions:
            yield begin, index
            begin, filled = index, 0
        filled += size
    if begin < len(windows):
        yield begin, len(windows)
