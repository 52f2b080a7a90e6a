"""Golden candidates from consensus: tasks on which several people agree beyond doubt."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, ScalarSelect, func, or_, select
from sqlalchemy.sql.elements import ColumnElement

from human_review.database.tables import answers, golden, tasks
from human_review.quality.golden_sources import propose
from human_review.quality.overlap import standing, weigh_task
from human_review.service import Service

SURE = 0.99
_MOST = 200


@dataclass(frozen=True, slots=True)
class Agreed:
    """A task on which people agree, what on, and the batch of one of the answers if they were given at once."""

    task_id: str
    verdict: str
    labels: tuple[str, ...]
    batch_id: str | None


@dataclass(frozen=True, slots=True)
class Window:
    """When tasks must have been decided. The end is so long ago that no answer is taken back any more."""

    since_ms: int
    until_ms: int


def agreed(connection: Connection, service: Service, window: Window) -> list[Agreed]:
    """Tasks that were decided by two people or more, the latest first; changes nothing.

    Their posterior is at least 0.99. Those that can give no candidate any more are left out.
    """
    found = []
    for task_id in _decided(connection, window):
        settled = weigh_task(connection, service, task_id)
        if settled.weight >= SURE:
            found.append(Agreed(task_id, settled.verdict, settled.labels, _batch_of(connection, task_id)))
    return found


def propose_agreed(connection: Connection, service: Service, found: Collection[Agreed], window: Window) -> int:
    """Make candidates of what `agreed` has found before, as far as it still holds; how many there are.

    Whoever takes an answer back opens the task again, which is decided later then than the window says. Answers that
    were given at once to a group make one candidate at most.
    """
    still = set(_decided(connection, window, [one.task_id for one in found]))
    made = [
        propose(connection, service, one.task_id, one.verdict, one.labels, "consensus", batch_id=one.batch_id)
        for one in found
        if one.task_id in still
    ]
    return sum(golden_id is not None for golden_id in made)


def _decided(connection: Connection, window: Window, among: Collection[str] | None = None) -> list[str]:
    """Decided tasks whose standing answers all name the verdict that stands, and whose group has no golden item.

    The latest are found by an index, and their answers one task after the other, until there are enough.
    """
    known_groups = select(golden.c.group_key).where(golden.c.group_key.is_not(None))
    query = (
        select(tasks.c.task_id)
        .where(
            tasks.c.closed_ms >= window.since_ms, tasks.c.closed_ms < window.until_ms, tasks.c.kind == "review",
            tasks.c.closed_why == "decided", tasks.c.sealed.is_not(None),
            tasks.c.item_id.not_in(select(golden.c.item_id)),
            or_(tasks.c.group_key.is_(None), tasks.c.group_key.not_in(known_groups)),
            _of_answers(func.count()) >= 2, _of_answers(func.count(answers.c.verdict.distinct())) == 1,
        )
        .order_by(tasks.c.closed_ms.desc())
        .limit(_MOST)
    )  # fmt: skip
    if among is not None:
        query = query.where(tasks.c.task_id.in_(among))
    return list(connection.execute(query).scalars())


def _of_answers(number: ColumnElement[int]) -> ScalarSelect[int]:
    """A number of a task's standing answers."""
    return select(number).where(answers.c.task_id == tasks.c.task_id, answers.c.state == "standing").scalar_subquery()


def _batch_of(connection: Connection, task_id: str) -> str | None:
    batches = [answer.batch_id for answer in standing(connection, task_id)]
    return next((batch for batch in batches if batch), None)
