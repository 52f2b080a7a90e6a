"""What the quality page shows, in one value: computed by `refresh`, kept as JSON, read by page, API and export."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
import numpy as np
from sqlalchemy import Connection, func, select

from human_review.database.engine import now_ms
from human_review.database.tables import answers, golden, golden_results, reliability, summaries, tasks
from human_review.quality import backlog, population, sampled
from human_review.quality.agreement import MEASURES, Counts, agreement
from human_review.quality.backlog import Drawn
from human_review.quality.estimate import Estimate, clopper_pearson, estimate
from human_review.quality.pairs import Paired, first_two, paired
from human_review.quality.posterior import VERDICTS
from human_review.quality.sampled import EVERY, LEAST_AUDITS, Audit
from human_review.quality.weights import ALL
from human_review.times import at

DAYS = 30
MOST_LANGUAGES = 20
LEAST_GOLDEN = 30
_DAY_MS = 86_400_000
_NAME = "quality"


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One policy label and language; ``*`` stands for all. ``several`` and ``split`` are parts of ``decided``.

    ``agreement`` is that of the first two people who answered a task that was drawn for two (`pairs`).
    """

    label: str
    language: str
    precision: Estimate
    miss_rate: Estimate
    prevalence: Estimate
    missed: Estimate
    agreement: dict[str, Estimate]
    decided: int
    answers: int
    several: int
    split: int


class GoldenRow(msgspec.Struct, frozen=True, kw_only=True):
    """Golden tasks of a label: how often all people together were right."""

    label: str
    right: Estimate


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """The whole page. ``alarms`` counts people; who they are is for coaching, not for a page."""

    computed_at: datetime
    days: int
    least_audits: int
    rows: tuple[Row, ...]
    golden: tuple[GoldenRow, ...]
    golden_items: dict[str, int]
    alarms: int


class Answered(msgspec.Struct, frozen=True):
    """A decided task with how many people gave each verdict of `VERDICTS`."""

    label: str
    language: str
    counts: tuple[int, ...]


def current(connection: Connection) -> Summary | None:
    """What was computed last; None before the first time."""
    body = connection.execute(select(summaries.c.body).where(summaries.c.name == _NAME)).scalar()
    return msgspec.json.decode(body, type=Summary) if body else None


def keep(connection: Connection, summary: Summary) -> None:
    """Put it in the place of the one before."""
    connection.execute(summaries.delete().where(summaries.c.name == _NAME))
    body = msgspec.json.encode(summary).decode()
    connection.execute(summaries.insert().values(name=_NAME, body=body, computed_ms=now_ms(connection)))


def summarize(connection: Connection, labels: Iterable[str]) -> Summary:
    """Compute it from the last 30 days."""
    now = now_ms(connection)
    since = now - DAYS * _DAY_MS
    audits, totals = sampled.audits(connection, since), population.totals(connection, since)
    drawn, answered = backlog.drawn(connection, since), Counter(_answered(connection, since))
    pairs = paired(connection, since)
    rows: list[Row] = []
    for language in (EVERY, *_languages(answered)):
        found = [audit for audit in audits if language in (EVERY, audit.language)]
        rows += (_row(label, language, found, totals, drawn, answered, pairs) for label in (EVERY, *sorted(labels)))
    return Summary(
        computed_at=at(now), days=DAYS, least_audits=LEAST_AUDITS, rows=tuple(rows),
        golden=_golden(connection, since, sorted(labels)), golden_items=_golden_items(connection),
        alarms=_alarms(connection),
    )  # fmt: skip


