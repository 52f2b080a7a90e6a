"""Tasks end without an answer: the item was decided anew, or its author deleted it."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, select, update
from sqlalchemy.sql.elements import ColumnElement

from human_review.audit import log
from human_review.database.engine import now_ms
from human_review.database.tables import acted_on, answers, appeals, golden, items, outbox, seats, tasks
from human_review.desk.items import lock_item
from human_review.outbox import put
from human_review.service import Service
from human_review.times import at
from stream_app.contracts.codec import encode
from stream_app.contracts.decision import Decision
from stream_app.contracts.ids import digest
from stream_app.contracts.review import Erasure
from stream_app.contracts.topics import REVIEW_LABELS


@dataclass(frozen=True, slots=True)
class Erased:
    """How many rows lost their content."""

    tasks: int
    notes: int
    messages: int
    golden: int
    appeals: int


def supersede(connection: Connection, service: Service, decision: Decision) -> int:
    """Close the open tasks of an item whose decision is no longer in force; how many.

    A decision that follows from a ruling closes nothing: a person's look is still worth having. Appeals stay, for
    whoever appeals is owed an answer; golden tasks are not about the item's present.
    """
    item = lock_item(connection, decision.item_id)
    early = decision.origin is not None and item.origin is not None and decision.origin.is_before(item.origin)
    if decision.for_the_record or early:
        return 0
    values: dict[str, Any] = {
        "decision_id": decision.decision_id, "verdict": decision.verdict, "decided_by": decision.decided_by,
    }  # fmt: skip
    if decision.origin is not None:
        values["origin"] = encode(decision.origin).decode()
    connection.execute(update(items).where(items.c.item_id == decision.item_id).values(**values))
    if decision.ruling_id is not None and decision.decided_by != "worker":
        return 0
    return _close(
        connection, "superseded", tasks.c.item_id == decision.item_id, tasks.c.kind == "review",
        tasks.c.decision_id.not_in((decision.decision_id, "")),  # a report's task may not know its decision
    )  # fmt: skip


def erase(connection: Connection, service: Service, item_id: str) -> Erased:
    """Erase what is kept of an item: close its tasks, delete its key, blank what the key sealed.

    What waits in the outbox is dropped; an Erasure follows the labels that went out. Later tasks of the item are
    refused. On SQLite, follow the transaction with `checkpoint`, so that no earlier state of the pages is left in its
    log.
    """
    lock_item(connection, item_id)
    _close(connection, "deleted", tasks.c.item_id == item_id)
    of_tasks = answers.c.task_id.in_(select(tasks.c.task_id).where(tasks.c.item_id == item_id))
    erased = Erased(
        tasks=_blank(connection, tasks, tasks.c.item_id == item_id, sealed=None, group_key=None),
        notes=_blank(connection, answers, of_tasks & answers.c.sealed_note.is_not(None), sealed_note=None),
        messages=_drop_messages(connection, item_id),
        golden=_blank(connection, golden, golden.c.item_id == item_id, sealed=None, state="retired"),
        appeals=_blank(
            connection, appeals, appeals.c.item_id == item_id, sealed_statement=None, sealed_reply=None
        ),
    )  # fmt: skip
    _blank(connection, acted_on, acted_on.c.item_id == item_id, sealed=None)
    _blank(connection, items, items.c.item_id == item_id, wrapped_key=None, erased_ms=now_ms(connection))
    if erased.tasks or erased.appeals:
        put(
            connection, service, message_id=digest("erasure", item_id), topic=REVIEW_LABELS, key=item_id,
            message=Erasure(item_id=item_id, erased_at=at(now_ms(connection))), item_id=None,
        )  # fmt: skip
    log.append(connection, None, "erase", item_id, tasks=erased.tasks, messages=erased.messages)
    return erased


def checkpoint(service: Service) -> bool:
    """Bring SQLite's log into its database and empty it; whether that went. True on PostgreSQL, with nothing done.

    False where a reader was in the way; the next checkpoint does it.
    """
    if not service.database.is_sqlite:
        return True
    raw = service.database.engine.raw_connection()
    try:
        [busy, _, _] = raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy
    finally:
        raw.close()


def _close(connection: Connection, why: str, *which: ColumnElement[bool]) -> int:
    found = connection.execute(
        select(tasks.c.task_id).where(*which, tasks.c.state == "open").order_by(tasks.c.task_id).with_for_update()
    ).all()
    ids = [row.task_id for row in found]
    if ids:
        connection.execute(
            update(tasks)
            .where(tasks.c.task_id.in_(ids))
            .values(state="closed", closed_why=why, closed_ms=now_ms(connection))
        )
        connection.execute(
            update(seats)
            .where(seats.c.task_id.in_(ids), seats.c.state.in_(("open", "leased")))
            .values(state="closed", lease_until_ms=None)
        )
    return len(ids)


def _blank(connection: Connection, table: Table, which: ColumnElement[bool], **values: Any) -> int:
    return connection.execute(update(table).where(which).values(**values)).rowcount


def _drop_messages(connection: Connection, item_id: str) -> int:
    """Values that were not sent go; the publisher drops what has none."""
    return _blank(connection, outbox, (outbox.c.item_id == item_id) & outbox.c.value.is_not(None), value=None)
