"""A person passes: a skipped task goes to others, an escalated one to leads."""

import msgspec
from sqlalchemy import Connection, update

from human_review.audit import log
from human_review.database.engine import now_ms
from human_review.database.rows import insert_new
from human_review.database.tables import seats, skips, tasks
from human_review.desk.again import again
from human_review.desk.leases import held_seat, let_go, lock_task, must_reach
from human_review.errors import Conflict, Invalid
from human_review.people import exposure
from human_review.permissions import Actor
from human_review.service import Service
from human_review.webhooks.events import TASK_ESCALATED, announce
from stream_app.contracts.metrics import REVIEW_ANSWERS

_ESCALATED = "escalated"
_TIER = 1
_SKIPPED = "somebody else gets the task; you may get it again in some hours, if nobody answers it"


class Passed(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the task."""

    task_id: str
    what_happens: str


@again
def skip(service: Service, actor: Actor, seat_id: str, token: int, reason: str, *, seconds: float = 0.0) -> Passed:
    """Leave a task to others; the person is not given it again for ``skip_hours``. The reason is one of the file's.

    Raises LeaseLost, Forbidden where it is none of theirs any more, Invalid for another reason.
    """
    if reason not in service.config.skip_reasons:
        raise Invalid(f"the reason must be one of {', '.join(service.config.skip_reasons)}")
    with service.database.write() as connection:
        task = lock_task(connection, seat_id, actor)
        must_reach(actor, task)
        seat = held_seat(connection, actor, seat_id, token)
        _pass(connection, actor, task.task_id, reason)
        let_go(connection, seat)
        exposure.spent(connection, actor.user_id, seconds, task.severity)
        log.append(connection, actor, "skip", task.task_id, reason=reason)
    service.telemetry.count(REVIEW_ANSWERS, "skipped")
    return Passed(task_id=task.task_id, what_happens=_SKIPPED)


@again
def escalate(service: Service, actor: Actor, seat_id: str, token: int, *, seconds: float = 0.0) -> Passed:
    """Hand a task to leads; whoever holds another seat of it loses that one, and given answers stand.

    An appeal stays in its queue and needs a lead from then on. Raises LeaseLost, Forbidden as `skip` does, Conflict
    where it was escalated before and for whoever decides what is escalated.
    """
    with service.database.write() as connection:
        task = lock_task(connection, seat_id, actor)
        must_reach(actor, task)
        seat = held_seat(connection, actor, seat_id, token)
        if task.tier >= _TIER or actor.may("review-escalated"):
            raise Conflict("this task is escalated to you and your like; decide it, or skip it with a reason")
        _pass(connection, actor, task.task_id, _ESCALATED)
        if task.kind == "golden":
            let_go(connection, seat)
        else:
            queue = task.queue if task.kind == "appeal" else service.config.queues.escalated
            _lift(connection, task.task_id, queue)
            announce(
                connection, service, TASK_ESCALATED, task_id=task.task_id, item_id=task.item_id, queue=queue
            )  # fmt: skip
        exposure.spent(connection, actor.user_id, seconds, task.severity)
        log.append(connection, actor, "escalate", task.task_id)
    service.telemetry.count(REVIEW_ANSWERS, _ESCALATED)
    return Passed(task_id=task.task_id, what_happens="a lead gets the task")


def _pass(connection: Connection, actor: Actor, task_id: str, reason: str) -> None:
    key, now = {"task_id": task_id, "user_id": actor.user_id}, {"reason": reason, "at_ms": now_ms(connection)}
    if not insert_new(connection, skips, **key, **now):
        connection.execute(update(skips).filter_by(**key).values(**now))


def _lift(connection: Connection, task_id: str, queue: str) -> None:
    connection.execute(update(tasks).where(tasks.c.task_id == task_id).values(tier=_TIER, queue=queue))
    connection.execute(
        update(seats).where(seats.c.task_id == task_id, seats.c.state.in_(("open", "leased")))
        .values(state="open", holder=None, lease_until_ms=None, tier=_TIER, queue=queue)
    )  # fmt: skip
