"""A text cut into the words that an explanation speaks of.

A word is a run of letters and digits with the marks on them; one of ``' * @`` and the like between two of these
belongs to it, so ``don't`` and ``f*ck`` are one word. Of scripts that are written without spaces each character
is a word of its own, and so is each run of visible characters of any other kind (emoji, punctuation).
"""

import unicodedata

import numpy as np
from numpy.typing import NDArray

_SPACE, _WORD, _CHARACTER, _SYMBOL, _JOIN, _EXTEND = range(1, 7)

_JOINING = frozenset("'\u2019*@$!#_-")
_WITHOUT_SPACES = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x2E80, 0x2FDF),  # Han radicals
    (0x3005, 0x312F),  # Han signs, Hiragana, Katakana, Bopomofo
    (0x31A0, 0x31FF),
    (0x3400, 0x9FFF),  # Han
    (0xA9E0, 0xA9FF),
    (0xAA60, 0xAA7F),
    (0xF900, 0xFAFF),
    (0xFF66, 0xFF9F),  # half-width Katakana
    (0x1AFF0, 0x1B16F),
    (0x20000, 0x3FFFF),
)

_KINDS = np.zeros(0x110000, np.uint8)  # 0 where a code point was never met


def word_spans(text: str) -> NDArray[np.intp]:
    """[words, 2]: where each word starts and ends (exclusive), in order; words never overlap.

    Every visible code point is in one word; white space and control characters are in none.
    """
    if not text:
        return np.zeros((0, 2), np.intp)
    own = _kinds_of(np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.dtype("<u4")))
    kinds = _with_marks(own)
    starts_here = np.ones(len(text), np.bool_)
    starts_here[1:] = kinds[1:] != kinds[:-1]
    starts_here |= (kinds == _CHARACTER) & (own != _EXTEND)
    space = kinds == _SPACE
    bounds = np.append(np.flatnonzero(starts_here | space), len(text))
    starts = np.flatnonzero(starts_here & ~space)
    ends = bounds[np.searchsorted(bounds, starts, side="right")]
    return np.stack([starts, ends], axis=1)


def _with_marks(own: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Marks and format characters take the kind of what they follow; a joining sign that of its neighbours."""
    extends = own == _EXTEND
    kinds = own.copy()
    if extends.any():
        kinds = own[np.maximum.accumulate(np.where(extends, 0, np.arange(own.size)))]
        kinds[extends & ((kinds == _SPACE) | (kinds == _EXTEND))] = _SYMBOL
    joins = kinds == _JOIN
    if joins.any():
        kinds[joins] = _SYMBOL
        inner = joins[1:-1] & (kinds[:-2] == _WORD) & (kinds[2:] == _WORD)
        kinds[1:-1][inner] = _WORD
    return kinds


def _kinds_of(codes: NDArray[np.uint32]) -> NDArray[np.uint8]:
    kinds = _KINDS[codes]
    if not kinds.all():
        for code in np.unique(codes[kinds == 0]).tolist():
            _KINDS[code] = _kind(chr(code))
        kinds = _KINDS[codes]
    return kinds


def _kind(character: str) -> int:
    category = unicodedata.category(character)
    if character.isspace() or category[0] == "Z" or category == "Cc":
        return _SPACE
    if category[0] == "M" or category == "Cf":
        return _EXTEND
    if category[0] in "LN":
        inside = any(first <= ord(character) <= last for first, last in _WITHOUT_SPACES)
        return _CHARACTER if inside else _WORD
    return _JOIN if character in _JOINING else _SYMBOL
