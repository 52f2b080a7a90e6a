"""Tasks end without an answer: the item was decided anew, or its author deleted it."""

from dataclasses import astuple, dataclass
from typing import Any

from sqlalchemy import Connection, Table, and_, false, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from human_review.audit import log
from human_review.database.engine import now_ms
from human_review.database.tables import acted_on, answers, appeals, golden, items, outbox, reports, seats, tasks
from human_review.items import Item, lock_item, lock_known
from human_review.outbox import put
from human_review.service import Service
from human_review.times import at
from stream_app.contracts.codec import encode
from stream_app.contracts.decision import Decision
from stream_app.contracts.ids import digest, text_digest
from stream_app.contracts.review import Erasure, ReviewTask
from stream_app.contracts.topics import REVIEW_LABELS

_OF_CONTENT = dict.fromkeys(("sealed", "group_key", "text_digest", "author_key", "thread_key"))


@dataclass(frozen=True, slots=True)
class Erased:
    """How many rows lost their content."""

    tasks: int
    notes: int
    messages: int
    golden: int
    appeals: int
    decisions: int


def supersede(connection: Connection, service: Service, decision: Decision) -> int:
    """Close the open tasks of an item whose decision is no longer in force; how many.

    A decision that follows from a ruling closes nothing: a person's look is still worth having. Appeals stay, for
    whoever appeals is owed an answer; golden tasks are not about the item's present.
    """
    if decision.for_the_record:
        return 0
    # Most items are allowed and never heard of again; an audit's task follows its decision.
    leaves_nothing = decision.verdict == "allow" and decision.sampling_probability is None
    item = (lock_known if leaves_nothing else lock_item)(connection, decision.item_id)
    if item is None or _is_early(decision, item):
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
        or_(tasks.c.decision_id.not_in((decision.decision_id, "")), _on_another_text(service, decision)),
    )  # fmt: skip


def take_over(connection: Connection, service: Service, task: ReviewTask) -> None:
    """Close the open task that a report has opened about the same text: the worker asks about it now.

    Two people would be asked about one item at once. The reports wait for the new task.
    """
    same_text = and_(tasks.c.decision_id == "", tasks.c.text_digest == text_key(service, text_digest(task.item.text)))
    of_report = (
        tasks.c.item_id == task.item.item_id, tasks.c.kind == "review", tasks.c.why == "report",
        tasks.c.task_id != task.task_id, or_(tasks.c.decision_id == task.decision.decision_id, same_text),
    )  # fmt: skip
    if _close(connection, "superseded", *of_report):
        closed = select(tasks.c.task_id).where(*of_report, tasks.c.state == "closed")
        connection.execute(update(reports).where(reports.c.task_id.in_(closed)).values(task_id=None))


def close_edited(connection: Connection, task_id: str) -> None:
    """Close an open task, and all seats of it, whose text has been edited since."""
    _close(connection, "superseded", tasks.c.task_id == task_id)
    connection.execute(update(seats).where(seats.c.task_id == task_id).values(state="closed", lease_until_ms=None))


def text_key(service: Service, digest_of_text: str) -> str:
    """A name for a text that nobody finds by trying."""
    return service.keyed_digest("text of a task", digest_of_text)


def _is_early(decision: Decision, item: Item) -> bool:
    return decision.origin is not None and item.origin is not None and decision.origin.is_before(item.origin)


def _on_another_text(service: Service, decision: Decision) -> ColumnElement[bool]:
    """A report's task that does not know its decision. A decision that does not say on which text closes none."""
    if not decision.text_digest:
        return false()
    return and_(tasks.c.decision_id == "", tasks.c.text_digest != text_key(service, decision.text_digest))


def erase(connection: Connection, service: Service, item_id: str) -> Erased:
    """Erase what is kept of an item: close its tasks, delete its key, blank what the key sealed.

    What waits in the outbox is dropped; an Erasure follows the labels that went out. Later tasks of the item are
    refused. Call `note_erased` as the transaction's last step, and follow the transaction with `traces.checkpoint`,
    so that no earlier state is left in the database's files.
    """
    lock_item(connection, item_id)
    # Closed ones too: an answer that is taken back at this moment would open its task again.
    connection.execute(
        select(tasks.c.task_id).where(tasks.c.item_id == item_id).order_by(tasks.c.task_id).with_for_update()
    )
    _close(connection, "deleted", tasks.c.item_id == item_id)
    of_tasks = answers.c.task_id.in_(select(tasks.c.task_id).where(tasks.c.item_id == item_id))
    erased = Erased(
        tasks=_blank(connection, tasks, (tasks.c.item_id == item_id) & tasks.c.sealed.is_not(None), **_OF_CONTENT),
        notes=_blank(connection, answers, of_tasks & answers.c.sealed_note.is_not(None), sealed_note=None),
        messages=_drop_messages(connection, item_id),
        golden=_blank(
            connection, golden, (golden.c.item_id == item_id) & golden.c.sealed.is_not(None), sealed=None,
            state="retired",
        ),
        appeals=_blank(
            connection, appeals, (appeals.c.item_id == item_id) & appeals.c.sealed_statement.is_not(None),
            sealed_statement=None, sealed_reply=None,
        ),
        decisions=_blank(
            connection, acted_on, (acted_on.c.item_id == item_id) & acted_on.c.sealed.is_not(None), sealed=None
        ),
    )  # fmt: skip
    _blank(connection, items, items.c.item_id == item_id, wrapped_key=None, erased_ms=now_ms(connection))
    if erased.tasks or erased.appeals:
        put(
            connection, service, message_id=digest("erasure", item_id), topic=REVIEW_LABELS, key=item_id,
            message=Erasure(item_id=item_id, erased_at=at(now_ms(connection))), item_id=None,
        )  # fmt: skip
    return erased


def note_erased(connection: Connection, item_id: str, erased: Erased) -> None:
    """Write into the audit log what was erased, if anything was. Others wait for the log: the caller's last step."""
    if any(astuple(erased)):
        log.append(connection, None, "erase", item_id, tasks=erased.tasks, messages=erased.messages)


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
