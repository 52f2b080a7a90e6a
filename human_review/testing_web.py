"""A browser's manners over the application itself, for tests: sessions and tokens without going through sign-in."""

import warnings
from typing import Any
from uuid import uuid4

from human_review.people import accounts, sessions, tokens
from human_review.permissions import Actor, Role
from human_review.service import Service
from human_review.web.app import create_app
from human_review.web.site import site_of

with warnings.catch_warnings():
    # Starlette would rather have httpx's successor, which is too young for us; the client works with both.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient


def client(service: Service, app: Any = None) -> TestClient:
    """Nobody is signed in. Redirects are not followed, and errors become answers as they do in the real server."""
    made = TestClient(
        app or create_app(service), base_url=site_of(service.settings).url, follow_redirects=False,
        raise_server_exceptions=False,
    )  # fmt: skip
    made.headers["accept-language"] = "en"
    return made


def signed_in(service: Service, role: Role, *, name: str | None = None, app: Any = None, **rights: Any) -> TestClient:
    """Somebody of a role, made here; ``rights`` are ``queues`` and ``languages``."""
    name = name or f"{role}-{uuid4().hex[:12]}"
    issued = None if role == "service" else accounts.Issued("test", name)  # no password, which would take a while
    actor = accounts.create(service, None, name=name, role=role, oidc=issued, **rights).actor
    return browser_of(service, actor, app)


def browser_of(service: Service, actor: Actor, app: Any = None) -> TestClient:
    """A new session of somebody.

    The client sends the token against forged requests with everything; that of a service account sends its bearer
    token. ``client.actor`` is who it is.
    """
    made = client(service, app)
    made.actor = actor
    if actor.role == "service":
        made.headers["authorization"] = f"Bearer {tokens.make(service, None, actor.user_id, 'test')}"
        return made
    with service.database.write() as connection:
        token = sessions.begin(connection, service, actor.user_id)
    found = sessions.find(service, token)
    assert found is not None  # noqa: S101 - begun one line above
    made.cookies.set(site_of(service.settings).cookie, token)
    made.headers["x-csrf-token"] = found.csrf or ""
    return made
