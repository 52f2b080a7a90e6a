"""What each receiver is told next, and what becomes of it.

A receiver is told one thing after the other, in the order in which they fell due. Where an attempt fails, the
receiver rests, and what waits for it waits with it; nobody else does. The rest doubles from 10 s to an hour, and a
keyed draw spreads it over half to all of that. After ``webhooks.give_up_hours`` nobody tries any more.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, exists, select, update
from sqlalchemy.sql.elements import ColumnElement

from human_review.database.engine import now_ms
from human_review.database.tables import deliveries, webhooks
from human_review.service import Service
from human_review.webhooks.signing import SIGNATURE_HEADER, secrets_of, signature
from stream_app.telemetry import facts

log = logging.getLogger(__name__)

_FIRST_WAIT_MS = 10_000
_LONGEST_WAIT_MS = 3_600_000
_HOUR_MS = 3_600_000
_KEPT_MS = 7 * 24 * _HOUR_MS  # what was delivered or given up is shown for a week


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt to tell a receiver of one event; the first is number 1."""

    delivery_id: str
    webhook_id: str
    attempts: int
    created_ms: int
    url: str
    body: bytes
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Tried:
    """How an attempt ended: ``problem`` is empty where it went well, and never what the other side has written."""

    problem: str = ""
    answered: bool = True


def receivers(service: Service) -> Sequence[str]:
    """The webhooks that something is due for and that do not rest."""
    with service.database.read() as connection:
        now = now_ms(connection)
        something = exists().where(deliveries.c.webhook_id == webhooks.c.webhook_id, *_due(now))
        free = select(webhooks.c.webhook_id).where(webhooks.c.not_before_ms <= now, something)
        return connection.execute(free.order_by(webhooks.c.webhook_id)).scalars().all()


def take_up(service: Service, webhook_id: str) -> Delivery | None:
    """The next attempt for a receiver; None where there is none for now.

    Until the attempt must be over, nobody else calls this receiver, so that a killed process loses nothing, and two
    processes seldom tell the same thing twice. Receivers know repeats by the ``id`` in the body.
    """
    with service.database.write() as connection:
        now = now_ms(connection)
        webhook = _locked(connection, webhook_id, skip=True)
        if webhook is None or webhook.not_before_ms > now:
            return None
        row = connection.execute(
            select(deliveries).where(deliveries.c.webhook_id == webhook_id, *_due(now))
            .order_by(deliveries.c.due_ms, deliveries.c.created_ms, deliveries.c.delivery_id)
            .limit(1).with_for_update()
        ).one_or_none()  # fmt: skip
        if row is None:
            return None
        mine = deliveries.c.delivery_id == row.delivery_id
        connection.execute(update(deliveries).where(mine).values(attempts=row.attempts + 1))
        _not_before(connection, webhook_id, now + round(service.config.webhooks.seconds * 2000))
        return _delivery(service, webhook, row, now)


def end(service: Service, delivery: Delivery, tried: Tried) -> None:
    """Write down how an attempt ended, unless it took so long that somebody else has begun another."""
    mine = (deliveries.c.delivery_id == delivery.delivery_id) & (deliveries.c.attempts == delivery.attempts)
    outcome = {"last_error": tried.problem[:300]} if tried.problem else {"state": "done", "last_error": None}
    with service.database.write() as connection:
        _locked(connection, delivery.webhook_id)
        if connection.execute(update(deliveries).where(mine).values(**outcome)).rowcount:
            now = now_ms(connection)
            _not_before(connection, delivery.webhook_id, _rest(connection, service, delivery, tried, now))


def wait_ms(service: Service, delivery_id: str, attempts: int) -> int:
    """How long a receiver rests after an attempt that failed, the first of which is number 1."""
    longest = min(_LONGEST_WAIT_MS, _FIRST_WAIT_MS << min(attempts - 1, 20))
    return round(longest * (1 + service.chance("webhook wait", delivery_id, str(attempts))) / 2)


def forget_old(connection: Connection) -> int:
    """Delete what was delivered or given up long ago; how many."""
    old = deliveries.c.state.in_(("done", "given-up")) & (deliveries.c.due_ms < now_ms(connection) - _KEPT_MS)
    return connection.execute(delete(deliveries).where(old)).rowcount


def _due(now: int) -> tuple[ColumnElement[bool], ...]:
    return deliveries.c.state == "waiting", deliveries.c.due_ms <= now


def _locked(connection: Connection, webhook_id: str, *, skip: bool = False) -> Row[Any] | None:
    """A webhook, before what waits for it: whoever changes both locks them in this order."""
    mine = select(webhooks).where(webhooks.c.webhook_id == webhook_id)
    return connection.execute(mine.with_for_update(skip_locked=skip, key_share=True)).one_or_none()


def _not_before(connection: Connection, webhook_id: str, ms: int) -> None:
    connection.execute(update(webhooks).where(webhooks.c.webhook_id == webhook_id).values(not_before_ms=ms))


def _delivery(service: Service, webhook: Row[Any], row: Row[Any], now: int) -> Delivery:
    body = bytes(row.body)
    signed = signature(secrets_of(service, webhook, now), now // 1000, body)
    headers = {
        "Content-Type": "application/json", "User-Agent": "weir-review", SIGNATURE_HEADER: signed,
        "Weir-Event": row.event, "Weir-Delivery": row.delivery_id,
    }  # fmt: skip
    return Delivery(row.delivery_id, webhook.webhook_id, row.attempts + 1, row.created_ms, webhook.url, body, headers)


def _rest(connection: Connection, service: Service, delivery: Delivery, tried: Tried, now: int) -> int:
    """Until when the receiver rests. What would be too old then is given up, and needs no rest.

    Where the receiver did not answer, that is all that has waited so long; where it did, only what it refused.
    """
    if not tried.problem:
        return 0
    log.warning("a webhook was not delivered", extra=facts(delivery=delivery.delivery_id, problem=tried.problem))
    next_ms = now + wait_ms(service, delivery.delivery_id, delivery.attempts)
    oldest_ms = next_ms - round(service.config.webhooks.give_up_hours * _HOUR_MS)
    which = deliveries.c.delivery_id == delivery.delivery_id
    if not tried.answered:
        which = (deliveries.c.webhook_id == delivery.webhook_id) & (deliveries.c.state == "waiting")
    connection.execute(
        update(deliveries).where(which, deliveries.c.created_ms < oldest_ms)
        .values(state="given-up", last_error=tried.problem[:300])
    )  # fmt: skip
    return 0 if delivery.created_ms < oldest_ms else next_ms
