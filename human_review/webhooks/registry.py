"""Which systems are told about events: registered, given new secrets and removed by admins."""

import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, delete, func, insert, select, update

from human_review.audit import log
from human_review.database.engine import now_ms
from human_review.database.tables import deliveries, webhooks
from human_review.errors import Invalid, NotFound
from human_review.permissions import Actor
from human_review.service import Service
from human_review.webhooks.addresses import check_address
from human_review.webhooks.events import EVENTS


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook as admins see it. ``waiting`` and ``given_up`` count its deliveries."""

    webhook_id: str
    url: str
    events: tuple[str, ...]
    active: bool
    created_ms: int
    rotated_ms: int | None
    waiting: int = 0
    given_up: int = 0


@dataclass(frozen=True, slots=True)
class Registered:
    """``secret`` is shown this once."""

    webhook_id: str
    secret: str


def register(service: Service, actor: Actor, url: str, events: Iterable[str]) -> Registered:
    """Register an address for events. Raises Invalid for an address or event that cannot be."""
    actor.must("manage-webhooks")
    wanted = sorted(set(events))
    if not wanted or set(wanted) - EVENTS.keys():
        raise Invalid(f"events must name some of {', '.join(EVENTS)}")
    check_address(url, allow_private=service.config.webhooks.allow_private)
    made = Registered(f"wh_{secrets.token_hex(12)}", _new_secret())
    with service.database.write() as connection:
        connection.execute(
            insert(webhooks).values(
                webhook_id=made.webhook_id, url=url, events=json.dumps(wanted), active=True,
                sealed_secret=service.sealer.seal_for_service(made.secret.encode()), created_ms=now_ms(connection),
            )
        )  # fmt: skip
        log.append(connection, actor, "register-webhook", made.webhook_id, events=",".join(wanted))
    return made


def rotate(service: Service, actor: Actor, webhook_id: str) -> Registered:
    """A new secret; the old one signs as well for ``webhooks.overlap_hours``. Raises NotFound."""
    actor.must("manage-webhooks")
    secret = _new_secret()
    with service.database.write() as connection:
        row = _row(connection, webhook_id)
        connection.execute(
            update(webhooks).where(webhooks.c.webhook_id == webhook_id).values(
                sealed_previous_secret=row.sealed_secret, rotated_ms=now_ms(connection),
                sealed_secret=service.sealer.seal_for_service(secret.encode()),
            )
        )  # fmt: skip
        log.append(connection, actor, "rotate-webhook", webhook_id)
    return Registered(webhook_id, secret)


def remove(service: Service, actor: Actor, webhook_id: str) -> None:
    """Remove a webhook with what waits for it. Raises NotFound."""
    actor.must("manage-webhooks")
    with service.database.write() as connection:
        _row(connection, webhook_id)
        connection.execute(delete(deliveries).where(deliveries.c.webhook_id == webhook_id))
        connection.execute(delete(webhooks).where(webhooks.c.webhook_id == webhook_id))
        log.append(connection, actor, "remove-webhook", webhook_id)


def listed(service: Service, actor: Actor) -> list[Webhook]:
    """Every webhook, the oldest first."""
    actor.must("manage-webhooks")
    with service.database.read() as connection:
        rows = connection.execute(select(webhooks).order_by(webhooks.c.created_ms, webhooks.c.webhook_id)).all()
        by_state = select(deliveries.c.webhook_id, deliveries.c.state, func.count())
        found = connection.execute(by_state.group_by(deliveries.c.webhook_id, deliveries.c.state)).all()
    counts = {(row[0], row[1]): int(row[2]) for row in found}
    return [
        Webhook(
            webhook_id=row.webhook_id, url=row.url, events=tuple(json.loads(row.events)), active=row.active,
            created_ms=row.created_ms, rotated_ms=row.rotated_ms,
            waiting=counts.get((row.webhook_id, "waiting"), 0), given_up=counts.get((row.webhook_id, "given-up"), 0),
        )
        for row in rows
    ]  # fmt: skip


def _row(connection: Connection, webhook_id: str) -> Row[Any]:
    found = connection.execute(
        select(webhooks).where(webhooks.c.webhook_id == webhook_id).with_for_update()
    ).one_or_none()
    if found is None:
        raise NotFound("there is no such webhook")
    return found


def _new_secret() -> str:
    return f"whsec_{secrets.token_urlsafe(32)}"
