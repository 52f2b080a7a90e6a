"""The messages that could not be read: where they are, and why."""

from collections.abc import Iterator
from datetime import datetime

import msgspec
from sqlalchemy import select

from human_review.database.tables import unread
from human_review.service import Service
from human_review.times import at


class Unread(msgspec.Struct, frozen=True, kw_only=True):
    """One message; ``topic`` is its name without the prefix. ``problem`` quotes nothing of it."""

    topic: str
    partition: int
    offset: int
    problem: str
    at: datetime


def unread_messages(service: Service) -> Iterator[Unread]:
    """All of them, the oldest first."""
    query = select(unread).order_by(unread.c.at_ms, unread.c.topic, unread.c.partition, unread.c.position)
    with service.database.read() as connection:
        for row in connection.execute(query):
            yield Unread(
                topic=row.topic, partition=row.partition, offset=row.position, problem=row.problem, at=at(row.at_ms)
            )
