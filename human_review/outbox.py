"""Messages that wait for Kafka, written in one transaction with what they tell about."""

from typing import NotRequired, TypedDict, Unpack

import msgspec
from sqlalchemy import Connection, delete, select

from human_review.database.rows import insert_new
from human_review.database.tables import outbox
from human_review.service import Service
from stream_app.contracts.codec import encode, schema_of
from stream_app.contracts.topics import Topic


class _Message(TypedDict):
    topic: Topic
    key: str
    message: msgspec.Struct
    item_id: str | None
    not_before_ms: NotRequired[int]


def put(
    connection: Connection,
    service: Service,
    *,
    message_id: str,
    topic: Topic,
    key: str,
    message: msgspec.Struct,
    item_id: str | None,
    not_before_ms: int = 0,
) -> bool:
    """Put a message into the outbox; false where one with its id is or was there.

    The value is sealed under the item's key; ``item_id`` is None for messages that hold no content. Nothing leaves
    before ``not_before_ms`` by the database's clock.
    """
    value = encode(message)
    return insert_new(
        connection,
        outbox,
        message_id=message_id,
        topic=topic.name,
        key=key,
        schema=schema_of(type(message)),
        item_id=item_id,
        value=value if item_id is None else service.sealer.seal(connection, item_id, value),
        not_before_ms=not_before_ms,
    )


def put_new(connection: Connection, service: Service, *, message_id: str, **message: Unpack[_Message]) -> None:
    """Put a message that nothing may be in the way of. Raises RuntimeError where one with its id is or was there."""
    if not put(connection, service, message_id=message_id, **message):
        raise RuntimeError(f"the outbox has had another message {message_id}; this one would be lost")


def take_back(connection: Connection, message_ids: list[str]) -> bool:
    """Delete messages that nobody has picked up yet: all of them, or none where one of them is on its way."""
    waiting = outbox.c.message_id.in_(message_ids) & outbox.c.batch.is_(None) & outbox.c.sent_ms.is_(None)
    found = connection.execute(select(outbox.c.seq).where(waiting).order_by(outbox.c.seq).with_for_update()).all()
    if len(found) != len(message_ids):
        return False
    connection.execute(delete(outbox).where(outbox.c.seq.in_([row.seq for row in found])))
    return True
