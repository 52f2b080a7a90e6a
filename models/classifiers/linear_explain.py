"""What each word adds to a linear score, exactly: the logit is a sum over n-grams, and so are these shares.

The weight of an n-gram is shared equally between the words that it touches; one of nothing but spaces goes to
the words on either side.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models import lanes
from models.contribution import Contribution
from models.features import FeatureSettings, Powers, _word_bounds, char_grams, word_grams
from models.windows import lay, spread
from models.words import word_spans

Positions = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class LinearHead:
    """One label's weights. ``scale`` is the logit of one unit of the integer ``weights`` [buckets]."""

    column: int
    weights: NDArray[np.int8]
    scale: float


def contributions(packed: lanes.Packed, head: LinearHead, text: str) -> list[Contribution]:
    """The share of each word in the uncalibrated logit, which is their sum; in the order of the text.

    Of a text longer than a window, the window with the greatest logit is explained, since that is the score;
    words outside it are left out. A text without a visible character has no words.
    """
    folded = text.casefold()
    begin, window = _deciding_window(packed, head, folded)
    spans = word_spans(text)
    places = _in_folded(spans, text, folded) - begin
    seen = (places[:, 1] > 0) & (places[:, 0] < len(window))
    spans = spans[seen]
    if not spans.size:
        return []
    shares = _shares(packed.settings, packed.powers, head, window, places[seen])
    return [Contribution(start, end, share) for (start, end), share in zip(spans.tolist(), shares, strict=True)]


def _deciding_window(packed: lanes.Packed, head: LinearHead, folded: str) -> tuple[int, str]:
    settings = packed.settings
    if len(folded) <= settings.window_chars:
        return 0, folded
    begins = spread(len(folded), settings.window_chars, settings.stride_chars, settings.max_windows)
    windows = [folded[begin : begin + settings.window_chars] for begin in begins]
    totals, counts = lanes.sums(packed, windows)
    best = int(np.argmax(totals[:, head.column] * head.scale / np.sqrt(counts)))
    return begins[best], windows[best]


def _in_folded(spans: Positions, text: str, folded: str) -> Positions:
    """The same spans in the case-folded text, in which some characters are several (``ß``)."""
    if len(folded) == len(text):
        return spans
    lengths = np.fromiter((len(character.casefold()) for character in text), np.intp, len(text))
    return np.concatenate([[0], np.cumsum(lengths)])[spans]


def _shares(
    settings: FeatureSettings, powers: Powers, head: LinearHead, window: str, places: Positions
) -> list[float]:
    """What each word adds; ``places`` [words, 2] are positions in the window, at least one of each word inside."""
    windows = lay([window])
    positions = np.arange(windows.codes.size) - 1  # the window is framed by spaces
    first = np.searchsorted(places[:, 1], positions, side="right")  # the first word that does not end before
    last = np.searchsorted(places[:, 0], positions, side="right") - 1  # the last word that has begun
    buckets, firsts, lasts = [], [], []
    for order, grams in enumerate(char_grams(windows, settings)):
        held = max(windows.codes.size - order, 0)  # the others would cross the end
        buckets.append(grams.buckets[:held])
        firsts.append(first[:held])
        lasts.append(last[order:])
    begins, ends = _word_bounds(windows.codes)
    for following, grams in enumerate(word_grams(windows, settings, powers)):
        buckets.append(grams.buckets)
        firsts.append(first[begins[: begins.size - following]])
        lasts.append(last[ends[following:] - 1])
    weights = head.weights[np.concatenate(buckets)]
    touched = _spread(weights / 1.0, np.concatenate(firsts), np.concatenate(lasts), len(places))
    shares: list[float] = (touched * (head.scale / np.sqrt(weights.size))).tolist()
    return shares


def _spread(values: NDArray[np.float64], first: Positions, last: Positions, words: int) -> NDArray[np.float64]:
    """Each value shared equally between the words ``first`` to ``last``; last < first lies between two words."""
    low = np.maximum(np.minimum(first, last), 0)
    high = np.minimum(np.maximum(first, last), words - 1)
    parts = values / (high - low + 1)
    changes = np.bincount(low, parts, words + 1) - np.bincount(high + 1, parts, words + 1)
    return np.cumsum(changes)[:words]
