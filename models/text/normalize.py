"""The analysis copy of a text: what is seen of it, in one form, with the way back to the original.

Passes over a draft, each of which replaces some spans: strip what is not seen, bound marks, compose (NFKC), join
white space. Folding against evasion (look-alikes, digits for letters, spaced letters) is to be one more pass.

What reaches ``unicodedata.normalize`` has at most ``Limits.marks`` combining marks in a row, since its time is
quadratic in them, and is fed in small clusters until ``Limits.chars`` have come out, since it expands.
"""

import re
from dataclasses import dataclass
from functools import cache
from unicodedata import is_normalized
from unicodedata import normalize as to_form

from models.text import unicode_kinds as kind
from models.text.normalized import NormalizedText
from models.text.unicode_draft import Draft, Edit
from models.text.unicode_joiners import is_usual, kept_of_run

FLAGS = {
    "controls": "control characters or terminal escapes were removed",
    "bidi": "characters that override the direction of text were removed",
    "invisible": "invisible characters inside a word, or many of them, were removed",
    "unknown": "private use or unassigned characters were removed",
    "mostly-unknown": "more of the text was unknown than was left",
    "surrogate": "half characters (lone surrogates) were removed",
    "marks-capped": "more combining marks on one letter than any script needs",
    "cut": "longer than the limit; the rest was not looked at",
    "expanded": "grew past the limit when composed; the rest was not looked at",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """``chars`` bounds the text before and after composing; it leaves room for the longest item to grow."""

    chars: int = 200_000
    marks: int = 30


DEFAULT_LIMITS = Limits()

# Terminal colours only: what else ends an escape would be a way to hide a letter.
_ANSI = re.compile(r"(?:\x1b\[|\x9b)[0-9;]{0,32}[mK]")
_STRIPPED = re.compile(b"[%b]+" % kind.STRIPPED)
_CLUSTER = re.compile(rb"[^m]?m+|[xy]")
_ANY_SPACE = kind.BLANK + kind.SPACE
_SPACES = re.compile(rb"^[_s]+|[_s]{2,}|s")
_MARKS_ALIKE = bytes.maketrans(kind.MARKS, kind.MARK * len(kind.MARKS))
_FLAG_OF = {kind.CONTROL: "controls", kind.BIDI: "bidi", kind.SURROGATE: "surrogate", kind.UNKNOWN: "unknown"}
_NOTED = b"".join(_FLAG_OF)
_LARGEST_GROWTH = 18  # U+FDFA
_CAPPED = frozenset({"marks-capped", "expanded"})


def normalize(text: str, *, limits: Limits = DEFAULT_LIMITS) -> NormalizedText:
    """The analysis copy. Normalizing it once more changes nothing."""
    flat = text.replace("\n", " ").rstrip(" ")
    if _is_plain(flat, limits):
        return NormalizedText(flat)
    draft = Draft(flat)
    _cut(draft, limits.chars, "cut")
    for _ in range(3):  # more than one only where a cap took away what made a joiner meaningful
        before = draft.text
        _passes(draft, limits)
        if draft.text == before or not draft.flags & _CAPPED:
            break
    if draft.unknown > len(draft.text):
        draft.flags.add("mostly-unknown")
    offsets = None if draft.offsets is None else tuple(draft.offsets)
    return NormalizedText(draft.text, offsets, tuple(sorted(draft.flags)))


def seen(text: str) -> str:
    """The analysis copy alone: what classifiers score, and so what they are trained and measured on."""
    return normalize(text).text


def _is_plain(text: str, limits: Limits) -> bool:
    """True if a text can be seen at a glance to be its own analysis copy."""
    if "  " in text or text.startswith(" ") or len(text) > limits.chars:
        return False
    return text.isprintable() if text.isascii() else not kind.unplain().search(text)


def _passes(draft: Draft, limits: Limits) -> None:
    _strip(draft)
    _cap_marks(draft, limits.marks)
    if not is_normalized("NFKC", draft.text):
        _compose(draft, limits.chars)
        _cap_marks(draft, limits.marks)  # some marks become two
    _join_spaces(draft)


def _cut(draft: Draft, chars: int, flag: str) -> None:
    if len(draft.text) > chars:
        draft.truncate(chars)
        draft.flags.add(flag)


def _strip(draft: Draft) -> None:
    """Take out what is not seen, unless it carries meaning where it stands."""
    if "\x1b" in draft.text or "\x9b" in draft.text:
        draft.replace([(*found.span(), "") for found in _ANSI.finditer(draft.text)])
        draft.flags.add("controls")
    if not draft.has(kind.STRIPPED):
        return
    edits: list[Edit] = []
    removed: list[bytes] = []
    for found in _STRIPPED.finditer(draft.kinds):
        start, end = found.span()
        kept = kept_of_run(draft.text, draft.kinds, start, end)
        if len(kept) < end - start:
            edits.append((start, end, kept))
            removed.append(found[0])
            if (
                "invisible" not in draft.flags
                and found[0].strip(_NOTED)
                and not is_usual(draft.text, draft.kinds, start, end)
            ):
                draft.flags.add("invisible")
    draft.replace(edits)
    _note(draft, b"".join(removed))


def _note(draft: Draft, removed: bytes) -> None:
    """Flag the kinds that were removed."""
    draft.unknown += removed.count(kind.UNKNOWN)
    draft.flags.update(flag for found, flag in _FLAG_OF.items() if found in removed)


def _cap_marks(draft: Draft, marks: int) -> None:
    if b"m" * (marks + 1) not in draft.kinds.translate(_MARKS_ALIKE):
        return
    runs = _marks_beyond(marks).finditer(draft.kinds)
    draft.replace([(found.start() + marks, found.end(), "") for found in runs])
    draft.flags.add("marks-capped")


@cache
def _marks_beyond(marks: int) -> re.Pattern[bytes]:
    return re.compile(rb"[mv]{%d,}" % (marks + 1))


def _compose(draft: Draft, chars: int) -> None:
    """NFKC, cluster by cluster: a cluster neither combines nor changes places with its neighbours."""
    if kind.MARK not in draft.kinds and len(draft.text) <= chars // _LARGEST_GROWTH:
        composed = to_form("NFKC", draft.text)
        if len(composed) == len(draft.text):  # nothing combines and nothing vanishes: each for itself
            draft.overwrite(composed)
            return
    edits: list[Edit] = []
    growth = 0
    for found in _CLUSTER.finditer(draft.kinds):
        start, end = found.span()
        cluster = draft.text[start:end]
        composed = to_form("NFKC", cluster)
        if composed != cluster:
            edits.append((start, end, composed))
            growth += len(composed) - len(cluster)
        if start + growth > chars:
            break
    draft.replace(edits)
    _cut(draft, chars, "expanded")


def _join_spaces(draft: Draft) -> None:
    """Each run of white space becomes one space; none at the ends."""
    draft.truncate(len(draft.kinds.rstrip(_ANY_SPACE)))
    if "  " in draft.text or draft.text.startswith(" ") or draft.has(kind.SPACE):
        runs = (found.span() for found in _SPACES.finditer(draft.kinds))
        draft.replace([(start, end, " " if start else "") for start, end in runs])
