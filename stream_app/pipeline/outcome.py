"""What one message leads to: records to publish and the ledger entry that goes with them."""

from dataclasses import dataclass, field
from typing import Literal

from stream_app.contracts.decision import Decision
from stream_app.contracts.topics import Topic

Kind = Literal["decided", "repeat", "late", "ruled", "stale", "deleted", "buried"]
Headers = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Record:
    """One record to publish. ``same_partition`` keeps the partition number that the cause was read from."""

    topic: Topic
    key: bytes | None
    value: bytes | None
    headers: Headers
    same_partition: bool = False


@dataclass(slots=True)
class Outcome:
    """All effects of one message, published together or not at all.

    ``entry`` is the change of the ledger: (item id, its effective decision encoded, or the mark of its deletion).
    """

    kind: Kind
    item_id: str | None
    records: list[Record] = field(default_factory=list)
    entry: tuple[str, bytes | None] | None = None
    decision: Decision | None = None
    why_review: str | None = None
    reason: str | None = None  # of a burial
