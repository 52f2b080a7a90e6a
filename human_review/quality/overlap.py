"""How many people answer a task: until the verdict is sure enough, and no longer."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from human_review.database.tables import answers, priors, seats, tasks
from human_review.errors import NotFound
from human_review.quality.posterior import VERDICTS, posterior
from human_review.quality.weights import ALL, Trust, trust_of
from human_review.review_file import Quality
from human_review.service import Service
from stream_app.contracts.ids import digest

_TIE = 1e-9  # people with weight 0 still have a say among themselves


@dataclass(frozen=True, slots=True)
class Settled:
    """What the standing answers come to. ``weight`` is 0 to 1; nothing is settled while ``final`` is false."""

    final: bool
    verdict: str
    labels: tuple[str, ...] = ()
    weight: float = 0.0


@dataclass(frozen=True, slots=True)
class Given:
    """One standing answer, and how far its giver is trusted."""

    verdict: str
    labels: tuple[str, ...]
    trust: Trust


def settle(connection: Connection, service: Service, task_id: str) -> Settled:
    """Whether the task is final with its standing answers; opens one more seat where it is not and none is open.

    The weight of a single answer is that of its giver (`Trust.weight`), of several the posterior of the verdict.
    Golden tasks and appeals are final with one answer. Raises NotFound for a task without a standing answer.
    """
    task = connection.execute(select(tasks).where(tasks.c.task_id == task_id)).one_or_none()
    if task is None:
        raise NotFound("there is no such task")
    settled, answered = _weigh(connection, service, task)
    if task.kind != "review":
        return Settled(True, settled.verdict, settled.labels, settled.weight)
    if not settled.final:
        _want_another(connection, task, answered)
    return settled


def weigh_task(connection: Connection, service: Service, task_id: str) -> Settled:
    """What the standing answers of a task come to; changes nothing. Raises NotFound as `settle` does."""
    task = connection.execute(select(tasks).where(tasks.c.task_id == task_id)).one_or_none()
    if task is None:
        raise NotFound("there is no such task")
    return _weigh(connection, service, task)[0]


def standing(connection: Connection, task_id: str) -> list[Row[Any]]:
    """The answers of a task that stand, in the order in which they came."""
    return list(
        connection.execute(
            select(answers)
            .where(answers.c.task_id == task_id, answers.c.state == "standing")
            .order_by(answers.c.decided_ms, answers.c.label_id)
        )
    )


def weigh(given: Sequence[Given], prior: dict[str, float], quality: Quality, wanted: int = 1) -> Settled:
    """The same without a database.

    Final from ``wanted`` answers on, once the posterior is ``sure`` (``sure_alone`` for a single answer that was all
    that was wanted) or ``most_answers`` are there.
    """
    shares = posterior([(answer.verdict, answer.trust) for answer in given], prior)
    verdict = max((answer.verdict for answer in given), key=lambda said: shares.get(said, 0.0))  # what somebody said
    enough = quality.sure_alone if len(given) == 1 else quality.sure
    final = len(given) >= wanted and (shares.get(verdict, 0.0) >= enough or len(given) >= quality.most_answers)
    weight = given[0].trust.weight if len(given) == 1 else shares.get(verdict, 0.0)
    return Settled(final, verdict, _labels_of(given, verdict), weight)


def _labels_of(given: Sequence[Given], verdict: str) -> tuple[str, ...]:
    """Labels that at least half of the trust behind the verdict named."""
    behind = [answer for answer in given if answer.verdict == verdict]
    total = sum(answer.trust.weight + _TIE for answer in behind)
    named = {label: 0.0 for answer in behind for label in answer.labels}
    for answer in behind:
        for label in answer.labels:
            named[label] += answer.trust.weight + _TIE
    return tuple(sorted(label for label, trust in named.items() if 2 * trust >= total))


def _weigh(connection: Connection, service: Service, task: Row[Any]) -> tuple[Settled, int]:
    rows = standing(connection, task.task_id)
    if not rows:
        raise NotFound("the task has no standing answer")
    trust = trust_of(connection, service, {row.user_id for row in rows}, task.label)
    given = [Given(row.verdict, tuple(json.loads(row.labels)), trust[row.user_id]) for row in rows]
    return weigh(given, _prior(connection, task.label), service.config.quality, task.wanted), len(given)


def _prior(connection: Connection, label: str | None) -> dict[str, float]:
    """Shares of right verdicts for the label, else over all labels, else all equal."""
    rows = connection.execute(select(priors).where(priors.c.label.in_({ALL, label or ""}))).all()
    by_label: dict[str, dict[str, float]] = {}
    for row in rows:
        by_label.setdefault(row.label, {})[row.verdict] = row.share
    return by_label.get(label or "") or by_label.get(ALL) or dict.fromkeys(VERDICTS, 1 / len(VERDICTS))


def _want_another(connection: Connection, task: Row[Any], answered: int) -> None:
    seats_of = select(func.max(seats.c.number), func.count().filter(seats.c.state.in_(("open", "leased"))))
    highest, waiting = connection.execute(seats_of.where(seats.c.task_id == task.task_id)).one()
    if waiting:
        return
    number = (highest or 0) + 1
    connection.execute(
        insert(seats).values(
            seat_id=digest("seat", task.task_id, number), task_id=task.task_id, number=number, queue=task.queue,
            language=task.language, tier=task.tier, rank_ms=task.rank_ms,
        )
    )  # fmt: skip
    connection.execute(
        update(tasks).where(tasks.c.task_id == task.task_id).values(wanted=max(task.wanted, answered + 1))
    )
