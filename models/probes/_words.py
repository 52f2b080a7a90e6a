"""Whether a text has one of many words in it, inflected or not; made for a million texts."""

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

_STEM_LENGTH = 5  # letters from which a longer word that begins with the word counts as its inflection
_SYLLABLES = 2  # the same for Hangul, where a character is a syllable and particles are written on to the word
_ENDINGS = frozenset("aeiouyаеиоуыяюіαεηιοωσ")  # one of them, last in a longer word, goes when the word is inflected
_UNSPACED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Burmese
    (0x1780, 0x17FF),  # Khmer
    (0x3040, 0x30FF),  # Kana
    (0x3400, 0x9FFF),  # Han
    (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)


def fold(text: str) -> str:
    """NFKC, casefolded, Russian yo as ye, as most people type it."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("ё", "е")
    return folded if folded.isascii() else folded.encode("utf-8", "replace").decode()  # lone surrogates


class Words:
    """A set of words, ready to search."""

    def __init__(self, words: Iterable[str]) -> None:
        self._bounds = {needle: bounds for needle, bounds in map(_needle, words) if needle}
        self._needles = list(self._bounds)
        self._automaton = AhoCorasick(
            self._needles, matchkind=MatchKind.Standard, implementation=Implementation.ContiguousNFA
        )

    def found_in(self, text: str) -> bool:
        folded = fold(text)
        return any(
            self._bounded(folded, index, start, end)
            for index, start, end in self._automaton.find_matches_as_indexes(folded, overlapping=True)
        )

    def _bounded(self, folded: str, index: int, start: int, end: int) -> bool:
        left, right = self._bounds[self._needles[index]]
        if left and start and _in_word(folded[start - 1]):
            return False
        return not (right and end < len(folded) and _in_word(folded[end]))


def _needle(word: str) -> tuple[str, tuple[bool, bool]]:
    """What to search for, and whether it must begin and end a word."""
    needle = fold(word)
    if any(_unspaced(char) for char in needle):
        return needle, (False, False)
    if any("\uac00" <= char <= "\ud7a3" for char in needle):
        return needle, (True, len(needle) < _SYLLABLES)
    if len(needle) > _STEM_LENGTH and needle[-1] in _ENDINGS:
        needle = needle[:-1]
    return needle, (True, len(needle) < _STEM_LENGTH)


def _unspaced(char: str) -> bool:
    return any(first <= ord(char) <= last for first, last in _UNSPACED)


@lru_cache(maxsize=4096)
def _in_word(char: str) -> bool:
    return char.isalnum() or unicodedata.category(char).startswith("M")
