"""What waits is told: one attempt each, at once; what fails is tried again later, and later again.

The wait doubles from 10 s to an hour, and a keyed draw spreads it over half to all of that. After
``webhooks.give_up_hours`` nobody tries any more.
"""

import asyncio
import logging
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult

import httpx
from sqlalchemy import Row, delete, select, update

from human_review.database.engine import now_ms
from human_review.database.tables import deliveries, webhooks
from human_review.errors import Invalid
from human_review.service import Service
from human_review.webhooks.addresses import check_address, resolve
from human_review.webhooks.signing import SIGNATURE_HEADER, secrets_of, signature
from stream_app.telemetry import facts

log = logging.getLogger(__name__)

_AT_ONCE = 20
_FIRST_WAIT_MS = 10_000
_LONGEST_WAIT_MS = 3_600_000
_HOUR_MS = 3_600_000
_KEPT_MS = 7 * 24 * _HOUR_MS  # what was delivered or given up is shown for a week


@dataclass(frozen=True, slots=True)
class _Delivery:
    delivery_id: str
    attempts: int
    created_ms: int
    url: str
    body: bytes
    headers: dict[str, str]


def deliver_due(service: Service) -> int:
    """Try to deliver what is due, at most 20 at once; how many were tried. Call it again until it says 0.

    What was picked up is not due for anybody else until its attempt must be over, so that a killed process loses
    nothing, and two processes seldom tell the same thing twice. Receivers know repeats by the ``id`` in the body.
    """
    due = _pick_up(service)
    if not due:
        return 0
    results = asyncio.run(_deliver_all(service, due))
    with service.database.write() as connection:
        now = now_ms(connection)
        for delivery, problem in zip(due, results, strict=True):
            done = deliveries.c.delivery_id == delivery.delivery_id
            connection.execute(update(deliveries).where(done).values(**_outcome(service, delivery, problem, now)))
    return len(due)


def wait_ms(service: Service, delivery_id: str, attempts: int) -> int:
    """How long to wait after an attempt, the first of which is number 1."""
    longest = min(_LONGEST_WAIT_MS, _FIRST_WAIT_MS << min(attempts - 1, 20))
    return round(longest * (1 + service.chance("webhook wait", delivery_id, str(attempts))) / 2)


def _pick_up(service: Service) -> list[_Delivery]:
    rules = service.config.webhooks
    with service.database.write() as connection:
        now = now_ms(connection)
        old = (deliveries.c.state != "waiting") & (deliveries.c.next_ms < now - _KEPT_MS)
        connection.execute(delete(deliveries).where(old))
        rows = connection.execute(
            select(deliveries, webhooks.c.url, webhooks.c.sealed_secret, webhooks.c.sealed_previous_secret,
                   webhooks.c.rotated_ms)
            .join(webhooks, webhooks.c.webhook_id == deliveries.c.webhook_id)
            .where(deliveries.c.state == "waiting", deliveries.c.next_ms <= now)
            .order_by(deliveries.c.next_ms).limit(_AT_ONCE).with_for_update(skip_locked=True, of=deliveries)
        ).all()  # fmt: skip
        for row in rows:
            over = now + round(rules.seconds * 2000)
            connection.execute(
                update(deliveries).where(deliveries.c.delivery_id == row.delivery_id)
                .values(attempts=row.attempts + 1, next_ms=over)
            )  # fmt: skip
        return [_delivery(service, row, now) for row in rows]


def _delivery(service: Service, row: Row[Any], now: int) -> _Delivery:
    body = bytes(row.body)
    signed = signature(secrets_of(service, row, now), now // 1000, body)
    headers = {
        "Content-Type": "application/json", "User-Agent": "weir-review", SIGNATURE_HEADER: signed,
        "Weir-Event": row.event, "Weir-Delivery": row.delivery_id,
    }  # fmt: skip
    return _Delivery(row.delivery_id, row.attempts + 1, row.created_ms, row.url, body, headers)


def _outcome(service: Service, delivery: _Delivery, problem: str, now: int) -> dict[str, Any]:
    if not problem:
        return {"state": "done", "last_error": None}
    next_ms = now + wait_ms(service, delivery.delivery_id, delivery.attempts)
    give_up = delivery.created_ms + service.config.webhooks.give_up_hours * _HOUR_MS
    log.warning("a webhook was not delivered", extra=facts(delivery=delivery.delivery_id, problem=problem))
    return {"state": "given-up" if next_ms > give_up else "waiting", "next_ms": next_ms, "last_error": problem[:300]}


async def _deliver_all(service: Service, due: list[_Delivery]) -> list[str]:
    limits = httpx.Limits(max_connections=_AT_ONCE, max_keepalive_connections=0)
    seconds = service.config.webhooks.seconds
    async with httpx.AsyncClient(trust_env=False, follow_redirects=False, limits=limits, timeout=seconds) as client:
        return await asyncio.gather(*(_attempt(service, client, delivery) for delivery in due))


async def _attempt(service: Service, client: httpx.AsyncClient, delivery: _Delivery) -> str:
    """What went wrong; empty where nothing did. Never what the other side has written."""
    rules = service.config.webhooks
    try:
        async with asyncio.timeout(rules.seconds):
            parts = check_address(delivery.url, allow_private=rules.allow_private)
            return await _post(client, parts, delivery, allow_private=rules.allow_private)
    except TimeoutError:
        return f"no answer within {rules.seconds:g} s"
    except Invalid as problem:
        return str(problem)
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as problem:
        return type(problem).__name__


async def _post(client: httpx.AsyncClient, parts: SplitResult, delivery: _Delivery, *, allow_private: bool) -> str:
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = await resolve(host, port, allow_private=allow_private)
    target = httpx.URL(delivery.url).copy_with(host=address, port=port)
    request = client.build_request(
        "POST", target, content=delivery.body, headers={**delivery.headers, "Host": parts.netloc},
        extensions={"sni_hostname": host},
    )  # fmt: skip
    answer = await client.send(request, stream=True)
    try:
        return "" if answer.is_success else f"answered {answer.status_code}"
    finally:
        await answer.aclose()
