"""What cannot be seen in a text, made visible, and what would run over, held back.

Controls, invisible characters, tag characters and piles of marks become signs: short names such as ``RLO`` or
``U+0007``. Directional controls keep their effect, so that the reader sees what the audience saw, but
balanced: what is opened is closed at the end of its paragraph, and what closes nothing is not written out (UAX #9).

A paragraph has a few hundred signs, and a text a few thousand. Beyond them such characters are left out and counted,
and have no effect; whatever can be seen is drawn all the same.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

import regex

MOST_SIGNS = 400
MOST_IN_TEXT = 4000
MOST_PARAGRAPHS = 500
_MOST_IN_A_ROW = 12
_DEEPEST = 60  # below the 125 of UAX #9, which includes what the page itself opens
_MARKS_KEPT = 4

_ISOLATES = {"\u2066": "LRI", "\u2067": "RLI", "\u2068": "FSI"}
_EMBEDDINGS = {"\u202a": "LRE", "\u202b": "RLE", "\u202d": "LRO", "\u202e": "RLO"}
_CLOSERS = {"\u202c": "PDF", "\u2069": "PDI"}
_SHORT = _ISOLATES | _EMBEDDINGS | _CLOSERS | {
    "\u200b": "ZWSP", "\u200c": "ZWNJ", "\u200d": "ZWJ", "\u2060": "WJ", "\ufeff": "BOM", "\u00ad": "SHY",
    "\u200e": "LRM", "\u200f": "RLM", "\u061c": "ALM", "\u2028": "LS", "\u2029": "PS", "\x85": "NEL", "\x00": "NUL",
}  # fmt: skip
# Letters and symbols that draw nothing.
_BLANKS = "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0"
# Format characters that are drawn, mostly around the digits after them.
_DRAWN = "\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
_NONCHARACTERS = "\ufdd0-\ufdef" + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000))  # fmt: skip  # noqa: E501 - one set

_TOKENS = regex.compile(
    rf"""(?V1)
      (?P<flag>\U0001f3f4[\U000e0030-\U000e007a]{{1,8}}\U000e007f)
    | (?P<line>\r\n|[\n\v\f\r\x85\u2028\u2029\x1c-\x1e])
    | (?P<bidi>[\u202a-\u202e\u2066-\u2069])
    | (?P<implicit>[\u200e\u200f\u061c])
    | (?P<joiner>[\u200c\u200d])
    | (?P<tags>[\U000e0000-\U000e007f]+)
    | (?P<selector>[\ufe00-\ufe0f\U000e0100-\U000e01ef]+)
    | (?P<pile>(?<=\p{{M}}{{{_MARKS_KEPT}}})\p{{M}}+)
    | (?P<odd>[[\p{{Cc}}\p{{Cf}}\p{{Co}}\p{{Cs}}{_BLANKS}{_NONCHARACTERS}]--[\t{_DRAWN}]])
    """,
    regex.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of characters to draw alike. ``title`` names what a sign stands for; only signs have one.

    ``left_out`` is for how many characters there is no sign; that says so in the end, of all of a sentence together.
    """

    text: str
    title: str = ""
    marked: bool = False
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Token:
    """What stands at [start, end) of a text instead of those characters; ``line`` ends a paragraph."""

    start: int
    end: int
    pieces: tuple[Piece, ...]
    line: bool = False


def tokens(text: str) -> Iterator[Token]:
    """Everything in the text that is not drawn as it stands, in order."""
    opened: list[str] = []
    limit = _Limit()
    replaced_to = 0  # what follows a character that is not drawn follows nothing
    for match in _TOKENS.finditer(text):
        kind, found, (start, end) = match.lastgroup or "", match.group(), match.span()
        if _stays(kind, found, text[start - 1] if start > replaced_to else ""):
            continue
        replaced_to = end
        if kind != "line" and limit.is_reached:
            if opened:
                yield Token(start, start, (_closed(opened),))
            yield from limit.leave_out(start, end)
            continue
        yield from limit.gap()
        if kind == "line":
            yield Token(start, end, (*_line(found, opened, limit), *limit.end_line()), line=True)
        else:
            limit.count()
            yield Token(start, end, _directed(found, opened) if kind == "bidi" else _sign_of(kind, found))
    yield from limit.gap()
    if rest := (*((_closed(opened),) if opened else ()), *limit.told()):
        yield Token(len(text), len(text), rest)


class _Limit:
    """How many signs there are so far, and what was left out since there are enough."""

    def __init__(self) -> None:
        self._paragraph = self._text = self._lines = self._left_out = 0
        self._gap = (0, 0)

    @property
    def is_reached(self) -> bool:
        """Whether there are enough in the paragraph, or in the text."""
        return self._paragraph >= MOST_SIGNS or self._text >= MOST_IN_TEXT

    def count(self) -> None:
        """One more is drawn."""
        self._paragraph += 1
        self._text += 1

    def leave_out(self, start: int, end: int) -> Iterator[Token]:
        """Draw nothing there; what follows at once becomes part of the same gap."""
        self._left_out += end - start
        if self._gap[1] != start:
            yield from self.gap()
            self._gap = start, start
        self._gap = self._gap[0], end

    def gap(self) -> Iterator[Token]:
        """What was left out, where that has not been said yet."""
        if self._gap[0] < self._gap[1]:
            yield Token(*self._gap, ())
        self._gap = 0, 0

    def end_line(self) -> tuple[Piece, ...]:
        """Begin with the next paragraph; beyond the most, all lines are one."""
        self._lines += 1
        if self._lines > MOST_PARAGRAPHS:
            return ()
        self._paragraph = 0
        return self.told()

    def told(self) -> tuple[Piece, ...]:
        """How many characters were left out since it was last said."""
        count, self._left_out = self._left_out, 0
        return (Piece("", left_out=count),) if count else ()


