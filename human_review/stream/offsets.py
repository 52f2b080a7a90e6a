"""How far topics were read, kept in the database with what their messages caused."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, delete, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from human_review.database.tables import offsets

Place = tuple[str, int]
"""A topic without its prefix, and a partition."""


def stored(connection: Connection, places: Iterable[Place]) -> dict[Place, int]:
    """The offset to read next, for each place that was ever read."""
    return _stored(connection, places, lock=False)


def locked(connection: Connection, places: Iterable[Place]) -> dict[Place, int]:
    """The same for all the places, 0 where nothing was read; nobody else can take them in until the end."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    ordered = sorted(places)
    rows = [{"topic": topic, "partition": partition, "next_offset": 0} for topic, partition in ordered]
    connection.execute(insert(offsets).on_conflict_do_nothing(), rows)
    return _stored(connection, ordered, lock=True)


def store(connection: Connection, following: Mapping[Place, int]) -> None:
    """Set what is to be read next."""
    for (topic, partition), offset in following.items():
        connection.execute(
            update(offsets)
            .where(offsets.c.topic == topic, offsets.c.partition == partition)
            .values(next_offset=offset)
        )


def forget(connection: Connection, place: Place) -> None:
    """Read a place from its start again, because its topic is a new one."""
    connection.execute(delete(offsets).where(offsets.c.topic == place[0], offsets.c.partition == place[1]))


def _stored(connection: Connection, places: Iterable[Place], *, lock: bool) -> dict[Place, int]:
    query = (
        select(offsets)
        .where(tuple_(offsets.c.topic, offsets.c.partition).in_(list(places)))
        .order_by(offsets.c.topic, offsets.c.partition)
    )
    rows = connection.execute(query.with_for_update() if lock else query).all()
    return {(row.topic, row.partition): row.next_offset for row in rows}
