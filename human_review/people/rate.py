"""How often something may be tried: counted in the database, so that it holds over restarts and processes."""

from sqlalchemy import delete, func, insert, select

from human_review.database.engine import now_ms
from human_review.database.tables import attempts
from human_review.errors import TooMany
from human_review.service import Service

_KEEP_MS = 24 * 3600 * 1000  # longer than any limit looks back


def attempt(service: Service, bucket: str, most: int, per_minutes: float) -> int:
    """Count one try and return its number, for :func:`forgive`. Raises TooMany beyond ``most`` in the last minutes.

    The try is written first and counted in a second transaction, so that of many at once none slips through. One
    that is refused is not kept: who hammers at the door does not keep it shut for the person who lives there.
    """
    with service.database.write() as connection:
        now = now_ms(connection)
        since = now - int(per_minutes * 60_000)
        connection.execute(delete(attempts).where(attempts.c.bucket == bucket, attempts.c.at_ms <= since))
        connection.execute(delete(attempts).where(attempts.c.at_ms < now - _KEEP_MS))
        [number] = connection.execute(insert(attempts).values(bucket=bucket, at_ms=now)).inserted_primary_key or (0,)
    with service.database.read() as connection:
        count, first = connection.execute(
            select(func.count(), func.min(attempts.c.at_ms)).where(attempts.c.bucket == bucket)
        ).one()
    if count > most:
        forgive(service, int(number))
        seconds = max(1, -(-(int(first) - since) // 1000))
        raise TooMany(f"too many attempts; try again in {-(-seconds // 60)} min", seconds)
    return int(number)


def forgive(service: Service, *numbers: int) -> None:
    """Take tries back, which succeeded or were refused."""
    with service.database.write() as connection:
        connection.execute(delete(attempts).where(attempts.c.number.in_(numbers)))