def compact(pieces: list[Piece]) -> list[Piece]:
    """Neighbors that are alike become one; long rows of signs are counted instead of drawn."""
    joined: list[Piece] = []
    alike_if = lambda one: (one.title, one.title and one.text, one.marked, one.left_out)  # noqa: E731 - a key, said once
    for (title, text, marked, left_out), group in groupby(pieces, key=alike_if):
        alike = list(group)
        if left_out:
            joined += alike
        elif not title:
            joined.append(Piece("".join(one.text for one in alike), "", marked))
        else:
            joined.append(Piece(text if len(alike) == 1 else f"{text} ×{len(alike)}", title, marked))
    return _run_together(_shortened(joined))


@lru_cache(maxsize=1000)
def sign(character: str) -> Piece:
    """The sign of one character."""
    code = f"U+{ord(character):04X}"
    return Piece(_SHORT.get(character, code), f"{code} {unicodedata.name(character, '')}".strip())


def _shortened(pieces: list[Piece]) -> list[Piece]:
    kept: list[Piece] = []
    in_a_row = drawn = dropped = 0
    for one in pieces:
        if one.left_out:
            dropped += one.left_out
            continue
        in_a_row = in_a_row + 1 if one.title else 0
        if one.title and (in_a_row > _MOST_IN_A_ROW or drawn >= MOST_SIGNS):
            dropped += 1
            continue
        drawn += bool(one.title)
        if dropped and in_a_row == 0 and drawn < MOST_SIGNS:
            kept.append(Piece(f"+{dropped}", f"{dropped} more such characters"))
            dropped = 0
        kept.append(one)
    return [*kept, Piece(f"+{dropped}", f"{dropped} more such characters")] if dropped else kept


def _run_together(pieces: list[Piece]) -> list[Piece]:
    """What has no signs in between any more becomes one."""
    found: list[Piece] = []
    for (is_sign, marked), group in groupby(pieces, key=lambda one: (bool(one.title), one.marked)):
        if is_sign:
            found += group
        else:
            found.append(Piece("".join(one.text for one in group), "", marked))
    return found


def _stays(kind: str, found: str, before: str) -> bool:
    """Whether it is drawn as it stands: flags, and what scripts and emoji are spelled with."""
    if kind == "joiner":
        return before >= "\u0590" and unicodedata.category(before)[0] in "LMS"
    if kind == "selector":
        return len(found) == 1 and before > " "
    return kind == "flag"


def _sign_of(kind: str, found: str) -> tuple[Piece, ...]:
    """The signs of what was found."""
    if kind == "implicit":
        return sign(found), Piece(found)  # it cannot reach beyond its paragraph
    if kind == "tags":
        said = "".join(chr(ord(one) - 0xE0000) if "\U000e0020" <= one < "\U000e007f" else "·" for one in found[:200])
        return (Piece(f"tags “{said}”", f"{len(found)} tag characters, U+E0000 to U+E007F, which nobody sees"),)
    if kind == "pile":
        return (Piece(f"+{len(found)}", f"{len(found)} more combining marks"),)
    if kind == "selector":
        return (Piece(f"VS ×{len(found)}", f"{len(found)} variation selectors"),)
    return (sign(found),)


def _line(found: str, opened: list[str], limit: _Limit) -> tuple[Piece, ...]:
    """The end of a line closes everything; unusual ones are named, as long as there is room for signs."""
    signs: tuple[Piece, ...] = ()
    if found not in {"\n", "\r\n"} and not limit.is_reached:
        limit.count()
        signs = (sign(found),)
    return (_closed(opened), *signs) if opened else signs


def _closed(opened: list[str]) -> Piece:
    closers = "".join("\u2069" if one in _ISOLATES else "\u202c" for one in reversed(opened))
    opened.clear()
    return Piece(closers)


def _directed(found: str, opened: list[str]) -> tuple[Piece, ...]:
    """The sign of a directional control, with the control itself where it opens or closes something."""
    if found not in _CLOSERS:
        if len(opened) >= _DEEPEST:
            return (sign(found),)
        opened.append(found)
        return sign(found), Piece(found)
    if found == "\u202c" and opened and opened[-1] in _EMBEDDINGS:
        opened.pop()
        return Piece(found), sign(found)
    if found == "\u2069" and any(one in _ISOLATES for one in opened):
        closers = ""
        while opened[-1] in _EMBEDDINGS:
            opened.pop()
            closers += "\u202c"
        opened.pop()
        return Piece(closers + found), sign(found)
    return (sign(found),)
