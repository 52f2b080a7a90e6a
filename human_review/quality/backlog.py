"""What was drawn for people to look at, and how much of it still waits."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, case, func, select

from human_review.database.tables import tasks

# People decide what is most urgent first, so what is decided is no fair draw of what came. With nine tenths of it
# decided, a share is off by at most a tenth of the difference between what is decided and what waits. Of the thirty
# days that are looked at, nine tenths leave three days of work waiting, more than the due times of any label.
LEAST_DECIDED = 0.9


@dataclass(frozen=True, slots=True)
class Drawn:
    """Tasks of one verdict of the machine, label and language; ``waiting`` is the part that is not decided yet."""

    verdict: str
    label: str | None
    language: str
    tasks: int
    waiting: int


def drawn(connection: Connection, since_ms: int) -> list[Drawn]:
    """All tasks since a time, but for golden ones, appeals and those that reports brought."""
    of_kind = tasks.c.machine_verdict, tasks.c.label, tasks.c.language
    waiting = func.sum(case((tasks.c.state == "open", 1), else_=0))
    rows = connection.execute(
        select(*of_kind, func.count(), waiting)
        .where(tasks.c.kind == "review", tasks.c.why != "report", tasks.c.created_ms >= since_ms)
        .group_by(*of_kind)
    )
    return [Drawn(verdict, label, language, int(n), int(left)) for verdict, label, language, n, left in rows]


def is_decided(decided: int, drawn: Sequence[Drawn]) -> bool:
    """Whether enough of what was drawn is decided to speak of all of it. What was taken away is not waited for."""
    waiting = sum(one.waiting for one in drawn)
    return decided >= LEAST_DECIDED * (decided + waiting)
