"""Which characters of an invisible run carry meaning where they stand."""

import re
from unicodedata import combining

from models.text import unicode_kinds as kind

_ZWJ = "\u200d"
_VIRAMA = 9  # the canonical combining class of all viramas
_PRESENTATION = "\ufe0e\ufe0f"  # text or emoji
_BLACK_FLAG = "\U0001f3f4"
_REGION_OF_FLAG = re.compile("[\U000e0030-\U000e007a]{3,6}\U000e007f")
_LETTERS = (kind.LETTER, kind.UNSTABLE_LETTER)
_LONGEST = 8
_FARTHEST_BASE = 32


def base_before(kinds: bytes, start: int) -> bytes:
    """The kind of the character that the marks before ``start`` stand on."""
    return kinds[max(0, start - _FARTHEST_BASE) : start].rstrip(kind.MARKS)[-1:]


def kept_of_run(text: str, kinds: bytes, start: int, end: int) -> str:
    """What stays of the run [start, end) of invisible characters.

    Joiners between letters of scripts that spell with them and after viramas; joiners and presentation selectors
    in emoji sequences; the region of a flag.
    """
    run, previous, following = text[start:end], text[start - 1 : start], kinds[end : end + 1]
    if len(run) > _LONGEST or not previous:
        return ""
    if kinds[start - 1 : start] == kind.EMOJI:
        return _kept_after_emoji(run, previous, following)
    if run[0] == "\ufe0f" and previous in "0123456789#*" and text[end : end + 1] == "\u20e3":
        return run[0]
    joiner = next((character for character in run if character in "\u200c\u200d"), "")
    if joiner and base_before(kinds, start) in _LETTERS:
        return joiner if following in _LETTERS or combining(previous) == _VIRAMA else ""
    return ""


def _kept_after_emoji(run: str, previous: str, following: bytes) -> str:
    if previous == _BLACK_FLAG and _REGION_OF_FLAG.fullmatch(run):
        return run
    selector = run[0] if run[0] in _PRESENTATION else ""
    return selector + _ZWJ if _ZWJ in run and following == kind.EMOJI else selector


def is_usual(text: str, kinds: bytes, start: int, end: int) -> bool:
    """True for a run that honest text has in this place, whether it carries meaning or not."""
    run, previous = kinds[start:end], text[start - 1 : start]
    if len(run) > 3:
        return False
    if not run.strip(kind.JOINER + kind.VARIATION):
        return base_before(kinds, start) in (*_LETTERS, kind.EMOJI) or previous >= "\u2e80"  # Han variants
    return not (previous.isalnum() and text[end : end + 1].isalnum())
