"""Tokens of service accounts: ``Authorization: Bearer weir_…``. Shown once; the database holds a hash alone."""

from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from human_review.audit.log import append
from human_review.database.engine import now_ms
from human_review.database.tables import api_tokens, users
from human_review.errors import Invalid, NotFound
from human_review.people.secrets import new_secret, stored
from human_review.people.sessions import Session
from human_review.people.users import USER_COLUMNS, actor_of
from human_review.permissions import Actor
from human_review.service import Service

PREFIX = "weir_"  # so that scanners for leaked secrets can find them
_MOST_NAME = 200
_ID_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Token:
    """A token as an admin sees it; ``token_id`` cannot be used to sign in."""

    token_id: str
    name: str
    created_ms: int
    revoked_ms: int | None


def make(service: Service, actor: Actor | None, user_id: str, name: str) -> str:
    """Make a token for a service account; returns it, for the only time. ``actor`` None is the command line.

    Raises NotFound for an unknown account, Invalid for one that is not a service account.
    """
    if actor is not None:
        actor.must("manage-people")
    if not name.isprintable() or not 0 < len(name) <= _MOST_NAME:
        raise Invalid(f"the name of a token must have 1 to {_MOST_NAME} printable characters")
    token = PREFIX + new_secret()
    with service.database.write() as connection:
        _must_be_service(connection, user_id)
        connection.execute(
            insert(api_tokens).values(
                token_digest=stored(token), user_id=user_id, name=name, created_ms=now_ms(connection)
            )
        )
        append(connection, actor, "token-made", user_id, token=stored(token)[:_ID_DIGITS])
    return token


def find(service: Service, token: str) -> Session | None:
    """Who a token stands for; None for one that is unknown or revoked, or whose account is closed."""
    digest = stored(token)
    with service.database.read() as connection:
        row = connection.execute(
            select(*USER_COLUMNS).join(api_tokens).where(
                api_tokens.c.token_digest == digest, api_tokens.c.revoked_ms.is_(None), users.c.active,
                users.c.role == "service",
            )
        ).one_or_none()  # fmt: skip
    return None if row is None else Session(actor_of(row), digest, None)


def listing(service: Service, actor: Actor, user_id: str) -> list[Token]:
    """The tokens of an account, newest first."""
    actor.must("manage-people")
    query = select(api_tokens).where(api_tokens.c.user_id == user_id).order_by(api_tokens.c.created_ms.desc())
    with service.database.read() as connection:
        rows = connection.execute(query).all()
    return [Token(row.token_digest[:_ID_DIGITS], row.name, row.created_ms, row.revoked_ms) for row in rows]


def revoke(service: Service, actor: Actor, user_id: str, token_id: str) -> None:
    """End a token at once. Raises NotFound where the account has none of that id."""
    actor.must("manage-people")
    with service.database.write() as connection:
        done = connection.execute(
            update(api_tokens)
            .where(
                api_tokens.c.user_id == user_id,
                api_tokens.c.token_digest.startswith(token_id, autoescape=True),
                api_tokens.c.revoked_ms.is_(None),
            )
            .values(revoked_ms=now_ms(connection))
        )
        if len(token_id) != _ID_DIGITS or done.rowcount != 1:
            raise NotFound("there is no token of that id that still works")
        append(connection, actor, "token-revoked", user_id, token=token_id)


def _must_be_service(connection: Connection, user_id: str) -> None:
    role = connection.execute(select(users.c.role).where(users.c.user_id == user_id)).scalar_one_or_none()
    if role is None:
        raise NotFound("there is no account of that id")
    if role != "service":
        raise Invalid("only service accounts have tokens; people sign in")
