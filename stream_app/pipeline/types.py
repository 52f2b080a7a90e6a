"""The values that pass between the stages of the path."""

from dataclasses import dataclass

from models.classifier import Hit
from stream_app.contracts.content import ContentItem, Deletion
from stream_app.contracts.origin import Origin
from stream_app.contracts.review import Ruling

NO_TEXT = "no-text"
"""The level of an assessment of a text in which nothing is left to read."""


@dataclass(frozen=True, slots=True)
class RawMessage:
    """One message as Kafka holds it."""

    origin: Origin
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message that could be read. ``flags`` name what was mended on the way in (``bom``, ``surrogate``, …)."""

    content: ContentItem | Deletion | Ruling
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NormalizedText:
    """The analysis copy of a text.

    ``offsets[i]`` is the position in the original of code point ``i``, with one more entry for the end; None
    where every code point stayed where it was. ``flags`` name what was found (``controls``, ``marks-capped``,
    ``cut``, ``invisible``, …).
    """

    text: str
    offsets: tuple[int, ...] | None = None
    flags: tuple[str, ...] = ()

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """[start, end) of the original text for [start, end) of this one."""
        if self.offsets is None:
            return start, end
        last = self.offsets[end - 1] + 1 if end > start else 0
        # A span inside a character that normalization expanded covers that character.
        return self.offsets[start], max(self.offsets[end], last)


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the path found out about one text, before any policy.

    ``scores`` holds calibrated probabilities; a label that is in ``scores`` but not in ``evidence`` is a guess
    that must neither allow nor act. ``degraded`` says why a level is missing, or is empty.
    """

    scores: dict[str, float]
    evidence: frozenset[str]
    hits: tuple[Hit, ...]
    level: str
    language: str
    artifacts: dict[str, str]
    match: "BankMatch | None" = None
    cached: bool = False
    degraded: str = ""


@dataclass(frozen=True, slots=True)
class BankMatch:
    """An entry of a bank of known content that the text equals after normalization."""

    bank: str
    entry_id: str
    label: str
    verdict: str
