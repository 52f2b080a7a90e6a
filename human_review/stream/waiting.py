"""How many tasks are open, and how long the oldest has been past due: a task that nobody may take waits for ever."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, select

from human_review.database.engine import now_ms
from human_review.database.tables import seats, tasks
from human_review.service import Service
from stream_app.contracts.metrics import REVIEW_OPEN, REVIEW_OVERDUE

MOST_LANGUAGES = 20
OTHER = "other"


class Waiting:
    """Sets the gauges, those of queues and languages that have nothing left to 0. Not thread-safe."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._open: set[tuple[str, str]] = set()
        self._overdue: set[str] = set()

    def measure(self) -> None:
        """Count and set."""
        with self._service.database.read() as connection:
            now, rows = now_ms(connection), _open(connection)
        counts, overdue = _counts(rows), _overdue(rows, now)
        self._open |= counts.keys()
        self._overdue |= overdue.keys()
        for place in self._open:
            self._service.telemetry.set(REVIEW_OPEN, counts[place], *place)
        for queue in self._overdue:
            self._service.telemetry.set(REVIEW_OVERDUE, overdue.get(queue, 0.0), queue)


def _open(connection: Connection) -> Sequence[Row[Any]]:
    """Open tasks by queue and language: how many, and when the first was due. An index finds them by their seats."""
    seated = select(seats.c.task_id).where(seats.c.state.in_(("open", "leased")), seats.c.kind != "golden")
    return connection.execute(
        select(tasks.c.queue, tasks.c.language, func.count().label("open"), func.min(tasks.c.due_ms).label("due_ms"))
        .where(tasks.c.task_id.in_(seated))
        .group_by(tasks.c.queue, tasks.c.language)
    ).all()


def _counts(rows: Sequence[Row[Any]]) -> Counter[tuple[str, str]]:
    languages, counts = Counter[str](), Counter[tuple[str, str]]()
    for row in sorted(rows, key=lambda row: str(row.language)):  # equally many: by name, so that none comes and goes
        languages[row.language] += row.open
    named = {language for language, _ in languages.most_common(MOST_LANGUAGES)}
    for row in rows:
        counts[row.queue, row.language if row.language in named else OTHER] += row.open
    return counts


def _overdue(rows: Sequence[Row[Any]], now: int) -> dict[str, float]:
    first = dict[str, int]()
    for row in rows:
        first[row.queue] = min(first.get(row.queue, now), row.due_ms)
    return {queue: (now - due) / 1000 for queue, due in first.items()}
