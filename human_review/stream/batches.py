"""The outbox as its publisher sees it: what is due, what goes out together, what was sent.

A batch gets its number in a transaction of its own before anything of it is sent. From then on nothing in it can be
undone, and the number is all that has to be asked for to know whether it went out.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Row, delete, func, select, update

from human_review.database.alone import Work, alone
from human_review.database.engine import now_ms
from human_review.database.tables import outbox
from human_review.errors import NotFound
from human_review.sealing import Sealer

MOST_MESSAGES = 500
MOST_BYTES = 16 * 2**20
DAY_MS = 86_400_000
KEPT_DAYS = 7

_WAITING = (outbox.c.sent_ms.is_(None), outbox.c.batch.is_(None))
_FIXED = (outbox.c.sent_ms.is_(None), outbox.c.batch.is_not(None))


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to send. ``value`` is unsealed; None where the item was erased before it was sent."""

    seq: int
    message_id: str
    topic: str
    key: str
    schema: str
    value: bytes | None


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is due and not sent; ``age_ms`` is how long the oldest of it has been due."""

    messages: int
    age_ms: int


def backlog(connection: Connection) -> Backlog:
    """Count what is due and not sent."""
    now = now_ms(connection)
    count, oldest = connection.execute(
        select(func.count(), func.min(outbox.c.not_before_ms)).where(
            outbox.c.sent_ms.is_(None), outbox.c.not_before_ms <= now
        )
    ).one()
    return Backlog(count, max(0, now - oldest) if oldest is not None else 0)


def is_due(connection: Connection) -> bool:
    """Whether anything is due and not sent."""
    due = (outbox.c.sent_ms.is_(None), outbox.c.not_before_ms <= now_ms(connection))
    return connection.execute(select(outbox.c.seq).where(*due).limit(1)).first() is not None


def unsent(connection: Connection) -> int:
    """How many messages are not sent, those included that are not due yet."""
    return int(connection.execute(select(func.count()).where(outbox.c.sent_ms.is_(None))).scalar_one())


def fix(connection: Connection, committed: int) -> int | None:
    """The number of the batch to send next: the lowest that is unfinished, or a new one of what is due.

    None where nothing is due. ``committed`` is the last number that Kafka knows: a new one is above it and above
    every number in the table, so that none is used twice even where one of the two has forgotten.
    """
    alone(connection, Work.BATCHES)
    unfinished: int | None = connection.execute(select(func.min(outbox.c.batch)).where(*_FIXED)).scalar_one()
    if unfinished is not None:
        return unfinished
    chosen = _due(connection)
    if not chosen:
        return None
    highest = connection.execute(select(func.max(outbox.c.batch))).scalar_one() or 0
    number: int = max(highest, committed) + 1
    connection.execute(update(outbox).where(outbox.c.seq.in_(chosen)).values(batch=number))
    return number


def load(connection: Connection, sealer: Sealer, number: int) -> list[Outgoing]:
    """What a batch holds, in the order in which it was written."""
    rows = connection.execute(
        select(outbox).where(outbox.c.batch == number, outbox.c.sent_ms.is_(None)).order_by(outbox.c.seq)
    ).all()
    return [
        Outgoing(row.seq, row.message_id, row.topic, row.key, row.schema,
                 _value(connection, sealer, row.item_id, row.value))
        for row in rows
    ]  # fmt: skip


def mark_sent(connection: Connection, sent: list[Outgoing]) -> None:
    """Note that messages went out, or need not go out any more; their values are not kept."""
    numbers = [each.seq for each in sent]
    connection.execute(update(outbox).where(outbox.c.seq.in_(numbers)).values(sent_ms=now_ms(connection), value=None))


def defer(connection: Connection, refused: list[Outgoing], milliseconds: int) -> None:
    """Take messages out of their batch, which is known not to have gone out, for a later one."""
    numbers = [each.seq for each in refused]
    later = now_ms(connection) + milliseconds
    connection.execute(
        update(outbox).where(outbox.c.seq.in_(numbers), *_FIXED).values(batch=None, not_before_ms=later)
    )


def forget_old(connection: Connection) -> None:
    """Delete what was sent more than ``KEPT_DAYS`` ago."""
    connection.execute(delete(outbox).where(outbox.c.sent_ms < now_ms(connection) - KEPT_DAYS * DAY_MS))


def _due(connection: Connection) -> list[int]:
    """What fits into one batch. What is being undone at this moment is left alone."""
    rows = connection.execute(
        select(outbox.c.seq, func.coalesce(func.length(outbox.c.value), 0), outbox.c.topic, outbox.c.key)
        .where(*_WAITING, outbox.c.not_before_ms <= now_ms(connection))
        .order_by(outbox.c.seq)
        .limit(MOST_MESSAGES)
        .with_for_update(skip_locked=True)
    ).all()
    chosen: list[int] = []
    size = 0
    for seq, length in _in_order(connection, rows):
        size += length
        if chosen and size > MOST_BYTES:
            break
        chosen.append(seq)
    return chosen


def _in_order(connection: Connection, rows: Sequence[Row[int, int, str, str]]) -> Iterator[tuple[int, int]]:
    """Sequence and length of those that have no earlier message of their key still waiting.

    A message that Kafka refused waits longer than the ones after it, and what replaces or withdraws it must not come
    first. What has no value any more is not sent at all and holds nothing up.
    """
    due = {row.seq for row in rows}
    waiting = connection.execute(
        select(outbox.c.seq, outbox.c.topic, outbox.c.key)
        .where(*_WAITING, outbox.c.key.in_({row.key for row in rows}), outbox.c.value.is_not(None))
        .order_by(outbox.c.seq.desc())
    )
    first = {(topic, key): seq for seq, topic, key in waiting if seq not in due}
    return ((seq, size) for seq, size, topic, key in rows if seq < first.get((topic, key), math.inf))


def _value(connection: Connection, sealer: Sealer, item_id: str | None, stored: bytes | None) -> bytes | None:
    if stored is None or item_id is None:
        return stored
    try:
        return sealer.open(connection, item_id, bytes(stored))
    except NotFound:
        return None
