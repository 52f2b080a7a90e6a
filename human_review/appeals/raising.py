"""What reports do to the order of work: they move one task forward, the first most and all together a bounded way."""

from sqlalchemy import Connection, func, select, update

from human_review.database.tables import reports, seats, tasks
from human_review.review_file import Reports
from human_review.service import Service
from human_review.urgency import rank_ms

_MOST_REPORTS = 500  # after far fewer, the next one adds nothing that could be seen


def raise_of(rules: Reports, weight: float) -> float:
    """By how much reports of a total weight raise an item: ``raise`` for 1, at last ``raise_most``."""
    if rules.most <= 0.0:
        return 0.0
    left = 1.0 - min(1.0, rules.first / rules.most)
    return rules.most * (1.0 - float(left**weight))


def weight_of_reports(connection: Connection, item_id: str) -> float:
    """The total weight of the reports that count for an item."""
    counted = (
        select(reports.c.weight).where(reports.c.item_id == item_id, reports.c.counted).limit(_MOST_REPORTS)
    ).subquery()
    return float(connection.execute(select(func.sum(counted.c.weight))).scalar() or 0.0)


def attach(connection: Connection, service: Service, task_id: str, item_id: str) -> float:
    """Let a new task have the reports that waited for one; by how much they raise it."""
    mine = (reports.c.item_id == item_id) & reports.c.task_id.is_(None)
    connection.execute(update(reports).where(mine).values(task_id=task_id))
    raised = raise_of(service.config.reports, weight_of_reports(connection, item_id))
    move(connection, service, task_id, raised)
    return raised


def move(connection: Connection, service: Service, task_id: str, by: float) -> None:
    """Raise the priority of an open task, at most to 1, and move its open seats accordingly."""
    if by <= 0.0:
        return
    row = connection.execute(
        select(tasks.c.priority, tasks.c.due_ms).where(tasks.c.task_id == task_id, tasks.c.state == "open")
        .with_for_update()
    ).one_or_none()  # fmt: skip
    if row is None:
        return
    priority = min(1.0, row.priority + by)
    rank = rank_ms(row.due_ms, priority, service.config.queues.half_life_minutes)
    connection.execute(update(tasks).where(tasks.c.task_id == task_id).values(priority=priority, rank_ms=rank))
    waiting = (seats.c.task_id == task_id) & seats.c.state.in_(("open", "leased"))
    connection.execute(update(seats).where(waiting).values(rank_ms=rank))
