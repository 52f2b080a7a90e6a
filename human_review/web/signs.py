"""What cannot be seen in a text, made visible, and what would run over, held back.

Controls, invisible characters, tag characters and piles of marks become signs: short names such as ``RLO`` or
``U+0007``. Directional controls keep their effect, so that the reader sees what the audience saw, but
balanced: what is opened is closed at the end of its paragraph, and what closes nothing is not written out (UAX #9).
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

import regex

MOST_SIGNS = 400
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
    """A run of characters to draw alike. ``title`` names what a sign stands for; only signs have one."""

    text: str
    title: str = ""
    marked: bool = False


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
    for match in _TOKENS.finditer(text):
        kind, (start, end) = match.lastgroup, match.span()
        if kind == "flag":
            continue
        found: tuple[Piece, ...] | None
        if kind == "line":
            found = _line(match.group(), opened)
        elif kind == "bidi":
            found = _directed(match.group(), opened)
        else:
            found = _sign_of(kind or "", match.group(), text[start - 1] if start else "")
        if found is not None:
            yield Token(start, end, found, line=kind == "line")
    if opened:
        yield Token(len(text), len(text), (_closed(opened),))


def compact(pieces: list[Piece]) -> list[Piece]:
    """Neighbors that are alike become one; long rows of signs are counted instead of drawn."""
    joined: list[Piece] = []
    alike_if = lambda one: (one.title, one.title and one.text, one.marked)  # noqa: E731 - a key, said once
    for (title, text, marked), group in groupby(pieces, key=alike_if):
        alike = list(group)
        if not title:
            joined.append(Piece("".join(one.text for one in alike), "", marked))
        else:
            joined.append(Piece(text if len(alike) == 1 else f"{text} ×{len(alike)}", title, marked))
    return _shortened(joined)


@lru_cache(maxsize=1000)
def sign(character: str) -> Piece:
    """The sign of one character."""
    code = f"U+{ord(character):04X}"
    return Piece(_SHORT.get(character, code), f"{code} {unicodedata.name(character, '')}".strip())


def _shortened(pieces: list[Piece]) -> list[Piece]:
    kept: list[Piece] = []
    in_a_row = drawn = dropped = 0
    for one in pieces:
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


def _sign_of(kind: str, found: str, before: str) -> tuple[Piece, ...] | None:
    """The signs of what was found; None where it is to be drawn as it stands."""
    if kind == "joiner" and before >= "\u0590" and unicodedata.category(before)[0] in "LMS":
        return None  # scripts and emoji that are spelled with joiners
    if kind == "selector" and len(found) == 1 and before > " ":
        return None
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


def _line(found: str, opened: list[str]) -> tuple[Piece, ...]:
    """The end of a line closes everything; unusual ones are named."""
    signs = () if found in {"\n", "\r\n"} else (sign(found),)
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
