"""Signing in through an OpenID issuer: authorization code with PKCE, state and nonce (OpenID Connect Core 1.0).

The groups that the issuer names and the section ``oidc`` of the review file decide who is let in, and as what.
"""

import logging
from dataclasses import dataclass
from typing import Any

from authlib.common.errors import AuthlibBaseError
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from sqlalchemy import delete, insert, select

from human_review.audit.log import append
from human_review.database.engine import now_ms
from human_review.database.tables import oidc_flows, users
from human_review.errors import Forbidden, NotSignedIn
from human_review.people import accounts, sessions
from human_review.people.issuer import BAD_ANSWERS, Client, client_of
from human_review.people.secrets import new_secret, stored
from human_review.people.users import USER_COLUMNS, actor_of
from human_review.service import Service
from stream_app.telemetry import facts

_FLOW_MS = 10 * 60 * 1000
_log = logging.getLogger("human_review.people")


@dataclass(frozen=True, slots=True)
class Begun:
    """Where the browser goes, and what its cookie must bring back."""

    address: str
    browser_secret: str


@dataclass(frozen=True, slots=True)
class Arrived:
    """A session token, and the path that was asked for before."""

    token: str
    next: str


def begin(service: Service, site_url: str, next_path: str) -> Begun:
    """Send somebody to the issuer.

    Raises NotFound where none is configured, Unreachable where it is silent, BadIssuer where it is another.
    """
    client = client_of(service.settings, site_url)
    endpoint = client.issuer.metadata()["authorization_endpoint"]
    state, nonce, verifier, browser = new_secret(), new_secret(), new_secret(), new_secret()
    with service.database.write() as connection:
        now = now_ms(connection)
        connection.execute(delete(oidc_flows).where(oidc_flows.c.created_ms < now - _FLOW_MS))
        connection.execute(
            insert(oidc_flows).values(
                state_digest=stored(state), browser_digest=stored(browser), nonce=nonce, verifier=verifier,
                next=next_path, created_ms=now,
            )
        )  # fmt: skip
    address = prepare_grant_uri(
        endpoint, client.client_id, "code", client.redirect_uri, "openid profile email", state, nonce=nonce,
        code_challenge=create_s256_code_challenge(verifier), code_challenge_method="S256",
    )  # fmt: skip
    return Begun(str(address), browser)


def finish(
    service: Service, site_url: str, *, state: str, code: str, browser_secret: str, issuer: str | None = None,
    old_session: str | None = None,
) -> Arrived:  # fmt: skip
    """Take somebody back from the issuer and start a session; ``old_session`` (a digest) ends.

    Raises NotSignedIn where the answer is not one to a question of this browser, or does not hold; Forbidden where
    the issuer knows the person and no group of theirs is let in. Raises Unreachable and BadIssuer like ``begin``.
    """
    client = client_of(service.settings, site_url)
    flow = _taken(service, state, browser_secret)
    if issuer not in (None, client.issuer.name):  # RFC 9207
        raise NotSignedIn("this answer is from another issuer; sign in again")
    try:
        claims = client.claims(code, flow.verifier, flow.nonce)
    except (AuthlibBaseError, *BAD_ANSWERS) as problem:
        _log.warning("the issuer's answer does not hold", extra=facts(kind=type(problem).__name__))
        raise NotSignedIn("the answer of the issuer does not hold; sign in again") from None
    return Arrived(_session(service, client, claims, old_session), flow.next)


def role_of(service: Service, claims: dict[str, Any]) -> str | None:
    """The role that the groups of a person give; None where they are not let in."""
    config = service.config.oidc
    has = {name for claim in config.claims for name in _words(claims.get(claim))}
    found = next((role for group, role in config.groups.items() if group in has), config.default_role)
    return None if found == "none" else found


def _taken(service: Service, state: str, browser_secret: str) -> Any:
    """The flow that ``state`` belongs to; it is gone afterwards, so that no answer counts twice."""
    with service.database.write() as connection:
        found = connection.execute(
            select(oidc_flows).where(
                oidc_flows.c.state_digest == stored(state),
                oidc_flows.c.browser_digest == stored(browser_secret),
                oidc_flows.c.created_ms >= now_ms(connection) - _FLOW_MS,
            ).with_for_update()
        ).one_or_none()  # fmt: skip
        gone = connection.execute(delete(oidc_flows).where(oidc_flows.c.state_digest == stored(state)))
    if found is None or gone.rowcount != 1:
        raise NotSignedIn("this sign-in was begun too long ago, twice, or in another browser; sign in again")
    return found


def _session(service: Service, client: Client, claims: dict[str, Any], old_session: str | None) -> str:
    role = role_of(service, claims)
    user_id = _known(service, client, claims)
    if role is None:
        _close(service, user_id)
        raise Forbidden("you have no access yet; ask an admin for a group that is let in")
    if user_id is None:
        user_id = _new(service, client, claims, role)
    with service.database.write() as connection:
        row = connection.execute(
            select(*USER_COLUMNS).where(users.c.user_id == user_id).with_for_update()
        ).one()  # fmt: skip
        if not row.active:
            raise Forbidden("this account is closed; an admin can open it again")
        if row.role != role:
            connection.execute(users.update().where(users.c.user_id == user_id).values(role=role))
            sessions.end_all(connection, user_id)
        if old_session:
            sessions.end(connection, old_session)
        token = sessions.begin(connection, service, user_id)
        append(connection, actor_of(row), "signed-in", user_id, by="oidc", role=role)
    return token


def _known(service: Service, client: Client, claims: dict[str, Any]) -> str | None:
    with service.database.read() as connection:
        return connection.execute(
            select(users.c.user_id).where(
                users.c.oidc_issuer == client.issuer.name, users.c.oidc_subject == str(claims["sub"])
            )
        ).scalar_one_or_none()


def _close(service: Service, user_id: str | None) -> None:
    """Whoever lost their group loses the sessions that they still have."""
    if user_id is not None:
        with service.database.write() as connection:
            sessions.end_all(connection, user_id)


def _new(service: Service, client: Client, claims: dict[str, Any], role: Any) -> str:
    """The name is for lists alone: who somebody is, is issuer and subject. So it may never be that of another."""
    subject = str(claims["sub"])
    shown = str(claims.get("preferred_username") or claims.get("email") or "")
    name = f"{''.join(char for char in shown if char.isprintable())[:100]} ({stored(subject)[:8]})".strip()
    issued = accounts.Issued(client.issuer.name, subject)
    return accounts.create(service, None, name=name, role=role, oidc=issued).actor.user_id


def _words(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [each for each in values if isinstance(each, str)]
