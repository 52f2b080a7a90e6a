"""An answer is taken back: without a trace while it waits in the outbox, by a message that withdraws it later."""

from typing import Any

import msgspec
from sqlalchemy import Connection, Row, select, update

from human_review import outbox
from human_review.audit import log
from human_review.database.engine import now_ms
from human_review.database.tables import answers, seats, tasks
from human_review.desk.again import again
from human_review.desk.cards import open_task
from human_review.desk.closing import close_edited
from human_review.desk.emit import panel_id, standing, undo_ms, withdraw_final
from human_review.desk.leases import lease, lock_task, put_back
from human_review.desk.withdraw import withdraw_verdict, withdraw_voice
from human_review.errors import Conflict, Invalid, NotFound
from human_review.items import lock_known
from human_review.permissions import Actor
from human_review.quality import golden
from human_review.service import Service
from stream_app.contracts.metrics import REVIEW_ANSWERS

_IN_TIME = "taken back; nothing was sent, and the task is yours again"
_LATE = "the label was sent already and is withdrawn; your next answer takes its place"
_LIFTED = "taken back; nothing was sent. The task was escalated meanwhile, and a lead gets it"
_LATE_LIFTED = "the label was sent already and is withdrawn; a lead gets the task now"
_GONE = "taken back; nothing was sent, and the task was closed meanwhile"
_LATE_GONE = "the label was sent already and is withdrawn; the item was edited meanwhile, so nobody is asked again"


class Undone(msgspec.Struct, frozen=True, kw_only=True):
    """``in_time``: nothing was sent. ``token`` is None where others have closed or escalated the task."""

    label_id: str
    task_id: str
    in_time: bool
    seat_id: str
    token: int | None
    what_happens: str


@again
def undo(service: Service, actor: Actor, label_id: str) -> Undone:
    """Take back an own answer; its seat is the person's again.

    Raises NotFound for what is not theirs, Forbidden where its queue or language is none of theirs any more, Conflict
    where it was taken back before or can no longer be replaced.
    """
    with service.database.write() as connection:
        answer = _own(connection, actor, label_id)
        lock_known(connection, answer.item_id)
        task = lock_task(connection, answer.seat_id)
        must_take_back(actor, task)
        if task.kind == "appeal":
            raise Invalid("this is an appeal; take its decision back where it was given")
        in_time, task = revoke(connection, service, task, label_id)
        token = _back(connection, service, actor, task, answer.seat_id)
        log.append(connection, actor, "undo", task.task_id, label=label_id, in_time=in_time)
    service.telemetry.count(REVIEW_ANSWERS, "undone" if in_time else "reopened")
    return Undone(
        label_id=label_id, task_id=task.task_id, in_time=in_time, seat_id=answer.seat_id, token=token,
        what_happens=_what_happens(task, token, in_time=in_time),
    )  # fmt: skip


def must_take_back(actor: Actor, task: Row[Any]) -> None:
    """Raise Forbidden where the actor may not take an own answer to this task back (any more).

    Whoever answered a task before it was escalated need not have the queue in which leads find it.
    """
    actor.must("review", queue=None if task.tier else task.queue, language=task.language)


def revoke(connection: Connection, service: Service, task: Row[Any], label_id: str) -> tuple[bool, Row[Any]]:
    """Mark a standing answer of a locked task undone or replaced and open the task.

    Returns whether nothing was sent, and the task as it is now: where the item was edited since, nobody is asked
    about the old text any more, and it is closed. The item must be locked too, before the task.

    Raises Conflict where the answer stands no longer, where it was sent and the task was closed by something else
    than an answer or the item decided again since, and where the item was erased: nobody could answer the task anew.
    Part of the work may be done by then: roll it back.
    """
    if task.sealed is None:
        raise Conflict("the item was deleted; there is nothing left to answer")
    answer = connection.execute(select(answers).where(answers.c.label_id == label_id)).one()
    if answer.state != "standing":
        raise Conflict("this answer was taken back before; take the task again to answer it")
    in_time = _withdraw(connection, service, task, answer)
    if not in_time and task.state == "closed" and task.closed_why != "decided":
        raise Conflict(f"the label was sent and the task is closed ({task.closed_why}); there is nothing to replace")
    connection.execute(
        update(answers).where(answers.c.label_id == label_id).values(state="undone" if in_time else "replaced")
    )
    if task.kind == "golden":
        golden.undone(connection, service, task.task_id)
    if task.closed_why == "decided":
        connection.execute(
            update(tasks).where(tasks.c.task_id == task.task_id).values(state="open", closed_why=None, closed_ms=None)
        )
    if task.kind == "review" and _is_edited(connection, service, task):
        close_edited(connection, task.task_id)
    return in_time, connection.execute(select(tasks).where(tasks.c.task_id == task.task_id)).one()


def _is_edited(connection: Connection, service: Service, task: Row[Any]) -> bool:
    """Whether the worker has decided a newer text of the item: that closed what was open then."""
    item = lock_known(connection, task.item_id)
    if item is None or item.origin is None:
        return False
    return open_task(connection, service, task).origin.is_before(item.origin)


def _what_happens(task: Row[Any], token: int | None, *, in_time: bool) -> str:
    if token is not None:
        return _IN_TIME if in_time else _LATE
    if _is_gone(task):
        return _GONE if in_time else _LATE_GONE
    return _LIFTED if in_time else _LATE_LIFTED


def _is_gone(task: Row[Any]) -> bool:
    return bool(task.state == "closed" and task.closed_why != "decided")


def _own(connection: Connection, actor: Actor, label_id: str) -> Row[str | None, str]:
    row = connection.execute(
        select(answers.c.seat_id, tasks.c.item_id)
        .join(tasks, tasks.c.task_id == answers.c.task_id)
        .where(answers.c.label_id == label_id, answers.c.user_id == actor.user_id)
    ).one_or_none()
    if row is None or row.seat_id is None:
        raise NotFound("there is no such answer of yours")
    return row


def _withdraw(connection: Connection, service: Service, task: Row[Any], answer: Row[Any]) -> bool:
    """Delete what waits in the outbox because of an answer, and withdraw what was sent; whether its own label waited.

    A panel's label that counts on it and was not sent goes in any case: it sums up what holds no longer.
    """
    in_grace = now_ms(connection) < answer.decided_ms + undo_ms(service)
    sends = task.kind == "review"
    in_time = in_grace and (not sends or outbox.take_back(connection, [answer.label_id]))
    panel = panel_id(task.task_id, standing(connection, task.task_id))
    is_final = task.final_label_id == answer.label_id
    if (in_time and is_final) or (task.final_label_id == panel and outbox.take_back(connection, [panel])):
        withdraw_final(connection, task)
        connection.execute(
            update(tasks).where(tasks.c.task_id == task.task_id).values(
                verdict=task.last_verdict, final_label_id=task.last_label_id, last_verdict=None, last_label_id=None
            )
        )  # fmt: skip
    elif sends and task.closed_why == "decided":
        withdraw_verdict(connection, service, task, answer)
    if sends and not in_time and not is_final:
        withdraw_voice(connection, service, task, answer)
    return in_time


def _back(connection: Connection, service: Service, actor: Actor, task: Row[Any], seat_id: str) -> int | None:
    if _is_gone(task):
        return None
    put_back(connection, seat_id)
    if not actor.may("review", queue=task.queue) or (task.tier and not actor.may("review-escalated")):
        return None
    seat = connection.execute(select(seats).where(seats.c.seat_id == seat_id).with_for_update()).one()
    return lease(connection, service, actor, seat, now_ms(connection))
