"""The cascade's first level: word lists and rules, found in one pass over a text.

It finds wording, it does not judge: a hit is a reason to look closer and evidence for a reviewer. One
Aho-Corasick automaton holds the terms of all languages and the trigger words of all rules.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from heapq import nsmallest
from pathlib import Path

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from models.classifier import Hit
from models.rules import Pattern, Rule, discover
from models.rules._fold import fold

_LABEL = re.compile(r"[a-z][a-z0-9_]{0,62}")
COLUMNS = ("term", "label", "severity", "source", "licence")
MAX_HITS = 32
SPANS_PER_PATTERN = 4

_MATCHER = "1"  # raise it when the matching below changes what is found
_ALIASES = {"nb": "no", "nn": "no", "tl": "fil", "iw": "he", "in": "id", "bs": "hr", "sh": "hr", "cmn": "zh"}
_EVERYWHERE_SEVERITY, _EVERYWHERE_LENGTH, _UNKNOWN_LENGTH = 2, 5, 5
_SURROGATES = re.compile("[\ud800-\udfff]")


class LexiconError(ValueError):
    """A word list that cannot be used; the message names file, line and what would have worked."""


@dataclass(frozen=True, slots=True)
class Term:
    """One row of a list. ``stem`` marks a term that may go on to the right: ``kurw*`` finds ``kurwa``."""

    text: str
    label: str
    severity: int
    language: str
    everywhere: bool  # counts whatever the language of the text
    unknown: bool  # counts where the language of the text is unknown
    stem: bool

    @property
    def name(self) -> str:
        digest = blake2b(self.text.encode(), digest_size=4).hexdigest()
        return f"lexicon/{self.language}/{digest}"


@dataclass(slots=True)
class _Needle:
    """What one string of the automaton stands for: entries of several languages, triggers of several rules."""

    entries: list["_Entry"] = field(default_factory=list)
    triggers: list[int] = field(default_factory=list)  # positions in Lexicon._patterns


@dataclass(frozen=True, slots=True)
class _Entry:
    languages: frozenset[str] | None  # of the texts it counts in; None: any
    left: bool  # the match must begin a word
    right: bool  # the match must end a word
    hit: tuple[str, str, int]  # label, name, severity


class Lexicon:
    """Terms and rules, ready to search."""

    def __init__(self, terms: Sequence[Term], rules: Sequence[Rule], *, version: str) -> None:
        self.version = version
        self.terms = tuple(terms)
        self.labels = frozenset([*(term.label for term in self.terms), *(rule.label for rule in rules)])
        self._patterns = [(rule, pattern) for rule in rules for pattern in rule.patterns]
        needles = _needles(self.terms, [pattern for _, pattern in self._patterns])
        self._needles = list(needles.values())
        self._automaton = AhoCorasick(
            list(needles), matchkind=MatchKind.Standard, implementation=Implementation.ContiguousNFA
        )

    @classmethod
    def load(cls, folder: Path | None = None) -> "Lexicon":
        """Read every ``<tag>.tsv`` of the folder (by default the lists shipped with weir) and every rule."""
        folder = folder or default_folder()
        files = sorted(folder.glob("*.tsv"))
        if not files:
            raise LexiconError(f"no word lists in {folder}; expected files such as en.tsv there")
        rules = discover()
        terms = [term for file in files for term in read_terms(file)]
        return cls(terms, rules, version=_digest(files, rules))

    def hits(self, texts: Sequence[str], languages: Sequence[str]) -> list[tuple[Hit, ...]]:
        """Hits of each text, at most 32, the most severe first, then by position.

        ``languages`` holds one BCP 47 tag a text, ``und`` where unknown. No text makes it raise.
        """
        return [self._hits(text, tag) for text, tag in zip(texts, languages, strict=True)]

    def _hits(self, text: str, tag: str) -> tuple[Hit, ...]:
        language = primary(tag)
        folded = fold(text, language)
        try:
            found = self._automaton.find_matches_as_indexes(folded, overlapping=True)
        except UnicodeEncodeError:
            folded = _SURROGATES.sub("\ufffd", folded)
            found = self._automaton.find_matches_as_indexes(folded, overlapping=True)
        if not found:
            return ()
        hits, triggered = self._look_up(folded, language, found)
        if triggered:
            hits.extend(self._rule_hits(folded, triggered))
        return tuple(nsmallest(MAX_HITS, _outermost(hits), key=_most_severe_first)) if hits else ()

    def _look_up(
        self, folded: str, language: str, found: Iterable[tuple[int, int, int]]
    ) -> tuple[list[Hit], set[int]]:
        needles = self._needles
        hits: list[Hit] = []
        triggered: set[int] = set()
        for index, start, end in found:
            needle = needles[index]
            if needle.triggers:
                triggered.update(needle.triggers)
            for entry in needle.entries:
                if entry.languages is not None and language not in entry.languages:
                    continue
                if entry.left and start and _joined(folded[start - 1], folded[start]):
                    continue
                if entry.right and end < len(folded) and _joined(folded[end - 1], folded[end]):
                    continue
                hits.append(Hit(*entry.hit, start, end))
        return hits, triggered

    def _rule_hits(self, folded: str, triggered: set[int]) -> Iterator[Hit]:
        for index in triggered:
            rule, pattern = self._patterns[index]
            for start, end in pattern.spans(folded, SPANS_PER_PATTERN):
                yield Hit(rule.label, f"rule/{rule.name}/{pattern.language}", rule.severity, start, end)


def default_folder() -> Path:
    """Where the lists are: in a checkout, else in the installed package."""
    root = Path(__file__).resolve().parent.parent
    checkout = root / "config" / "lexicons"
    return checkout if checkout.is_dir() else root / "stream_app" / "_config" / "lexicons"


def primary(tag: str) -> str:
    """The language of a tag as the lists are named: ``pt-BR`` and ``pt``, ``nb`` and ``no`` are one."""
    return _primary(tag) if len(tag) <= 35 else "und"  # longer than any tag: not worth a place in the cache


@lru_cache(maxsize=1024)
def _primary(tag: str) -> str:
    language = tag.replace("_", "-").split("-", 1)[0].lower()
    return _ALIASES.get(language, language) or "und"


def read_terms(file: Path) -> Iterator[Term]:
    """The rows of one list. Lines that start with ``#`` are comments; the first other line names the columns."""
    lines = enumerate(file.read_text(encoding="utf-8").splitlines(), start=1)
    rows = [(number, line.split("\t")) for number, line in lines if line and not line.startswith("#")]
    if not rows or tuple(rows[0][1]) != COLUMNS:
        raise LexiconError(f"{file}: the first row must name the columns {', '.join(COLUMNS)}, separated by tabs")
    for number, row in rows[1:]:
        yield _term(row, file.stem, where=f"{file}:{number}")


