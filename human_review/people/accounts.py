"""Accounts: who there is and what they may do. Every change is in the audit log."""

import json
import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from human_review.audit.log import append
from human_review.database.engine import now_ms
from human_review.database.tables import api_tokens, sign_in_links, users
from human_review.errors import Conflict, Invalid, NotFound
from human_review.people import passwords, sessions
from human_review.people.exposure import Own
from human_review.people.users import USER_COLUMNS, actor_of
from human_review.permissions import ANY, ROLES, Actor, Role, spelled
from human_review.service import Service

_COLUMNS = (
    *USER_COLUMNS, users.c.created_ms, users.c.oidc_issuer, users.c.exposure_items, users.c.exposure_minutes,
)  # fmt: skip
_MOST_NAME = 200
_MOST_RIGHTS = 200
_QUEUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}")  # BCP 47, without its rarer forms


@dataclass(frozen=True, slots=True)
class Account:
    """A person or a service as an admin sees it."""

    actor: Actor
    name: str
    active: bool
    created_ms: int
    is_oidc: bool
    exposure: Own


@dataclass(frozen=True, slots=True)
class Created:
    """A new account. ``one_time_password`` is shown once; None where a password was given or none is used."""

    actor: Actor
    one_time_password: str | None


@dataclass(frozen=True, slots=True)
class Issued:
    """Who an OpenID issuer says somebody is."""

    issuer: str
    subject: str


def create(
    service: Service, by: Actor | None, *, name: str, role: Role, password: str | None = None,
    queues: Collection[str] = (ANY,), languages: Collection[str] = (ANY,), oidc: Issued | None = None,
) -> Created:  # fmt: skip
    """Make an account; ``by`` None is the command line or the issuer.

    Without a password a person gets one for one use. Raises Invalid for a name, role, right or password that cannot
    be, Conflict for a name that is taken.
    """
    if by is not None:
        by.must("manage-people")
    name = folded(name)
    if role not in ROLES:
        raise Invalid(f"a role must be one of {', '.join(ROLES)}")
    if password is not None:
        passwords.check_choice(password, name)
    given = passwords.generated() if password is None and oidc is None and role != "service" else None
    secret = None if role == "service" else password or given
    values = {
        "user_id": uuid4().hex, "name": name, "role": role, "pseudonym": f"r-{uuid4().hex[:12]}",
        "queues": _queues(queues), "languages": _languages(languages), "must_change_password": given is not None,
        "password_hash": passwords.hashed(secret) if secret else None,
        "oidc_issuer": oidc.issuer if oidc else None, "oidc_subject": oidc.subject if oidc else None,
    }  # fmt: skip
    try:
        with service.database.write() as connection:
            connection.execute(insert(users).values(created_ms=now_ms(connection), **values))
            actor = actor_of(_row(connection, str(values["user_id"])))
            append(connection, by, "account-made", actor.user_id, role=role)
    except IntegrityError:
        raise Conflict("this name is taken; choose another") from None
    return Created(actor, given)


def listing(service: Service, by: Actor, *, search: str = "", limit: int = 200, skip: int = 0) -> list[Account]:
    """Accounts by name; ``search`` is plain text that the name must hold."""
    by.must("manage-people")
    if not search.isprintable():
        return []  # no name holds such characters, and databases differ over a zero byte
    query = select(*_COLUMNS).order_by(users.c.name)
    if search:
        query = query.where(users.c.name.contains(unicodedata.normalize("NFKC", search).casefold(), autoescape=True))
    with service.database.read() as connection:
        return [_account(row) for row in connection.execute(query.limit(limit).offset(skip)).all()]


def get(service: Service, by: Actor, user_id: str) -> Account:
    """One account. Raises NotFound."""
    by.must("manage-people")
    with service.database.read() as connection:
        return _account(_row(connection, user_id))


def change(
    service: Service, by: Actor, user_id: str, *, role: Role | None = None, queues: Collection[str] | None = None,
    languages: Collection[str] | None = None, active: bool | None = None, exposure: Own | None = None,
) -> Account:  # fmt: skip
    """Change what is given; of ``exposure`` both limits, which the audit log does not tell: they are private.

    It holds from the next request on; a closed account loses its sessions and tokens.

    Raises NotFound, Invalid, and Conflict where no active admin would be left.
    """
    by.must("manage-people")
    values: dict[str, Any] = {"role": role, "active": active}
    values["queues"] = None if queues is None else _queues(queues)
    values["languages"] = None if languages is None else _languages(languages)
    values = {name: value for name, value in values.items() if value is not None}
    with service.database.write() as connection:
        _admins(connection)  # locked before the account: two who close each other wait instead of deadlocking
        before = _row(connection, user_id, lock=True)
        _check_role(before, role)
        if values:
            connection.execute(update(users).where(users.c.user_id == user_id).values(**values))
        _check_admin_left(connection)
        if active is False:
            _end_everything(connection, user_id)
        elif role not in (None, before.role):
            sessions.end_all(connection, user_id)  # new rights begin with a new session
        if exposure is not None:
            _store_limits(connection, user_id, exposure)
            values["exposure"] = "set"
        append(connection, by, "account-changed", user_id, **values)
        return _account(_row(connection, user_id))


def reset_password(service: Service, by: Actor | None, user_id: str) -> str:
    """Give a person a new password for one use, which is returned; ends their sessions and open sign-in links.

    ``by`` as in create.
    """
    if by is not None:
        by.must("manage-people")
    secret = passwords.generated()
    with service.database.write() as connection:
        row = _row(connection, user_id)
        if row.role == "service" or row.oidc_issuer is not None:
            raise Invalid("this account signs in without a password")
        _store_password(connection, user_id, passwords.hashed(secret), must_change=True)
        _end_sessions(connection, user_id)
        append(connection, by, "password-reset", user_id)
    return secret


