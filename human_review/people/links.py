"""Links that sign one person in once: for the first sign-in, for a lost password, for the demonstration.

The secret stands behind the ``#`` of the address, which browsers keep to themselves, so no log on the way holds it.
"""

from sqlalchemy import insert, select, update

from human_review.audit.log import append
from human_review.database.engine import now_ms
from human_review.database.tables import sign_in_links, users
from human_review.errors import NotFound, NotSignedIn
from human_review.people import sessions
from human_review.people.secrets import new_secret, stored
from human_review.people.users import USER_COLUMNS, actor_of
from human_review.service import Service

PATH = "/sign-in/link"


def make(service: Service, name: str, *, minutes: float) -> str:
    """The path of a link for the person of that name. Raises NotFound where there is none."""
    secret = new_secret()
    with service.database.write() as connection:
        user_id = connection.execute(
            select(users.c.user_id).where(users.c.name == name.casefold(), users.c.active, users.c.role != "service")
        ).scalar_one_or_none()
        if user_id is None:
            raise NotFound(f"there is no person called {name!r} who may sign in; `weir review add-user` adds one")
        expires = now_ms(connection) + int(minutes * 60_000)
        connection.execute(
            insert(sign_in_links).values(token_digest=stored(secret), user_id=user_id, expires_ms=expires)
        )
        append(connection, None, "sign-in-link-made", user_id)
    return f"{PATH}#{secret}"


def use(service: Service, secret: str, old_session: str | None = None) -> str:
    """Start a session and return its token; the link is used up. Raises NotSignedIn."""
    with service.database.write() as connection:
        now = now_ms(connection)
        taken = connection.execute(
            update(sign_in_links)
            .where(
                sign_in_links.c.token_digest == stored(secret),
                sign_in_links.c.used_ms.is_(None),
                sign_in_links.c.expires_ms > now,
            )
            .values(used_ms=now)
            .returning(sign_in_links.c.user_id)
        ).scalar_one_or_none()
        row = connection.execute(select(*USER_COLUMNS).where(users.c.user_id == taken, users.c.active)).one_or_none()
        if row is None:
            raise NotSignedIn("this link was used before, or its time is over; ask for another one")
        if old_session:
            sessions.end(connection, old_session)
        token = sessions.begin(connection, service, row.user_id)
        append(connection, actor_of(row), "signed-in", row.user_id, by="link")
    return token
