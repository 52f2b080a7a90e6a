"""Statements of reasons: what an author was told about each restriction, kept for notices and exports."""

from typing import Any

from sqlalchemy import Connection

from human_review.appeals import acted_on, opening
from human_review.database.engine import now_ms
from human_review.database.rows import insert_new
from human_review.database.tables import statements
from human_review.items import lock_item
from human_review.service import Service
from human_review.times import to_ms
from stream_app.contracts.codec import encode
from stream_app.contracts.content import ContentItem
from stream_app.contracts.decision import Decision, EnforcementAction, StatementOfReasons


def note(connection: Connection, service: Service, action: EnforcementAction, decision: Decision | None) -> bool:
    """Note what an action tells the author; whether it was new. Actions without a statement tell nothing.

    What the decision would add is filled in when it becomes known (``decided``). Nothing is noted of erased items.
    """
    if action.statement is None or lock_item(connection, action.item_id).erased:
        return False
    if decision is None:
        decision = acted_on.find(connection, service, action.decision_id, action.item_id)
    new = insert_new(connection, statements, **_row(connection, action, action.statement, decision))
    if new:
        _add_item(connection, service, action.item_id)
    if decision is not None:
        decided(connection, service, decision)
    return new


def decided(connection: Connection, service: Service, decision: Decision) -> None:
    """Open or refuse the appeals that waited for a decision; keep one that restricts and complete its statements."""
    opening.open_waiting(connection, service, decision)
    if not acted_on.restricts(decision) or lock_item(connection, decision.item_id).erased:
        return
    if acted_on.keep(connection, service, decision):
        acted_on.complete_statements(connection, decision)


def _row(
    connection: Connection, action: EnforcementAction, statement: StatementOfReasons, decision: Decision | None
) -> dict[str, Any]:
    guessed = {"decided_by": _guessed(statement), "applied_ms": now_ms(connection)}
    known = acted_on.facts_of(decision) if decision else guessed
    return {
        "action_id": action.action_id, "decision_id": action.decision_id, "item_id": action.item_id,
        "kind": acted_on.plain(action.kind, 64),
        "expires_ms": to_ms(action.expires_at) if action.expires_at else None,
        "statement": encode(statement).decode(), **known,
    }  # fmt: skip


def _guessed(statement: StatementOfReasons) -> str:
    return "worker" if statement.automated_decision else "reviewer"


def _add_item(connection: Connection, service: Service, item_id: str) -> None:
    """What a task of the item says about where and when it was posted."""
    task = acted_on.latest_task(connection, service, item_id)
    if task is not None:
        facts = {name: value for name, value in _of_item(task.item).items() if value is not None}
        connection.execute(statements.update().where(statements.c.item_id == item_id).values(**facts))


def _of_item(item: ContentItem) -> dict[str, Any]:
    return {
        "surface": acted_on.plain(item.surface, 64),
        "region": acted_on.plain(item.region, 8) if item.region else None,
        "content_ms": to_ms(item.created_at) if item.created_at else None,
    }
