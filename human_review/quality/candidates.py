"""Golden candidates from consensus: tasks on which several people agree beyond doubt."""

from collections.abc import Iterator

from sqlalchemy import Connection, func, select

from human_review.database.tables import answers, golden, tasks
from human_review.quality.golden_sources import propose
from human_review.quality.overlap import standing, weigh_task
from human_review.service import Service

SURE = 0.99
_MOST = 200


def from_consensus(connection: Connection, service: Service, *, since_ms: int, until_ms: int) -> int:
    """Propose tasks that were decided in the given time by two people or more; how many became candidates.

    Their posterior is at least 0.99. Answers that were given at once to a group make one candidate at most.
    """
    made = 0
    for task_id in list(_agreed(connection, since_ms, until_ms)):
        settled = weigh_task(connection, service, task_id)
        if settled.weight >= SURE:
            batch_id = _batch_of(connection, task_id)
            made += propose(
                connection, service, task_id, settled.verdict, settled.labels, "consensus", batch_id=batch_id
            ) is not None  # fmt: skip
    return made


def _agreed(connection: Connection, since_ms: int, until_ms: int) -> Iterator[str]:
    """Decided tasks whose standing answers all name the verdict that stands."""
    rows = connection.execute(
        select(tasks.c.task_id)
        .join(answers, answers.c.task_id == tasks.c.task_id)
        .where(
            tasks.c.kind == "review", tasks.c.closed_why == "decided", tasks.c.closed_ms >= since_ms,
            tasks.c.closed_ms < until_ms, answers.c.state == "standing",
            tasks.c.item_id.not_in(select(golden.c.item_id)),
        )
        .group_by(tasks.c.task_id, tasks.c.closed_ms)
        .having(func.count() >= 2, func.count(answers.c.verdict.distinct()) == 1)
        .order_by(tasks.c.closed_ms.desc())
        .limit(_MOST)
    )  # fmt: skip
    return (row.task_id for row in rows)


def _batch_of(connection: Connection, task_id: str) -> str | None:
    batches = [answer.batch_id for answer in standing(connection, task_id)]
    return next((batch for batch in batches if batch), None)
