"""Sessions: 256 random bits in a cookie, of which the database holds a hash alone; each request asks the database.

So whatever ends a session (sign-out, an admin, a new password, an account that is closed) ends it with the next
request. Times are those of the database's clock.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from human_review.database.engine import now_ms
from human_review.database.tables import sessions, users
from human_review.people.secrets import new_secret, stored
from human_review.people.users import USER_COLUMNS, acting
from human_review.permissions import Actor
from human_review.service import Service

_TOUCH_MS = 60_000  # how exact "last seen" is: writing it with each request would be one write a request
_TOUCHES_PER_IDLE = 10


@dataclass(frozen=True, slots=True)
class Session:
    """Whose request it is. ``csrf`` is None for bearer tokens, which no browser sends by itself.

    ``must_change_password``: the password was given by somebody else, so that nothing but changing it is allowed.
    """

    actor: Actor
    digest: str
    csrf: str | None
    must_change_password: bool = False


def begin(connection: Connection, service: Service, user_id: str) -> str:
    """Start a session; returns what goes into the cookie and is stored nowhere. Forgets long-gone ones."""
    token, now = new_secret(), now_ms(connection)
    connection.execute(delete(sessions).where(sessions.c.created_ms < now - 2 * _absolute_ms(service)))
    connection.execute(
        insert(sessions).values(
            token_digest=stored(token), user_id=user_id, csrf=new_secret(), created_ms=now, seen_ms=now
        )
    )
    return token


def find(service: Service, token: str, *, seen: bool = True) -> Session | None:
    """The session of a cookie; None where it never was, has ended, or its person may no longer sign in.

    ``seen`` is false for what a page sends by itself: that is no sign of its person, and keeps no session alive.
    """
    digest = stored(token)
    with service.database.read() as connection:
        now = now_ms(connection)
        row = connection.execute(
            select(sessions, *USER_COLUMNS).join(users).where(sessions.c.token_digest == digest)
        ).one_or_none()  # fmt: skip
    if row is None or not _holds(service, row, now):
        return None
    if seen and now - row.seen_ms > min(_TOUCH_MS, _idle_ms(service) / _TOUCHES_PER_IDLE):
        _touch(service, digest, now)
    return Session(acting(row, service.config), digest, row.csrf, row.must_change_password)


def end(connection: Connection, digest: str) -> None:
    """End one session."""
    connection.execute(
        update(sessions).where(sessions.c.token_digest == digest, sessions.c.ended_ms.is_(None))
        .values(ended_ms=now_ms(connection))
    )  # fmt: skip


def end_all(connection: Connection, user_id: str, *, but: str = "") -> int:
    """End every session of a person, except the one of the digest ``but``; returns how many there were."""
    done = connection.execute(
        update(sessions)
        .where(sessions.c.user_id == user_id, sessions.c.token_digest != but, sessions.c.ended_ms.is_(None))
        .values(ended_ms=now_ms(connection))
    )
    return int(done.rowcount)


def _holds(service: Service, row: Any, now: int) -> bool:
    return (
        row.ended_ms is None
        and bool(row.active)
        and now - row.seen_ms < _idle_ms(service)
        and now - row.created_ms < _absolute_ms(service)
    )


def _absolute_ms(service: Service) -> int:
    return int(service.config.sessions.absolute_hours * 3_600_000)


def _idle_ms(service: Service) -> float:
    return service.config.sessions.idle_minutes * 60_000


def _touch(service: Service, digest: str, now: int) -> None:
    with service.database.write() as connection:
        connection.execute(
            update(sessions).where(sessions.c.token_digest == digest, sessions.c.seen_ms < now).values(seen_ms=now)
        )
