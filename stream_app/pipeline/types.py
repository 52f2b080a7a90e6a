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
