"""Texts that attackers write, cut into pieces that a template can draw safely.

The original text stays the original text: highlights come as [start, end) in its code points, are merged where they
overlap, and are widened to whole grapheme clusters (UAX #29): no letter loses its marks, no emoji its parts.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import regex
from babel import Locale, UnknownLocaleError

from human_review.web.links import defanged
from human_review.web.signs import MOST_PARAGRAPHS, Piece, Token, compact, tokens

MOST_SENTENCES = 60
_MOST_SPANS = 1000

# A run of stops that ends nothing is a match too, ``run``: it is read once, not again from each of its stops.
_SENTENCE_END = regex.compile(
    r"""(?x)
      (?: [.!?…؟۔]++ ["'\p{Pf}\p{Pe}]*+ [^\S\n\r]+
        | [。！？｡।॥]+ (?: ["'\p{Pf}\p{Pe}]*+ [^\S\n\r]+ | [\p{Pf}\p{Pe}]* ) )
      (?![\p{M}\u200d])
    | (?P<run>[.!?…؟۔]++)
    """
)
_CLUSTER = regex.compile(r"\X")
_AT_ONCE = 256
_TAG = regex.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A part that is revealed on its own; ``number`` is 0 beyond the first 60."""

    number: int
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A line of the text, with a direction of its own."""

    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A text as it is drawn."""

    paragraphs: tuple[Paragraph, ...]
    sentences: int


def show(text: str, spans: Iterable[tuple[int, int]] = ()) -> Shown:
    """The text in paragraphs and sentences, with the spans marked."""
    paragraphs: list[Paragraph] = []
    number = 0
    for line in _lines(text, spans):
        sentences = []
        for pieces in line:
            number += 1
            sentences.append(Sentence(number if number <= MOST_SENTENCES else 0, tuple(compact(pieces))))
        paragraphs.append(Paragraph(tuple(sentences)))
    return Shown(tuple(paragraphs), min(number, MOST_SENTENCES))


def line(text: str | None) -> tuple[Piece, ...]:
    """The text as one line, for ids, notes and lists; line ends become signs."""
    if not text:
        return ()
    found: list[Piece] = []
    for at, parts in enumerate(_lines(text, ())):
        found += [Piece("⏎", "new line")] if at else []
        found += [piece for sentence in parts for piece in sentence]
    return tuple(compact(found))


def merged(spans: Iterable[tuple[int, int]], text: str) -> list[tuple[int, int]]:
    """The spans inside the text, in order, widened to whole grapheme clusters, with none touching another."""
    inside = sorted((max(0, start), min(len(text), end)) for start, end in list(spans)[:_MOST_SPANS])
    if not (inside := [span for span in inside if span[0] < span[1]]):
        return []
    starts = _cluster_starts(text)
    found: list[tuple[int, int]] = []
    for start, end in inside:
        wide = starts[bisect_right(starts, start) - 1], starts[bisect_left(starts, end)]
        if found and wide[0] <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], wide[1])
        else:
            found.append(wide)
    return found


def language_attribute(tag: str | None) -> str | None:
    """The language tag where it is a real one: fit for ``lang`` attributes."""
    if not tag or not _TAG.fullmatch(tag):
        return None
    try:
        Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError):
        return language_attribute(tag.partition("-")[0]) if "-" in tag else None
    return tag


@lru_cache(maxsize=32)
def _cluster_starts(text: str) -> list[int]:
    """Where grapheme clusters start, and the end of the text.

    The text is read in parts that begin where a cluster does: the rules look back, in a row of flags to its first.
    """
    starts: list[int] = []
    at, size = 0, _AT_ONCE
    while at < len(text):
        found = [at + match.start() for match in _CLUSTER.finditer(text[at : at + size])]
        if at + size >= len(text):
            return [*starts, *found, len(text)]
        if len(found) == 1:  # it may go on
            size *= 2
        else:
            starts += found[:-1]
            at, size = found[-1], _AT_ONCE
    return [0]


def _lines(text: str, spans: Iterable[tuple[int, int]]) -> Iterator[list[list[Piece]]]:
    """Paragraphs of sentences of pieces."""
    ends = {match.end() for match in _SENTENCE_END.finditer(text) if match["run"] is None}
    current: list[list[Piece]] = [[]]
    lines = 0
    for at, piece in _atoms(text, merged(spans, text), ends):
        if piece is None and lines < MOST_PARAGRAPHS:
            yield [one for one in current if one]
            current, lines = [[]], lines + 1
        elif piece is None:
            current[-1].append(Piece("⏎", "new line"))
        else:
            if at in ends and current[-1]:
                current.append([])
            current[-1].append(piece)
    if any(current) or not lines:
        yield [one for one in current if one]


def _atoms(text: str, ranges: Sequence[tuple[int, int]], ends: set[int]) -> Iterator[tuple[int, Piece | None]]:
    """Every piece with its offset; None for the end of a line."""
    instead, added = defanged(text)
    cuts = sorted({edge for span in ranges for edge in span} | ends | set(added) | {at + more for at in instead for more in (0, 1)})  # fmt: skip  # noqa: E501 - one set
    starts = [start for start, _ in ranges]

    def marked(at: int) -> bool:
        index = bisect_right(starts, at) - 1
        return index >= 0 and at < ranges[index][1]

    def plain(start: int, end: int) -> Iterator[tuple[int, Piece | None]]:
        inner = cuts[bisect_right(cuts, start) : bisect_left(cuts, end)]
        for left, right in zip([start, *inner], [*inner, end], strict=True):
            if left < right:
                if left in added:
                    yield left, Piece(f"= {added.pop(left)}", "the same host in its other form")
                yield left, Piece(instead.get(left, text[left:right]), "", marked(left))

    position = 0
    for token in [*tokens(text), Token(len(text), len(text), ())]:
        yield from plain(position, token.start)
        for piece in token.pieces:
            yield token.start, Piece(piece.text, piece.title, marked(token.start), piece.left_out)
        if token.line:
            yield token.start, None
        position = token.end
    for at in sorted(added):
        yield at, Piece(f"= {added[at]}", "the same host in its other form")
