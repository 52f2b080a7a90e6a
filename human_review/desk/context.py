"""What surrounds an item: other texts of its author and its thread, found among the tasks that the service has.

Authors and threads are kept as keyed digests, texts sealed; a text is opened when somebody looks. Only what came
before the item was first asked about is shown: a golden copy of it shows what its own task did.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, Row, func, or_, select
from sqlalchemy.sql.elements import ColumnElement

from human_review.database.tables import items, tasks
from human_review.desk.choose import covers
from human_review.errors import NotFound
from human_review.permissions import ANY, Actor
from human_review.service import Service
from stream_app.contracts.codec import decode
from stream_app.contracts.content import ContentItem
from stream_app.contracts.review import Context, ReviewTask

MOST = 5
MOST_CHARS = 2000  # of each text; the page is about the item
_LOOK_BACK = 100  # tasks looked through; an item that was edited has several


def author_key(service: Service, item: ContentItem) -> str | None:
    """What the items of an author share."""
    return service.keyed_digest("author", item.author_id) if item.author_id else None


def thread_key(service: Service, item: ContentItem) -> str | None:
    """What the items of a thread share; where none is named, the answers to the same item."""
    if item.thread_id:
        return service.keyed_digest("thread", item.thread_id)
    return service.keyed_digest("answers to", item.parent_id) if item.parent_id else None


def around(connection: Connection, service: Service, actor: Actor, row: Row[Any], task: ReviewTask) -> Context:
    """What surrounds the item of a task: what came with it, else what its reader may see of what is here.

    The thread is in the order that it came in, the author's texts are the latest first.
    """
    item, given = task.item, task.context
    author, thread = author_key(service, item), thread_key(service, item)
    before = _seen_before(connection, actor, row)

    def texts(which: ColumnElement[bool], most: int = MOST) -> tuple[str, ...]:
        return tuple(_texts(connection, service, [which, *before], most))

    parent = given.parent_text
    if parent is None and item.parent_id:
        parent = next(iter(texts(tasks.c.item_id == item.parent_id, 1)), None)
    in_thread = (tasks.c.thread_key == thread) & (tasks.c.item_id != (item.parent_id or ""))
    return Context(
        parent_text=parent,
        thread=given.thread or (texts(in_thread)[::-1] if thread else ()),
        author_history=given.author_history or (texts(tasks.c.author_key == author) if author else ()),
    )


def _seen_before(connection: Connection, actor: Actor, row: Row[Any]) -> list[ColumnElement[bool]]:
    """Tasks of other items that are not erased, from before this item's first, that the actor may see."""
    own = select(func.min(tasks.c.created_ms)).where(tasks.c.item_id == row.item_id, tasks.c.kind != "golden")
    first = connection.execute(own).scalar() or row.created_ms
    found = [
        tasks.c.item_id != row.item_id, tasks.c.created_ms <= first, tasks.c.kind != "golden",
        tasks.c.sealed.is_not(None), items.c.erased_ms.is_(None),
    ]  # fmt: skip
    if ANY not in actor.queues:
        found.append(tasks.c.queue.in_(sorted(actor.queues)))
    if ANY not in actor.languages:
        found.append(or_(*(covers(tasks.c.language, name) for name in sorted(actor.languages))))
    if not actor.may("review-escalated"):
        found.append(tasks.c.tier == 0)
    return found


def _texts(connection: Connection, service: Service, which: list[ColumnElement[bool]], most: int) -> Iterator[str]:
    """The latest text of each of the latest items."""
    latest = (
        select(tasks.c.task_id, tasks.c.item_id)
        .join(items, items.c.item_id == tasks.c.item_id)
        .where(*which)
        .order_by(tasks.c.created_ms.desc(), tasks.c.task_id)
        .limit(_LOOK_BACK)
    )
    newest: dict[str, str] = {}
    for row in connection.execute(latest):
        newest.setdefault(row.item_id, row.task_id)
    for item_id, task_id in list(newest.items())[:most]:
        sealed = connection.execute(select(tasks.c.sealed).where(tasks.c.task_id == task_id)).scalar()
        with suppress(NotFound):  # erased between the two looks
            yield _cut(decode(service.sealer.open(connection, item_id, sealed), ReviewTask).item.text)


def _cut(text: str) -> str:
    return text if len(text) <= MOST_CHARS else f"{text[:MOST_CHARS]} …"
