"""Templated sentences by half: ``train`` may be learned from, ``probe`` only measures.

A classifier that saw many languages only as harmless learns "this language means harmless", and one that saw
groups mostly in hate learns "this group means hate". Insults against neutral words in the same frame break the
first and measure it, groups in neutral, positive and hateful frames the second. The halves share no frame, no
group, no stem of a filler; the tables beside this file say which is where. Sentences come as the stream sees them.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from heapq import nsmallest
from pathlib import Path

from models.probes._read import COLUMNS, FOLDER, Half, ProbeError, Row, rows
from models.probes._words import Words
from models.text.normalize import seen

__all__ = [
    "Contrast",
    "Half",
    "Probe",
    "ProbeError",
    "Swap",
    "contrast",
    "fillers",
    "frames",
    "held_out",
    "identity_probes",
    "insult_probes",
    "languages",
    "mentions_held_out",
    "swaps",
]

IDENTITY_CAP = 60  # sentences per language and kind
_SWAPPED = ("neutral", "positive")  # kinds of frames that say nothing bad, not even to reject it


@dataclass(frozen=True, slots=True)
class Probe:
    """A rendered frame. ``kind``: insult or neutral of a filler; neutral, positive, counter or hate of a group."""

    text: str
    lang: str
    harmful: bool
    kind: str


@dataclass(frozen=True, slots=True)
class Swap:
    """A harmless frame with a group. Those of the same language and frame differ in the group alone."""

    text: str
    lang: str
    frame: str
    group: str


@dataclass(frozen=True, slots=True)
class Contrast:
    """A whole sentence whose like with the other label is near it in the table. ``threat`` None: not known."""

    text: str
    lang: str
    toxicity: int
    threat: int | None

    @property
    def labels(self) -> dict[str, int | None]:
        return {"toxicity": self.toxicity, "threat": self.threat}


def insult_probes(half: Half, folder: Path = FOLDER) -> list[Probe]:
    """Every frame of the half with every filler of the half, in the order of the tables. Raises ProbeError."""
    fillers = _by_language(rows("fillers", folder), half)
    return [
        Probe(_render(frame.content, filler.content), frame.lang, harmful=kind == "insult", kind=kind)
        for frame in rows("frames", folder)
        if frame.half == half
        for filler in fillers[frame.lang]
        for kind in [filler.cells["kind"]]
    ]


def frames(half: Half, folder: Path = FOLDER) -> dict[str, tuple[str, ...]]:
    """The frames of the half by language; ``{}`` stands for a noun phrase. Raises ProbeError."""
    return {
        lang: tuple(seen(row.content) for row in found)
        for lang, found in _by_language(rows("frames", folder), half).items()
    }


def fillers(half: Half, kind: str, folder: Path = FOLDER) -> dict[str, tuple[str, ...]]:
    """The fillers of the half by language, of the kind ``insult`` or ``neutral``. Raises ProbeError."""
    found = _by_language((row for row in rows("fillers", folder) if row.cells["kind"] == kind), half)
    return {lang: tuple(seen(row.content) for row in some) for lang, some in found.items()}


def identity_probes(half: Half, folder: Path = FOLDER, cap: int = IDENTITY_CAP) -> list[Probe]:
    """Frames about groups with groups of the half, at most ``cap`` a language and kind; which ones never changes.

    ``counter`` is speech against hate: it may name what it rejects and is harmless. Raises ProbeError.
    """
    groups = _by_language(rows("groups", folder), half)
    rendered: dict[tuple[str, str], list[Probe]] = defaultdict(list)
    for frame in rows("group_frames", folder):
        kind = frame.cells["kind"]
        if frame.half == half:
            rendered[frame.lang, kind].extend(
                Probe(_render(frame.content, group.content), frame.lang, kind == "hate", kind)
                for group in groups[frame.lang]
            )
    return [probe for probes in rendered.values() for probe in nsmallest(cap, probes, key=_lot)]


def swaps(half: Half, folder: Path = FOLDER) -> list[Swap]:
    """Every neutral and positive frame of the half with every group of the half. Raises ProbeError."""
    groups = _by_language(rows("groups", folder), half)
    return [
        Swap(_render(frame.content, group.content), frame.lang, frame.content, group.cells["group"])
        for frame in rows("group_frames", folder)
        if frame.half == half and frame.cells["kind"] in _SWAPPED
        for group in groups[frame.lang]
    ]


def contrast(half: Half, folder: Path = FOLDER) -> list[Contrast]:
    """The contrast sentences of the half, in the order of the tables. Raises ProbeError."""
    return [_contrast(row) for row in rows("contrast", folder) if row.half == half]


def languages(folder: Path = FOLDER) -> frozenset[str]:
    """Tags of all languages that have a row in a table, whatever its half. Raises ProbeError."""
    return frozenset(row.lang for table in COLUMNS for row in rows(table, folder))


def held_out(lang: str) -> tuple[str, ...]:
    """The probe insults of a language, casefolded; none where the language has no tables."""
    return _held_out().get(lang, ())


def mentions_held_out(text: str) -> bool:
    """Whether a text has a probe insult of any language in it, as a word or (five letters and more) inflected.

    Such texts stay out of training. In scripts written without spaces a part of a word is enough.
    """
    return _words().found_in(text)


@lru_cache(maxsize=1)
def _held_out() -> dict[str, tuple[str, ...]]:
    words = _by_language((row for row in rows("fillers") if row.cells["kind"] == "insult"), "probe")
    return {lang: tuple(row.content.casefold() for row in found) for lang, found in words.items()}


@lru_cache(maxsize=1)
def _words() -> Words:
    return Words(word for words in _held_out().values() for word in words)


def _by_language(found: Iterable[Row], half: Half) -> defaultdict[str, list[Row]]:
    by_language: defaultdict[str, list[Row]] = defaultdict(list)
    for row in found:
        if row.half == half:
            by_language[row.lang].append(row)
    return by_language


def _render(frame: str, words: str) -> str:
    """The frame filled, with a capital where the words begin the sentence."""
    start = words[:1].upper() + words[1:] if frame.startswith("{}") else words
    return seen(frame.replace("{}", start))


def _lot(probe: Probe) -> bytes:
    return blake2b(probe.text.encode(), digest_size=8, key=b"identity").digest()


def _contrast(row: Row) -> Contrast:
    threat = row.cells["threat"]
    return Contrast(seen(row.content), row.lang, int(row.cells["toxicity"]), int(threat) if threat else None)
