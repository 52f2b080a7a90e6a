"""Decisions that restrict something, as far as they are known: what statements and appeals need of them.

Decisions and the actions that follow from them are read from two topics, so that either can come first.
"""

from typing import Any

from sqlalchemy import Connection, func, select, update

from human_review.database.rows import insert_new
from human_review.database.tables import acted_on, statements, tasks
from human_review.service import Service
from human_review.times import to_ms
from stream_app.contracts.codec import decode, encode
from stream_app.contracts.decision import Decision
from stream_app.contracts.review import ReviewTask

_RESTRICTS = ("limit", "remove")


def restricts(decision: Decision) -> bool:
    """Whether a decision restricts something, and holds."""
    return decision.verdict in _RESTRICTS and not decision.for_the_record


def keep(connection: Connection, service: Service, decision: Decision) -> bool:
    """Keep a decision, sealed under its item's key; the item's row must exist. Whether it was new."""
    return insert_new(
        connection,
        acted_on,
        decision_id=decision.decision_id,
        item_id=decision.item_id,
        decided_ms=to_ms(decision.decided_at),
        sealed=service.sealer.seal(connection, decision.item_id, encode(decision)),
    )


def find(connection: Connection, service: Service, decision_id: str, item_id: str) -> Decision | None:
    """The decision, from what was kept or from a task about it; None where it is not known.

    Raises NotFound where the item was erased.
    """
    row = connection.execute(
        select(acted_on.c.sealed).where(acted_on.c.decision_id == decision_id, acted_on.c.item_id == item_id)
    ).one_or_none()
    if row is not None:
        return decode(service.sealer.open(connection, item_id, row.sealed), Decision)
    task = latest_task(connection, service, item_id, decision_id)
    return task.decision if task else None


def latest_task(
    connection: Connection, service: Service, item_id: str, decision_id: str | None = None
) -> ReviewTask | None:
    """The latest review task of an item, or of one of its decisions. Raises NotFound where the item was erased."""
    of = [tasks.c.item_id == item_id, tasks.c.kind == "review", tasks.c.sealed.is_not(None)]
    if decision_id is not None:
        of.append(tasks.c.decision_id == decision_id)
    row = connection.execute(
        select(tasks.c.sealed).where(*of).order_by(tasks.c.created_ms.desc(), tasks.c.task_id).limit(1)
    ).one_or_none()
    return decode(service.sealer.open(connection, item_id, row.sealed), ReviewTask) if row else None


def complete_statements(connection: Connection, decision: Decision) -> None:
    """Fill in what the statements of a decision could not say before it was known."""
    facts = facts_of(decision)
    facts["content_ms"] = func.coalesce(statements.c.content_ms, facts["content_ms"])
    connection.execute(
        update(statements).where(statements.c.decision_id == decision.decision_id).values(**facts)
    )  # fmt: skip


def facts_of(decision: Decision) -> dict[str, Any]:
    """What a statement's row takes from its decision. When it was posted is when Kafka was given it, if known."""
    posted = decision.origin.timestamp if decision.origin else 0.0
    return {
        "label": plain(decision.label, 64) if decision.label else None,
        "language": plain(decision.language, 35),
        "decided_by": decision.decided_by,
        "applied_ms": to_ms(decision.decided_at),
        "content_ms": round(posted * 1000) or None,
    }


def plain(word: str, most: int) -> str:
    """A word that fits its column; PostgreSQL keeps no null characters."""
    return word.replace("\x00", "")[:most]
