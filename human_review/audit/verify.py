"""Finds the first entry of the log that is not as it was written. Streams: a log of any length takes the same memory.

The chain alone shows every change but three: entries cut from its end, entries put after it, and a log that was
rebuilt with new hashes. The first two show against the head row as well; all of them show against heads that were
published where the database's owner cannot reach (after the tree heads of RFC 9162). What was appended since the
last published head is covered by the chain and the head row alone: the report says how many entries that are.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from human_review.audit.log import START, Entry
from stream_app.contracts.review import AuditHead


@dataclass(frozen=True, slots=True)
class Head:
    """How far the log goes by its head row; the database's owner could have changed it together with the log."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Bad:
    """The first entry that is not as it was written; where ``since`` is smaller, one of ``since`` to ``seq``."""

    seq: int
    why: str
    since: int


@dataclass(frozen=True, slots=True)
class Report:
    """The first ``verified`` entries are right, the first ``anchored`` of them by a published head as well."""

    verified: int
    anchored: int
    bad: Bad | None


def verify(entries: Iterable[Entry], head: Head | None, published: Sequence[AuditHead] = ()) -> Report:
    """Go through the entries in the order of their numbers until one is wrong.

    ``head`` is None where there is no head row, which is right for an empty log only.
    """
    walk = _Walk(published)
    for entry, after in _pairs(entries):
        follows = after.previous if after else head.hash if head else None
        if bad := walk.step(entry, follows):
            return Report(bad.since - 1, min(walk.anchored, bad.since - 1), bad)
    bad = walk.end(head)
    verified = bad.since - 1 if bad else walk.seq
    return Report(verified, min(walk.anchored, verified), bad)


class _Walk:
    """What is known after some entries: the number and hash of the last, and how far published heads agree."""

    def __init__(self, published: Sequence[AuditHead]) -> None:
        self._published: dict[int, set[str]] = {}
        for each in published:
            self._published.setdefault(each.seq, set()).add(each.hash)
        self.seq = 0
        self.anchored = 0
        self._hash = START

    def step(self, entry: Entry, follows: str | None) -> Bad | None:
        """Take one entry; ``follows`` is the hash that what comes after it was written behind."""
        expected = self.seq + 1
        if entry.seq != expected:
            return _at(expected, "is missing, or has another number")
        if not _is_whole(entry):
            if _is_whole(replace(entry, seq=expected - 1)):
                return _at(expected - 1, "was put in: the entry after it was written with its number")
            return _at(expected, "was changed: its hash is not that of its fields")
        if entry.previous != self._hash:
            if expected > 1 and follows == entry.hash:
                return _at(expected - 1, "was changed and given a new hash: the entry after it names another")
            return _at(expected, "was changed and given a new hash: it names another entry before it")
        if self._published.get(expected, {entry.hash}) != {entry.hash}:
            if follows != entry.hash:
                return _at(expected, "was changed and given a new hash: another was published")
            why = "does not have the hash that was published: the log was rebuilt"
            return Bad(expected, why, self.anchored + 1)
        self.seq, self._hash = expected, entry.hash
        if expected in self._published:
            self.anchored = expected
        return None

    def end(self, head: Head | None) -> Bad | None:
        """Whether the log ends where the head row and the published heads say."""
        if head is None:
            if self.seq or self._published:
                return _at(self.seq + 1, "cannot be told from one that was cut off: the head row is gone")
            return None
        if max([head.seq, *self._published]) > self.seq:
            return _at(self.seq + 1, "was cut off, with all after it")
        if head.seq < self.seq:
            return _at(head.seq + 1, "was put after the end of the log")
        if head.hash != self._hash:
            return _at(max(1, self.seq), "was changed and given a new hash: the head row names another")
        return None


def _at(seq: int, why: str) -> Bad:
    return Bad(seq, why, seq)


def _is_whole(entry: Entry) -> bool:
    try:
        return entry.hash == entry.hashed()
    except TypeError:  # SQLite keeps bytes where text belongs, if its owner puts them there
        return False


def _pairs(entries: Iterable[Entry]) -> Iterator[tuple[Entry, Entry | None]]:
    """Each entry with the one after it."""
    before: Entry | None = None
    for entry in entries:
        if before is not None:
            yield before, entry
        before = entry
    if before is not None:
        yield before, None
