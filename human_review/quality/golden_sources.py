"""Where golden tasks come from: consensus, overturned appeals, leads."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, insert, or_, select

from human_review.database.alone import Work, alone
from human_review.database.engine import now_ms
from human_review.database.tables import golden, tasks
from human_review.errors import NotFound
from human_review.service import Service
from stream_app.contracts.codec import decode
from stream_app.contracts.ids import digest
from stream_app.contracts.review import ReviewTask


def propose(
    connection: Connection, service: Service, task_id: str, verdict: str, labels: Sequence[str], source: str,
    *, batch_id: str | None = None,
) -> str | None:  # fmt: skip
    """Make a golden candidate of a decided task; a lead activates it. ``source`` is consensus, appeal or lead.

    Returns its id, or None where the item, its group or the batch of its answers gave one already, or it was erased.
    An item is better known from its own review than from its appeal, so that the earlier task is taken if there is
    one. Raises NotFound for a task that is not there.
    """
    named = connection.execute(select(tasks).where(tasks.c.task_id == task_id)).one_or_none()
    if named is None:
        raise NotFound("there is no such task")
    task = _of_review(connection, named)
    if task.sealed is None:
        return None
    alone(connection, Work.GOLDEN)  # no index keeps a group or a batch from giving two
    if _already(connection, task, batch_id):
        return None
    golden_id = digest("golden", task.item_id, task.decision_id)
    connection.execute(
        insert(golden).values(
            golden_id=golden_id, item_id=task.item_id, queue=task.queue, label=task.label, language=task.language,
            verdict=verdict, labels=json.dumps(sorted(labels)), sealed=task.sealed,
            why=_plain_why(connection, service, task), priority=task.priority, group_key=task.group_key,
            batch_id=batch_id, source=source, state="candidate", created_ms=now_ms(connection),
        )
    )  # fmt: skip
    return golden_id


def _of_review(connection: Connection, task: Row[Any]) -> Row[Any]:
    if task.kind == "review":
        return task
    query = select(tasks).where(
        tasks.c.item_id == task.item_id, tasks.c.kind == "review", tasks.c.sealed.is_not(None)
    )
    return connection.execute(query.order_by(tasks.c.created_ms.desc()).limit(1)).one_or_none() or task


def _plain_why(connection: Connection, service: Service, task: Row[Any]) -> str:
    """Why a task of the kind comes to review by itself; an appealed item was decided automatically or by a person."""
    if task.why != "appeal":
        return str(task.why)
    known = decode(service.sealer.open(connection, task.item_id, task.sealed), ReviewTask)
    return "unsure" if known.decision.verdict == "review" else "sampled"


def _already(connection: Connection, task: Row[Any], batch_id: str | None) -> bool:
    same = [golden.c.item_id == task.item_id]
    if task.group_key:
        same.append(golden.c.group_key == task.group_key)
    if batch_id:
        same.append(golden.c.batch_id == batch_id)
    return connection.execute(select(golden.c.golden_id).where(or_(*same)).limit(1)).first() is not None
