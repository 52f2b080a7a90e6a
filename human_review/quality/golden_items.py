"""Golden items as leads keep them: listed, looked at, taken into use, retired, made of a decided task."""

import json
from datetime import datetime
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, Row, func, select, update

from human_review.audit import log
from human_review.database.tables import golden, golden_results, items, tasks
from human_review.errors import Conflict, Invalid, NotFound
from human_review.permissions import ANY, Actor
from human_review.quality.golden_sources import propose
from human_review.quality.overlap import weigh_task
from human_review.service import Service
from human_review.times import at
from stream_app.contracts.codec import decode
from stream_app.contracts.review import ReviewTask

State = Literal["candidate", "active", "retired"]
_NEXT: dict[State, tuple[State, ...]] = {
    "candidate": ("active", "retired"),
    "active": ("retired",),
    "retired": ("active",),
}


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A golden item: what is right, where it comes from, how often it was shown and answered, how often rightly."""

    golden_id: str
    item_id: str
    label: str | None
    language: str
    verdict: str
    labels: tuple[str, ...]
    source: str
    state: str
    views: int
    answered: int
    right: int
    created_at: datetime


def listing(service: Service, actor: Actor, state: State, *, limit: int = 100) -> list[Item]:
    """The newest of a state that are in the actor's queues and languages."""
    actor.must("manage-golden")
    with service.database.read() as connection:
        query = _ITEMS.where(golden.c.state == state).order_by(golden.c.created_ms.desc(), golden.c.golden_id)
        if ANY not in actor.languages:
            names = sorted(actor.languages)
            query = query.where(func.substr(golden.c.language, 1, 2).in_([name[:2] for name in names]))
        if ANY not in actor.queues:
            query = query.where(golden.c.queue.in_(sorted(actor.queues)))
        found = connection.execute(query.limit(limit)).all()
    return [_item(row) for row in found if _may(actor, row)]


def look(service: Service, actor: Actor, golden_id: str) -> tuple[Item, str]:
    """One with its text. Raises NotFound, also where the item was erased or the actor lacks its queue or language."""
    actor.must("manage-golden")
    with service.database.read() as connection:
        row = _one(connection, actor, golden_id)
        task = decode(service.sealer.open(connection, row.item_id, row.sealed), ReviewTask)
    return _item(row), task.item.text


def move(service: Service, actor: Actor, golden_id: str, state: State) -> Item:
    """Take into use, or retire. Raises Conflict where that is not the next step, NotFound as `look` does."""
    actor.must("manage-golden")
    with service.database.write() as connection:
        row = _one(connection, actor, golden_id)
        if state not in _NEXT.get(row.state, ()):
            raise Conflict(f"it is {row.state} and cannot become {state}")
        if state == "active" and row.views >= service.config.quality.golden.retire_after_views:
            raise Conflict("people have seen it too often; make another one")
        connection.execute(
            update(golden).where(golden.c.golden_id == golden_id, golden.c.state == row.state).values(state=state)
        )
        log.append(connection, actor, f"golden-{state}", golden_id, verdict=row.verdict, source=row.source)
        return _item(_one(connection, actor, golden_id))


def add(service: Service, actor: Actor, task_id: str) -> Item:
    """A candidate made of a decided task with the verdict it ended with.

    Raises NotFound, Invalid for a task that is not decided, Conflict where its item or group is golden already.
    """
    actor.must("manage-golden")
    with service.database.write() as connection:
        task = connection.execute(select(tasks).where(tasks.c.task_id == task_id)).one_or_none()
        if task is None or task.kind == "golden" or not _may(actor, task):
            raise NotFound("there is no such task")
        if task.closed_why != "decided":
            raise Invalid("the task is not decided; only what people have decided can be golden")
        labels = weigh_task(connection, service, task_id).labels
        golden_id = propose(connection, service, task_id, task.verdict, labels, "lead")
        if golden_id is None:
            raise Conflict("this item, or one of its group, is golden already, or it was erased")
        log.append(connection, actor, "golden-candidate", golden_id, verdict=task.verdict, source="lead")
        return _item(_one(connection, actor, golden_id))


def _may(actor: Actor, row: Row[Any]) -> bool:
    """Of a golden item or of the task that one is made of."""
    return actor.may("manage-golden", queue=row.queue, language=row.language)


_ITEMS = (
    select(
        golden,
        select(func.count()).where(golden_results.c.golden_id == golden.c.golden_id,
                                   golden_results.c.right.is_not(None)).scalar_subquery().label("answered"),
        select(func.count()).where(golden_results.c.golden_id == golden.c.golden_id,
                                   golden_results.c.right).scalar_subquery().label("hits"),
    )
    .join(items, items.c.item_id == golden.c.item_id)
    .where(items.c.erased_ms.is_(None))
)  # fmt: skip


def _one(connection: Connection, actor: Actor, golden_id: str) -> Row[Any]:
    row = connection.execute(_ITEMS.where(golden.c.golden_id == golden_id)).one_or_none()
    if row is None or not _may(actor, row):
        raise NotFound("there is no such golden item")
    return row


def _item(row: Row[Any]) -> Item:
    return Item(
        golden_id=row.golden_id, item_id=row.item_id, label=row.label, language=row.language, verdict=row.verdict,
        labels=tuple(json.loads(row.labels)), source=row.source, state=row.state, views=row.views,
        answered=row.answered, right=row.hits, created_at=at(row.created_ms),
    )  # fmt: skip


__all__ = ("Item", "State", "add", "listing", "look", "move")