def _term(row: Sequence[str], tag: str, *, where: str) -> Term:
    if len(row) != len(COLUMNS) or not all(row):
        raise LexiconError(f"{where}: needs {len(COLUMNS)} filled columns ({', '.join(COLUMNS)}), has {row}")
    written, label, severity, _source, _licence = row
    if not _LABEL.fullmatch(label):
        raise LexiconError(f"{where}: a label must have lower-case letters, digits or _, not {label!r}")
    if severity not in {"1", "2", "3"}:
        raise LexiconError(f"{where}: severity {severity!r} is none of 1 (mild), 2 (strong), 3 (severe)")
    text = written.removesuffix("*")
    if not text.strip():
        raise LexiconError(f"{where}: the term is empty; delete the row or write the word before the *")
    return Term(
        text=fold(text, primary(tag)),
        label=label,
        severity=int(severity),
        language=primary(tag),
        everywhere=_counts_everywhere(tag, text, int(severity)),
        unknown=len(text) >= _least_where_unknown(tag, text),
        stem=written.endswith("*"),
    )


def _counts_everywhere(tag: str, text: str, severity: int) -> bool:
    """English swearing travels, and language detectors do not know romanized Hindi or Arabic."""
    travels = tag == "en" or tag.endswith("-Latn")
    return travels and severity >= _EVERYWHERE_SEVERITY and len(text) >= _EVERYWHERE_LENGTH


def _least_where_unknown(tag: str, text: str) -> int:
    """Four Latin letters are a word in some language, five mostly are not; English is what is mostly meant."""
    if text[0] >= "\u0250":
        return 1
    return _UNKNOWN_LENGTH - 1 if tag == "en" else _UNKNOWN_LENGTH


def _needles(terms: Iterable[Term], patterns: Sequence[Pattern]) -> dict[str, _Needle]:
    needles: dict[str, _Needle] = {}
    for term in terms:
        needle = needles.setdefault(term.text, _Needle())
        needle.entries.append(
            _Entry(
                languages=_languages(term),
                left=True,
                right=not term.stem,
                hit=(term.label, term.name, term.severity),
            )
        )
    for index, pattern in enumerate(patterns):
        for trigger in pattern.triggers:
            needles.setdefault(fold(trigger), _Needle()).triggers.append(index)
    return needles


def _languages(term: Term) -> frozenset[str] | None:
    if term.everywhere:
        return None
    return frozenset((term.language, "und")) if term.unknown else frozenset((term.language,))


def _digest(files: Iterable[Path], rules: Iterable[Rule]) -> str:
    digest = blake2b(_MATCHER.encode(), digest_size=8)
    for file in files:
        content = file.read_bytes()
        digest.update(f"{file.name}\0{len(content)}\0".encode() + content)
    for rule in rules:
        digest.update(repr((rule.name, rule.label, rule.severity, rule.patterns)).encode())
    return digest.hexdigest()


def _joined(before: str, after: str) -> bool:
    """Whether two neighbouring characters are inside one word, so that no word begins or ends between them.

    Han, Hiragana and the scripts of Thailand, Laos, Myanmar and Cambodia are written without spaces: there any
    place may be a boundary. A run of Katakana is one word.
    """
    kind = _kind(before)
    return kind != _BREAK and kind == _kind(after)


_BREAK, _WORD, _KATAKANA = 0, 1, 2
_UNSPACED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Burmese
    (0x1780, 0x17FF),  # Khmer
    (0x3040, 0x309F),  # Hiragana
    (0x3400, 0x9FFF),  # Han
    (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)


@lru_cache(maxsize=4096)
def _kind(char: str) -> int:
    code = ord(char)
    if 0x30A1 <= code <= 0x30FA or 0x30FC <= code <= 0x30FF:
        return _KATAKANA
    if any(first <= code <= last for first, last in _UNSPACED):
        return _BREAK
    return _WORD if char.isalnum() or unicodedata.category(char).startswith("M") else _BREAK


def _outermost(hits: list[Hit]) -> Iterator[Hit]:
    """Hits without those inside a longer hit of the same label that is at least as severe."""
    reach: dict[tuple[str, int], int] = {}  # label, severity -> end of the furthest such hit so far
    for hit in sorted(set(hits), key=lambda hit: (hit.start, -hit.end, -hit.severity, hit.name)):
        if any(hit.end <= reach.get((hit.label, severity), 0) for severity in range(hit.severity, 4)):
            continue
        reach[(hit.label, hit.severity)] = hit.end
        yield hit


def _most_severe_first(hit: Hit) -> tuple[int, int, int, str]:
    return (-hit.severity, hit.start, hit.end, hit.name)
