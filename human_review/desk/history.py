"""What was answered: a person's own answers, and decided tasks for those who may see them."""

import json
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Row, Select, exists, or_, select

from human_review.database.tables import answers, seats, tasks, users
from human_review.desk.choose import covers
from human_review.desk.emit import undo_ms
from human_review.errors import Invalid
from human_review.permissions import ANY, Actor
from human_review.service import Service
from human_review.times import at

_MOST = 200


class Past(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that was given. ``state`` is standing, undone or replaced.

    Nothing here tells a golden task from others: ``undo_until`` only says until when nothing is sent. The answer to
    an ``appeal`` can be taken back until then, where appeals are decided.
    """

    label_id: str
    task_id: str
    item_id: str
    queue: str
    language: str
    verdict: str
    labels: tuple[str, ...]
    reviewer: str
    decided_at: datetime
    undo_until: datetime
    state: str
    batch_id: str | None
    appeal: bool


def history(
    service: Service, actor: Actor, *, own: bool = True, before: datetime | None = None, limit: int = 50
) -> tuple[Past, ...]:
    """The latest answers first, at most 200, those before a time. ``own``: only the person's.

    Those of others need the right to see them, and cover the actor's queues and languages. They are of closed tasks
    of which the actor has no seat, so that nobody sees an answer before giving theirs; golden tasks are in a person's
    own only. Raises Forbidden, Invalid.
    """
    actor.must("see-own-work" if own else "see-history")
    if not 1 <= limit <= _MOST:
        raise Invalid(f"limit must be 1 to {_MOST}")
    query = _PAST.where(answers.c.user_id == actor.user_id) if own else _of_others(actor)
    if before is not None:
        query = query.where(answers.c.decided_ms < round(before.timestamp() * 1000))
    with service.database.read() as connection:
        rows = connection.execute(query.order_by(answers.c.decided_ms.desc()).limit(limit)).all()
    return tuple(_past(service, row) for row in rows)


_PAST = (
    select(
        answers, tasks.c.item_id, tasks.c.queue, tasks.c.language, tasks.c.kind.label("task_kind"), users.c.pseudonym
    )
    .join(tasks, tasks.c.task_id == answers.c.task_id)
    .join(users, users.c.user_id == answers.c.user_id)
)


def _of_others(actor: Actor) -> Select[Any]:
    seated = exists().where(
        seats.c.task_id == tasks.c.task_id, seats.c.holder == actor.user_id, seats.c.state.in_(("open", "leased"))
    )
    query = _PAST.where(tasks.c.kind != "golden", tasks.c.state == "closed", ~seated)
    if ANY not in actor.queues:
        query = query.where(tasks.c.queue.in_(sorted(actor.queues)))
    if ANY not in actor.languages:
        query = query.where(or_(*(covers(tasks.c.language, name) for name in sorted(actor.languages))))
    return query


def _past(service: Service, row: Row[Any]) -> Past:
    return Past(
        label_id=row.label_id, task_id=row.task_id, item_id=row.item_id, queue=row.queue, language=row.language,
        verdict=row.verdict, labels=tuple(json.loads(row.labels)), reviewer=row.pseudonym,
        decided_at=at(row.decided_ms), undo_until=at(row.decided_ms + undo_ms(service)), state=row.state,
        batch_id=row.batch_id, appeal=row.task_kind == "appeal",
    )  # fmt: skip
