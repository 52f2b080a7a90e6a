"""How often something may be tried: counted in the database, so that it holds over restarts and processes."""

from sqlalchemy import Connection, delete, func, insert, select

from human_review.database.engine import now_ms
from human_review.database.tables import attempts
from human_review.errors import TooMany
from human_review.service import Service

_KEEP_MS = 24 * 3600 * 1000  # longer than any limit looks back


def attempt(service: Service, bucket: str, most: int, per_minutes: float) -> int:
    """Count one try and return its number, for :func:`forgive`. Raises TooMany beyond ``most`` in the last minutes.

    Beyond the limit nothing is written: who hammers at the door costs one read. Below it the try is written first
    and counted in a second transaction, so that of many at once none slips through. One that is refused is not kept.
    """
    check(service, bucket, most, per_minutes)
    with service.database.write() as connection:
        now = now_ms(connection)
        since = now - int(per_minutes * 60_000)
        connection.execute(delete(attempts).where(attempts.c.bucket == bucket, attempts.c.at_ms <= since))
        connection.execute(delete(attempts).where(attempts.c.at_ms < now - _KEEP_MS))
        [number] = connection.execute(insert(attempts).values(bucket=bucket, at_ms=now)).inserted_primary_key or (0,)
    with service.database.read() as connection:
        tries = _tries(connection, bucket, since)
    try:
        _must_be_within(*tries, since, most)
    except TooMany:
        forgive(service, int(number))
        raise
    return int(number)


def check(service: Service, bucket: str, most: int, per_minutes: float) -> None:
    """Raise TooMany where one more try would be too many; nothing is written."""
    with service.database.read() as connection:
        since = now_ms(connection) - int(per_minutes * 60_000)
        _must_be_within(*_tries(connection, bucket, since), since, most - 1)


def forgive(service: Service, *numbers: int) -> None:
    """Take tries back, which succeeded or were refused."""
    with service.database.write() as connection:
        connection.execute(delete(attempts).where(attempts.c.number.in_(numbers)))


def forgive_latest(service: Service, bucket: str) -> None:
    """Take the latest try of a bucket back, where its number is not at hand any more."""
    latest = select(func.max(attempts.c.number)).where(attempts.c.bucket == bucket).scalar_subquery()
    with service.database.write() as connection:
        connection.execute(delete(attempts).where(attempts.c.number == latest))


def _tries(connection: Connection, bucket: str, since: int) -> tuple[int, int]:
    """How many there were since then, and when the first of them was."""
    count, first = connection.execute(
        select(func.count(), func.min(attempts.c.at_ms)).where(attempts.c.bucket == bucket, attempts.c.at_ms > since)
    ).one()
    return int(count), int(first or 0)


def _must_be_within(count: int, first: int, since: int, most: int) -> None:
    if count > most:
        seconds = max(1, -(-(first - since) // 1000))
        raise TooMany(f"too many attempts; try again in {-(-seconds // 60)} min", seconds)
