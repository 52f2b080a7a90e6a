"""Where a message stands in the history of its item: new, an edit, a repeat, or too late."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import msgspec

from stream_app.contracts import codec
from stream_app.contracts.content import ContentItem
from stream_app.contracts.decision import Decision
from stream_app.contracts.origin import Origin

Address = tuple[int, str]
"""Partition number and item id: an item's history belongs to its partition."""

Ledger = Mapping[Address, bytes]
"""Encoded effective decisions, and marks of deletions."""

ORIGIN_HEADER = "weir-origin"
"""On a tombstone of ``decisions``: where the deletion was read."""

_DELETED = b"\x00"  # no JSON begins with it
_read_origin = msgspec.json.Decoder(Origin).decode


def deletion_mark(encoded_origin: bytes) -> bytes:
    """What the ledger keeps of a deleted item: where the deletion was read, so that what came before stays gone."""
    return _DELETED + encoded_origin


Standing = Literal["fresh", "repeat", "late"]


@dataclass(frozen=True, slots=True)
class Place:
    """``supersedes`` is the decision that a fresh one replaces, or None for the first of its item."""

    standing: Standing
    supersedes: str | None = None


def place(item: ContentItem, digest: str, origin: Origin, effective: Decision | None) -> Place:
    """First writer wins: the text of the effective decision keeps its decision.

    A message read before the one that was decided is delivered again (offsets are not committed for every
    message): its text was the item's once and is not any more. It must not undo the edit that came after it.
    """
    if effective is None:
        return Place("fresh")
    if effective.text_digest == digest:
        return Place("repeat")
    if effective.origin is not None and _is_history(origin, effective, effective.origin):
        return Place("repeat")
    if _is_older(item.version, effective.item_version):
        return Place("late", effective.decision_id)
    return Place("fresh", effective.decision_id)


def _is_history(origin: Origin, effective: Decision, decided: Origin) -> bool:
    """Whether a message had been read when the effective decision was made.

    A ruling on an item that the ledger does not know any more knows where the item was, but not its text.
    """
    return origin.is_before(decided) or (not effective.text_digest and not decided.is_before(origin))


def is_seen_ruling(origin: Origin, effective: Decision | None) -> bool:
    """Whether a ruling read at ``origin`` was already followed, by itself or by a later one."""
    if effective is None or effective.ruling_origin is None:
        return False
    return not effective.ruling_origin.is_before(origin) and origin.topic_id == effective.ruling_origin.topic_id


def is_old_deletion(origin: Origin, effective: Decision | None) -> bool:
    """Whether the item was posted again after this deletion, so that it is delivered a second time."""
    return effective is not None and effective.origin is not None and origin.is_before(effective.origin)


def _is_older(version: int | None, than: int | None) -> bool:
    return version is not None and than is not None and version < than


class History:
    """The ledger as it stands while a batch is decided: what was stored, and on top what this batch wrote."""

    def __init__(self, addresses: Iterable[Address], stored: Ledger) -> None:
        self._times = Counter(addresses)
        self._stored: dict[Address, bytes | None] = dict(stored)
        self._decoded: dict[Address, Decision | None] = {}

    def stored(self, address: Address) -> bytes | None:
        """The effective decision of an item, encoded; None for a deleted one."""
        value = self._stored.get(address)
        return None if value is None or value.startswith(_DELETED) else value

    def deleted_at(self, address: Address) -> Origin | None:
        """Where the deletion of an item was read, if it was the last that happened to it."""
        value = self._stored.get(address)
        return _read_origin(value[1:]) if value is not None and value.startswith(_DELETED) else None

    def effective(self, address: Address) -> Decision | None:
        """The effective decision of an item."""
        if address not in self._decoded:
            value = self.stored(address)
            self._decoded[address] = None if value is None else codec.decode(value, Decision)
        return self._decoded[address]

    def write(self, address: Address, value: bytes | None) -> None:
        """What the rest of the batch must see."""
        self._stored[address] = value
        self._decoded.pop(address, None)

    def settles(self, address: Address, digest: str) -> bool:
        """Whether the text needs no assessment: it is decided, and nothing in this batch can change that."""
        if self._times[address] > 1:
            return False
        effective = self.effective(address)
        return effective is not None and effective.text_digest == digest
