"""One more entry in the audit log.

Each entry holds the hash of the one before it (SHA-256 over its own fields and that hash), so that no entry can be
changed, removed, moved or put in between without breaking every later one. The head row is locked while an entry is
appended: the log has one order, and no number is left out.
"""

import json
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import Connection, RowMapping, select, update
from sqlalchemy.dialects import postgresql, sqlite

from human_review.database.engine import now_ms
from human_review.database.tables import audit, audit_head
from human_review.permissions import Actor

CHAIN = "review"
START = "0" * 64  # what the first entry has before it
SYSTEM = "system"

Fact = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the log. ``facts`` is canonical JSON: ids and outcomes, no content, no names of people."""

    seq: int
    at_ms: int
    actor: str
    act: str
    subject: str
    facts: str
    previous: str
    hash: str = ""

    def hashed(self) -> str:
        """What the entry's hash must be: SHA-256, in hex, over the JSON list of all its other fields."""
        fields = (self.seq, self.at_ms, self.actor, self.act, self.subject, self.facts, self.previous)
        return sha256(json.dumps(fields, separators=(",", ":")).encode()).hexdigest()


def append(connection: Connection, actor: Actor | None, act: str, subject: str, **facts: Fact) -> int:
    """Write an entry in the caller's transaction and return its number, from 1 without gaps.

    ``actor`` is None for what the service does by itself. ``subject`` is the id of what was acted on. Facts hold ids
    and outcomes, never content of users or names of people. Others who append wait until the transaction ends:
    append as its last step. Raises ValueError for a fact that is not a finite number.
    """
    head = _locked_head(connection)
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"), allow_nan=False)
    entry = Entry(
        seq=head["seq"] + 1, at_ms=now_ms(connection), actor=actor.pseudonym if actor else SYSTEM, act=act,
        subject=subject, facts=text, previous=head["hash"],
    )  # fmt: skip
    own = entry.hashed()
    connection.execute(audit.insert().values(
        seq=entry.seq, at_ms=entry.at_ms, actor=entry.actor, act=act, subject=subject, facts=text,
        previous=entry.previous, hash=own,
    ))  # fmt: skip
    connection.execute(update(audit_head).where(audit_head.c.chain == CHAIN).values(seq=entry.seq, hash=own))
    return entry.seq


def _locked_head(connection: Connection) -> RowMapping:
    query = select(audit_head.c.seq, audit_head.c.hash).where(audit_head.c.chain == CHAIN).with_for_update()
    found = connection.execute(query).mappings().one_or_none()
    if found is not None:
        return found
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    first = insert(audit_head).values(chain=CHAIN, seq=0, hash=START, announced_seq=0, announced_ms=0)
    connection.execute(first.on_conflict_do_nothing())  # whoever waits here finds the row of whoever was first
    return connection.execute(query).mappings().one()
