"""Webhooks: which events there are, and what waits to be told. A body holds ids and outcomes, never content."""

import json
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, select

from human_review.database.engine import now_ms
from human_review.database.rows import insert_new
from human_review.database.tables import deliveries, webhooks
from human_review.service import Service
from human_review.webhooks.delivering import deliver_due
from stream_app.contracts.ids import digest

LABEL_FINAL = "label.final"
LABEL_WITHDRAWN = "label.withdrawn"
APPEAL_DECIDED = "appeal.decided"
TASK_ESCALATED = "task.escalated"

EVENTS = {
    LABEL_FINAL: "a task has its final label: label_id, task_id, item_id, verdict",
    LABEL_WITHDRAWN: "a final label that was sent holds no longer; another one follows: label_id, task_id, item_id",
    APPEAL_DECIDED: "an appeal was decided: appeal_id, decision_id, item_id, outcome, verdict",
    TASK_ESCALATED: "a task was escalated: task_id, item_id, queue",
}
"""Every event, with what it tells. The one place for them."""

__all__ = ("EVENTS", "announce", "deliver_due", "withdraw")

Fact = str | int | float | bool | None


def announce(connection: Connection, service: Service, event: str, *, not_before_ms: int = 0, **facts: Fact) -> int:
    """Tell everybody who wants to know of an event, once this transaction is committed; to how many.

    ``facts`` are ids and outcomes, no content. Nothing is sent before ``not_before_ms`` by the database's clock. The
    same event with the same facts is told once.
    """
    now = now_ms(connection)
    told = 0
    for row in connection.execute(select(webhooks.c.webhook_id, webhooks.c.events).where(webhooks.c.active)).all():
        if event in json.loads(row.events):
            delivery_id = _delivery_id(row.webhook_id, event, facts)
            body = {"id": delivery_id, "event": event, "at": _rfc3339(max(now, not_before_ms)), "facts": facts}
            told += insert_new(
                connection, deliveries, delivery_id=delivery_id, webhook_id=row.webhook_id, event=event,
                body=json.dumps(body, sort_keys=True, separators=(",", ":")).encode(), created_ms=now,
                due_ms=max(now, not_before_ms),
            )  # fmt: skip
    return told


def withdraw(connection: Connection, event: str, **facts: Fact) -> int:
    """Take back what was announced with the same facts and has not been sent; from how many."""
    ids = [_delivery_id(row.webhook_id, event, facts) for row in connection.execute(select(webhooks.c.webhook_id))]
    unsent = deliveries.c.delivery_id.in_(ids) & (deliveries.c.state == "waiting") & (deliveries.c.attempts == 0)
    return connection.execute(delete(deliveries).where(unsent)).rowcount


def _rfc3339(ms: int) -> str:
    return datetime.fromtimestamp(ms // 1000, UTC).isoformat().replace("+00:00", "Z")


def _delivery_id(webhook_id: str, event: str, facts: dict[str, Fact]) -> str:
    return digest("delivery", webhook_id, event, sorted(facts.items()))
