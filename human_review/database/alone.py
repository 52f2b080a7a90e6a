"""Work that one transaction at a time does, of whichever process."""

from enum import IntEnum

from sqlalchemy import Connection, func, select


class Work(IntEnum):
    """What nobody does beside another; on PostgreSQL any numbers that nobody else takes."""

    BATCHES = 7_236_001
    QUALITY = 7_236_002
    GOLDEN = 7_236_003


def alone(connection: Connection, work: Work) -> None:
    """Wait until nobody else is at it; whoever comes later waits until this transaction ends.

    What is read from here on holds what those before have written. On SQLite whoever writes is alone anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(int(work))))
