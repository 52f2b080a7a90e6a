"""Tasks that were drawn for two answers when they came in: what tells how people answer.

Nothing that answers have a part in may choose what people are measured by. Other tasks get a second answer because
of the first one: where harm is rare a single ``remove`` is doubted and a single ``allow`` is not, so that among tasks
with several answers people seem to remove what is harmless far too often. Nor may tasks with one answer be added:
what those say of a person rests on everybody getting the same mix of tasks, and queues, languages and groups see to
it that nobody does.

A third answer to such a task follows from the two before it, which are there as well: given them it depends on
nothing else, and a likelihood of all answers of the task needs no correction for it (Rubin 1976). A statistic that
counts answers does, and takes the first two alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from sqlalchemy import Connection, select

from human_review.database.tables import answers, seats, tasks
from human_review.quality.agreement import Counts
from human_review.quality.posterior import VERDICTS
from human_review.quality.sampled import EVERY

_PAIR = (1, 2)  # the seats that such a task is opened with; others open when their answers differ


@dataclass(frozen=True, slots=True)
class Paired:
    """A task that both of its first seats have a standing answer to; ``given`` has who said what, theirs first."""

    task_id: str
    label: str
    language: str
    given: tuple[tuple[str, str], ...]


def paired(connection: Connection, since_ms: int) -> list[Paired]:
    """Those that came since a time, decided or not: what waits for a third answer is what people differ on.

    The time is the task's, for a third answer comes later than the two that it follows from. Seats tell the two from
    the third, also after an answer was taken back and its seat given on.
    """
    rows = connection.execute(
        select(
            answers.c.task_id, answers.c.user_id, answers.c.verdict, tasks.c.label, tasks.c.language, seats.c.number
        )
        .join(tasks, tasks.c.task_id == answers.c.task_id)
        .join(seats, seats.c.seat_id == answers.c.seat_id)
        .where(
            tasks.c.paired, tasks.c.created_ms >= since_ms, answers.c.state == "standing",
            answers.c.verdict.in_(VERDICTS),
            answers.c.decided_ms >= since_ms,  # follows from the above; an index finds them by it
        )
    ).all()  # fmt: skip
    rows = sorted(rows, key=lambda row: (row.task_id, row.number))  # in the database it would go through all tasks
    found = []
    for task_id, of_task in groupby(rows, key=lambda row: str(row.task_id)):
        given = list(of_task)
        if tuple(row.number for row in given[:2]) == _PAIR:
            said = tuple((row.user_id, row.verdict) for row in given)
            found.append(Paired(task_id, given[0].label or "", given[0].language, said))
    return found


def first_two(tasks_of: Sequence[Paired], label: str, language: str) -> Counts:
    """How many of the first two people gave each verdict: a row a task of a label and language, ``*`` for any."""
    rows = [
        [sum(said == verdict for _, said in task.given[:2]) for verdict in VERDICTS]
        for task in tasks_of
        if label in (EVERY, task.label) and language in (EVERY, task.language)
    ]
    return np.array(rows, dtype=np.int64).reshape(len(rows), len(VERDICTS))