def revoke_sessions(service: Service, by: Actor, user_id: str) -> int:
    """End every session and open sign-in link of a person; returns how many sessions there were."""
    by.must("manage-people")
    with service.database.write() as connection:
        _row(connection, user_id)
        ended = _end_sessions(connection, user_id)
        append(connection, by, "sessions-revoked", user_id, sessions=ended)
    return ended


def set_own_password(service: Service, actor: Actor, session_digest: str, old: str, new: str) -> None:
    """Change one's own password; every other session of the person ends.

    Raises Invalid where the old one is not right or the new one would be guessed.
    """
    with service.database.read() as connection:
        row = connection.execute(
            select(users.c.password_hash, users.c.name).where(users.c.user_id == actor.user_id)
        ).one()  # fmt: skip
    if not passwords.matches(row.password_hash, old):
        raise Invalid("the present password is not right")
    if old == new:
        raise Invalid("the new password must be another one")
    passwords.check_choice(new, row.name)
    secret = passwords.hashed(new)
    with service.database.write() as connection:
        _store_password(connection, actor.user_id, secret, must_change=False)
        sessions.end_all(connection, actor.user_id, but=session_digest)
        append(connection, actor, "password-changed", actor.user_id)


def first_admin(service: Service) -> str | None:
    """Make the account ``admin`` where there is no account at all; returns its password for one use, else None."""
    if not is_empty(service):
        return None
    try:
        return create(service, None, name="admin", role="admin").one_time_password
    except Conflict:
        return None  # another process was first, and says so


def find_by_name(service: Service, name: str) -> str:
    """The id of an account. Raises NotFound."""
    with service.database.read() as connection:
        found = connection.execute(select(users.c.user_id).where(users.c.name == folded(name))).scalar_one_or_none()
    if found is None:
        raise NotFound("there is no account of that name")
    return str(found)


def is_empty(service: Service) -> bool:
    """Whether there is no account at all: the first start."""
    with service.database.read() as connection:
        return connection.execute(select(func.count()).select_from(users)).scalar_one() == 0


def folded(name: str) -> str:
    """A name as it is stored and compared: case and look-alike forms of the same character make no difference.

    Raises Invalid for what cannot be a name; control and bidi characters would forge lists and logs.
    """
    name = unicodedata.normalize("NFKC", name).casefold().strip()
    if not name.isprintable() or not 0 < len(name) <= _MOST_NAME:
        raise Invalid(f"a name must have 1 to {_MOST_NAME} printable characters")
    return name


def _row(connection: Connection, user_id: str, *, lock: bool = False) -> Any:
    query = select(*_COLUMNS).where(users.c.user_id == user_id)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotFound("there is no account of that id")
    return row


def _account(row: Any) -> Account:
    own = Own(row.exposure_items, row.exposure_minutes)
    return Account(actor_of(row), row.name, bool(row.active), row.created_ms, row.oidc_issuer is not None, own)


def _check_role(before: Any, role: Role | None) -> None:
    if role is not None and role not in ROLES:
        raise Invalid(f"a role must be one of {', '.join(ROLES)}")
    if role is not None and (role == "service") != (before.role == "service"):
        raise Invalid("people stay people and services stay services; make another account")


def _check_admin_left(connection: Connection) -> None:
    """Whoever takes the last admin away would lock everybody out."""
    if not _admins(connection):
        raise Conflict("one active admin must be left; make another one first")


def _admins(connection: Connection) -> Sequence[Any]:
    """Those that are active, locked in one order: two people cannot take the last two away at once."""
    active = (users.c.role == "admin", users.c.active)
    return connection.execute(
        select(users.c.user_id).where(*active).order_by(users.c.user_id).with_for_update()
    ).all()


def _end_sessions(connection: Connection, user_id: str) -> int:
    """With the links that would begin another one; returns how many sessions there were."""
    connection.execute(
        update(sign_in_links).where(sign_in_links.c.user_id == user_id, sign_in_links.c.used_ms.is_(None))
        .values(used_ms=now_ms(connection))
    )  # fmt: skip
    return sessions.end_all(connection, user_id)


def _end_everything(connection: Connection, user_id: str) -> None:
    _end_sessions(connection, user_id)
    connection.execute(
        update(api_tokens).where(api_tokens.c.user_id == user_id, api_tokens.c.revoked_ms.is_(None))
        .values(revoked_ms=now_ms(connection))
    )  # fmt: skip


def _store_password(connection: Connection, user_id: str, secret: str, *, must_change: bool) -> None:
    connection.execute(
        update(users).where(users.c.user_id == user_id)
        .values(password_hash=secret, must_change_password=must_change)
    )  # fmt: skip


def _store_limits(connection: Connection, user_id: str, own: Own) -> None:
    connection.execute(
        update(users).where(users.c.user_id == user_id)
        .values(exposure_items=own.items, exposure_minutes=own.weighted_minutes)
    )  # fmt: skip


def _queues(names: Collection[str]) -> str:
    return _rights(names, _QUEUE, "a queue has letters, digits and . _ -, such as general")


def _languages(names: Collection[str]) -> str:
    return _rights([spelled(name) for name in names], _LANGUAGE, "a language is a tag such as pt or pt-BR")


def _rights(names: Collection[str], shape: re.Pattern[str], rule: str) -> str:
    if len(names) > _MOST_RIGHTS or not all(name == ANY or shape.fullmatch(name) for name in names):
        raise Invalid(f"{rule}; {ANY} stands for all; {_MOST_RIGHTS} at most")
    return json.dumps(sorted(set(names)))
