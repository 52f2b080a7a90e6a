"""What the normalizer must know about a code point, in one byte: its kind.

Texts are searched as strings of kinds, so that a pattern such as ``m{31,}`` says all there is to say about
runs of marks. The kinds come from the Unicode data of this Python (``unicodedata.unidata_version``).
"""

import re
import unicodedata
from functools import cache

import numpy as np
from numpy.typing import NDArray

# PLAIN stands for itself. The others:
PLAIN = b"."
BLANK = b"_"  # U+0020
SPACE = b"s"  # any other white space, and the blank Braille cell
MARK = b"m"  # may combine with what stands before it, or change places with it
SPACING_MARK = b"v"  # a mark that does neither
MARKS = MARK + SPACING_MARK
UNSTABLE = b"x"  # NFKC replaces it
LETTER = b"a"  # of a script in which joiners spell words: Arabic, the scripts of India, …
UNSTABLE_LETTER = b"y"  # NFKC replaces it by such letters
EMOJI = b"p"  # may be part of a joined emoji sequence
# From here on, all is taken out of the analysis copy unless its surroundings give it a meaning.
CONTROL = b"c"
INVISIBLE = b"i"
BIDI = b"b"  # embeds, overrides or isolates a direction
JOINER = b"j"  # ZWJ and ZWNJ
VARIATION = b"w"
TAG = b"t"
UNKNOWN = b"u"  # private use, unassigned, noncharacters and U+FFFD
SURROGATE = b"d"
STRIPPED = CONTROL + INVISIBLE + BIDI + JOINER + VARIATION + TAG + UNKNOWN + SURROGATE

_JOINING_SCRIPTS = (
    (0x0600, 0x08FF),  # Arabic, Syriac, Thaana, NKo, Mandaic
    (0x0900, 0x0DFF),  # Devanagari to Sinhala
    (0x0F00, 0x109F),  # Tibetan, Myanmar
    (0x1780, 0x18AF),  # Khmer, Mongolian
    (0xA840, 0xA8FF),  # Phags-pa, Saurashtra, Devanagari extended
    (0xA9E0, 0xA9FF),
    (0xAA60, 0xAADF),
    (0x10D00, 0x10FFF),  # Hanifi Rohingya, Sogdian
    (0x11000, 0x11FFF),  # Brahmi to Kawi
    (0x1E900, 0x1E95F),  # Adlam
)
_EMOJI = (
    (0x00A9, 0x00AE),
    (0x2190, 0x27BF),
    (0x2900, 0x297F),
    (0x2B00, 0x2BFF),
    (0x3030, 0x303D),
    (0x1F000, 0x1FAFF),
)
# Default-ignorable characters that have the category of a letter or a mark.
_HIDDEN_LETTERS = (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0)
# Format characters that are drawn, mostly around the digits after them.
_VISIBLE_FORMATS = "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
# Large blocks without anything that matters here; Hangul syllables are stable.
_UNIFORM = ((0x3400, 0xA000), (0xAC00, 0xD7A4), (0x20000, 0x2F800), (0x30000, 0x3FFFE))
_SCANNED = ((0x80, 0x3400), (0xA000, 0xAC00), (0xD7A4, 0xD800), (0xF900, 0x20000), (0x2F800, 0x2FA20))


def kinds_of(text: str) -> bytes:
    """One kind a code point."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    return _table()[codes].tobytes()


@cache
def unplain() -> re.Pattern[str]:
    """Finds a code point that a normalizer may have to do something about, other than a space."""
    table = _table()
    plain = (table == PLAIN[0]) | (table == LETTER[0]) | (table == EMOJI[0])
    edges = np.flatnonzero(np.diff(plain, prepend=False, append=False))
    ranges = (f"\\U{first:08x}-\\U{end - 1:08x}" for first, end in edges.reshape(-1, 2).tolist())
    return re.compile(f"[^ {''.join(ranges)}]")


@cache
def _table() -> NDArray[np.uint8]:
    """The kind of each code point; takes some ten milliseconds, once."""
    table = np.full(0x110000, UNKNOWN[0], np.uint8)
    table[:0x80] = PLAIN[0]
    table[:0x20] = table[0x7F] = CONTROL[0]
    table[0x09:0x0E] = SPACE[0]
    table[0x20] = BLANK[0]
    for first, end in _UNIFORM:
        table[first:end] = PLAIN[0]
    table[0xD800:0xE000] = SURROGATE[0]
    combining = _combining_letters()
    for first, end in _SCANNED:
        table[first:end] = [_kind(chr(code), combining)[0] for code in range(first, end)]
    table[list(_HIDDEN_LETTERS)] = INVISIBLE[0]
    table[0x202A:0x202F] = table[0x2066:0x206A] = BIDI[0]
    table[0x200C:0x200E] = JOINER[0]
    for first, last in ((0x180B, 0x180D), (0x180F, 0x180F), (0xFE00, 0xFE0F), (0xE0100, 0xE01EF)):
        table[first : last + 1] = VARIATION[0]
    table[0xE0000:0xE0080] = TAG[0]
    table[[0x85, 0x2800]] = SPACE[0]
    table[0xFFFD] = UNKNOWN[0]
    return table


def _combining_letters() -> frozenset[str]:
    """The characters that compose with the one before them, although some are letters."""
    found = {chr(code) for code in (*range(0x1161, 0x1176), *range(0x11A8, 0x11C3))}
    for first, end in _SCANNED:
        for code in range(first, end):
            parts = unicodedata.decomposition(chr(code)).split()
            if len(parts) == 2 and parts[0][0] != "<":
                found.add(chr(int(parts[1], 16)))
    return frozenset(found)


def _kind(character: str, combining: frozenset[str]) -> bytes:
    category = unicodedata.category(character)
    if character.isspace():
        return SPACE
    if category in ("Co", "Cn"):
        return UNKNOWN
    if category == "Cf":
        return PLAIN if character in _VISIBLE_FORMATS else INVISIBLE
    if category == "Cc":
        return CONTROL
    first = unicodedata.normalize("NFKD", character)[0]
    if unicodedata.combining(first) or first in combining:
        return MARK
    if category[0] == "M":
        return SPACING_MARK
    return _kind_of_base(character)


def _kind_of_base(character: str) -> bytes:
    folded = unicodedata.normalize("NFKC", character)
    if folded != character:
        return UNSTABLE_LETTER if all(_joins(part) for part in folded) else UNSTABLE
    if _joins(character):
        return LETTER
    code = ord(character)
    return EMOJI if any(first <= code <= last for first, last in _EMOJI) else PLAIN


def _joins(character: str) -> bool:
    code = ord(character)
    inside = any(first <= code <= last for first, last in _JOINING_SCRIPTS)
    return inside and unicodedata.category(character)[0] in "LM"
