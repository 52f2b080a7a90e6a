"""Publishes how far the log goes, so that a log that was cut or rebuilt is found out."""

from sqlalchemy import Connection, select, update

from human_review.audit.log import CHAIN
from human_review.database.engine import now_ms
from human_review.database.tables import audit_head
from human_review.outbox import put
from human_review.service import Service
from human_review.times import at
from stream_app.contracts.ids import digest
from stream_app.contracts.review import AuditHead
from stream_app.contracts.topics import AUDIT_HEADS

EVERY_ENTRIES = 1000
EVERY_MS = 60_000


def announce(service: Service) -> bool:
    """Put the head into the outbox where it is due; whether it was. Meant to be called every few seconds.

    Due after 1,000 entries, or 60 s after the head before if there is any new entry: what may be lost unnoticed is
    never more than that.
    """
    with service.database.write() as connection:
        row = connection.execute(
            select(audit_head).where(audit_head.c.chain == CHAIN).with_for_update()
        ).one_or_none()
        now = now_ms(connection)
        if row is None or not _is_due(row.seq - row.announced_seq, now - row.announced_ms):
            return False
        head = AuditHead(
            chain=CHAIN, seq=row.seq, hash=row.hash, entries=row.seq - row.announced_seq, published_at=at(now)
        )
        _put(connection, service, head)
        values = {"announced_seq": row.seq, "announced_ms": now}
        connection.execute(update(audit_head).where(audit_head.c.chain == CHAIN).values(values))
        return True


def _put(connection: Connection, service: Service, head: AuditHead) -> None:
    """Twice: under the chain's name is the latest head, under a key of its own each of them stays.

    The topic is compacted: were only the last one kept, no trace would be left of a log before it was rebuilt.
    """
    for key in (head.chain, f"{head.chain}:{head.seq}"):
        put(
            connection, service, message_id=digest("audit head", key, head.seq), topic=AUDIT_HEADS, key=key,
            message=head, item_id=None,
        )  # fmt: skip


def _is_due(entries: int, ms: int) -> bool:
    return entries >= EVERY_ENTRIES or (entries > 0 and ms >= EVERY_MS)
