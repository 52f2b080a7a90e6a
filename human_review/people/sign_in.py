"""Signing in with name and password."""

import logging

from sqlalchemy import Row, select, update

from human_review.audit.log import append
from human_review.database.tables import users
from human_review.errors import Invalid, NotSignedIn, TooMany
from human_review.people import passwords, rate, sessions
from human_review.people.accounts import folded
from human_review.people.users import USER_COLUMNS, actor_of
from human_review.service import Service
from stream_app.contracts.metrics import SIGN_INS
from stream_app.telemetry import facts

_ALL_ADDRESSES = 10
_log = logging.getLogger("human_review.people")


def sign_in(service: Service, *, name: str, password: str, address: str, old_session: str | None = None) -> str:
    """Start a session and return its token; ``old_session`` (a digest) ends.

    Raises NotSignedIn with the same words and after the same work whether the name, the password or the account is
    what is wrong, and TooMany when the account or the address has tried too often, known or not.
    """
    known_name = _folded(name)
    try:
        tries = _count(service, known_name, address)
    except TooMany:
        service.telemetry.count(SIGN_INS, "slowed")
        raise
    row = _find(service, known_name)
    if not passwords.matches(row.password_hash if row else None, password) or row is None:
        _log.warning("sign-in refused", extra=facts(account=row.user_id if row else "unknown"))
        service.telemetry.count(SIGN_INS, "refused")
        raise NotSignedIn("the name or the password is not right")
    rate.forgive(service, *tries)
    stronger = passwords.hashed(password) if passwords.is_outdated(row.password_hash) else None
    with service.database.write() as connection:
        if stronger:
            connection.execute(
                update(users)
                .where(users.c.user_id == row.user_id, users.c.password_hash == row.password_hash)
                .values(password_hash=stronger)
            )
        if old_session:
            sessions.end(connection, old_session)
        token = sessions.begin(connection, service, row.user_id)
        append(connection, actor_of(row), "signed-in", row.user_id, by="password")
    service.telemetry.count(SIGN_INS, "in")
    return token


def count_password_try(service: Service, user_id: str) -> int:
    """Count a try at the password of somebody who is signed in: a page left open is no way around the limit."""
    limits = service.config.sign_in
    return rate.attempt(service, f"own:{user_id}", limits.attempts, limits.per_minutes)


def _folded(name: str) -> str:
    try:
        return folded(name)
    except Invalid:
        return ""  # nobody has this name


def _count(service: Service, name: str, address: str) -> list[int]:
    """What was typed as a name may be a password: the database keeps a keyed digest of it.

    An account has a tight limit for each address and a wide one for all: who tries it elsewhere does not lock it.
    """
    limits = service.config.sign_in
    who, where = (service.keyed_digest("sign-in", each) for each in (name, address))
    buckets = (
        (f"address:{where}", limits.per_address),
        (f"account:{who}:{where}", limits.attempts),
        (f"account:{who}", _ALL_ADDRESSES * limits.attempts),
    )
    for bucket, most in buckets:
        rate.check(service, bucket, most, limits.per_minutes)
    counted: list[int] = []
    for bucket, most in buckets:
        try:
            counted.append(rate.attempt(service, bucket, most, limits.per_minutes))
        except TooMany:
            rate.forgive(service, *counted)
            raise
    return counted


def _find(service: Service, name: str) -> Row[*tuple[object, ...]] | None:
    with service.database.read() as connection:
        return connection.execute(
            select(*USER_COLUMNS, users.c.password_hash).where(
                users.c.name == name, users.c.active, users.c.password_hash.is_not(None), users.c.role != "service"
            )
        ).one_or_none()