def _row(
    label: str, language: str, found: Sequence[Audit], totals: dict[tuple[str, str], int], drawn: Sequence[Drawn],
    answered: Counter[Answered], pairs: Sequence[Paired],
) -> Row:  # fmt: skip
    """``found`` are the audits of the language."""
    sizes: dict[str, int] = {}
    for (verdict, spoken), count in totals.items():
        if language in (EVERY, spoken):
            sizes[verdict] = sizes.get(verdict, 0) + count
    drawn_here = [one for one in drawn if language in (EVERY, one.language)]
    counts = _counts(answered, label, language)
    people = counts.sum(axis=1)
    return Row(
        label=label, language=language, precision=sampled.precision(found, label, drawn_here),
        miss_rate=sampled.miss_rate(found, label, drawn_here),
        prevalence=sampled.prevalence(found, label, sizes, drawn_here),
        missed=sampled.missed(found, label, drawn_here), agreement=agreement(first_two(pairs, label, language)),
        decided=len(counts), answers=int(people.sum()), several=int((people > 1).sum()),
        split=int(((counts > 0).sum(axis=1) > 1).sum()),
    )  # fmt: skip


def _counts(answered: Counter[Answered], label: str, language: str) -> Counts:
    these = [one for one in answered if label in (EVERY, one.label) and language in (EVERY, one.language)]
    rows = np.array([one.counts for one in these], dtype=np.int64).reshape(len(these), len(VERDICTS))
    return np.repeat(rows, np.array([answered[one] for one in these], dtype=np.int64), axis=0)


def _answered(connection: Connection, since_ms: int) -> list[Answered]:
    rows = connection.execute(
        select(tasks.c.task_id, tasks.c.label, tasks.c.language, answers.c.verdict, func.count().label("people"))
        .join(tasks, tasks.c.task_id == answers.c.task_id)
        .where(
            tasks.c.kind == "review", tasks.c.closed_why == "decided", tasks.c.created_ms >= since_ms,
            answers.c.state == "standing", answers.c.verdict.in_(VERDICTS),
            answers.c.decided_ms >= since_ms,  # follows from the above; an index finds them by it
        )
        .group_by(tasks.c.task_id, tasks.c.label, tasks.c.language, answers.c.verdict)
    )  # fmt: skip
    found: dict[str, tuple[str, str, list[int]]] = {}
    for row in rows:
        _, _, counts = found.setdefault(row.task_id, (row.label or "", row.language, [0] * len(VERDICTS)))
        counts[VERDICTS.index(row.verdict)] = int(row.people)
    return [Answered(label, language, tuple(counts)) for label, language, counts in found.values()]


def _languages(answered: Counter[Answered]) -> list[str]:
    """Languages with the most decided tasks, in the order of their names; too small ones are in ``*`` alone."""
    times: dict[str, int] = {}
    for one, count in answered.items():
        times[one.language] = times.get(one.language, 0) + count
    enough = [language for language, count in times.items() if count >= LEAST_GOLDEN]
    return sorted(sorted(enough, key=lambda language: (-times[language], language))[:MOST_LANGUAGES])


def _golden(connection: Connection, since_ms: int, labels: Sequence[str]) -> tuple[GoldenRow, ...]:
    rows = connection.execute(
        select(golden_results.c.label, golden_results.c.right, func.count())
        .where(golden_results.c.right.is_not(None), golden_results.c.at_ms >= since_ms)
        .group_by(golden_results.c.label, golden_results.c.right)
    )
    times = {(label or "", bool(right)): int(count) for label, right, count in rows}
    return tuple(GoldenRow(label=label, right=_right(times, label)) for label in (EVERY, *labels))


def _right(times: dict[tuple[str, bool], int], label: str) -> Estimate:
    hits = sum(count for (name, right), count in times.items() if right and label in (EVERY, name))
    n = sum(count for (name, _), count in times.items() if label in (EVERY, name))
    return estimate(n, hits / n, *clopper_pearson(hits, n), least=LEAST_GOLDEN) if n else Estimate(0)


def _golden_items(connection: Connection) -> dict[str, int]:
    rows = connection.execute(select(golden.c.state, func.count()).group_by(golden.c.state))
    found = {state: int(count) for state, count in rows}
    return {state: found.get(state, 0) for state in ("candidate", "active", "retired")}


def _alarms(connection: Connection) -> int:
    raised = select(func.count()).where(reliability.c.label == ALL, reliability.c.alarm)
    return int(connection.execute(raised).scalar_one())


__all__ = ("MEASURES", "GoldenRow", "Row", "Summary", "current", "keep", "summarize")
