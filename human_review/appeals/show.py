"""What the platform and reviewers get to see of appeals and reports."""

from datetime import datetime

import msgspec
from sqlalchemy import exists, func, select
from sqlalchemy.sql.elements import ColumnElement

from human_review.appeals.reputation import reputation_of
from human_review.database.engine import now_ms
from human_review.database.tables import answers, appeals, reports, seats, tasks
from human_review.desk.emit import undo_ms
from human_review.desk.leases import must_reach
from human_review.errors import NotFound
from human_review.permissions import ANY, Actor
from human_review.service import Service
from human_review.times import at
from stream_app.contracts.codec import decode
from stream_app.contracts.review import Appeal, ReviewTask

_DECIDED = ("upheld", "overturned")
_MOST_REPORTERS = 50


class AppealState(msgspec.Struct, frozen=True, kw_only=True):
    """How an appeal stands: waiting, open, upheld, overturned, refused or withdrawn (the item was deleted).

    ``reply`` is what its author is to be told. An outcome is not shown while the person who decided can take it back.
    """

    appeal_id: str
    decision_id: str
    item_id: str
    state: str
    appealed_at: datetime
    decided_at: datetime | None = None
    verdict: str | None = None
    reply: str | None = None


class InHand(msgspec.Struct, frozen=True, kw_only=True):
    """An appeal as whoever decides it sees it, with the decision that it is about."""

    appeal_id: str
    decision_id: str
    statement: str
    appealed_at: datetime
    verdict: str
    label: str | None
    decided_at: datetime
    decided_by: str


class OwnOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a person has decided about an appeal; 0 s left: it can no longer be taken back."""

    appeal_id: str
    outcome: str
    verdict: str
    seconds_left: float


class Reporters(msgspec.Struct, frozen=True, kw_only=True):
    """The reports of an item that count. ``reliability`` spans the ranges of its latest reporters, in (0, 1)."""

    item_id: str
    reports: int
    reasons: dict[str, int]
    reliability: tuple[float, float] | None


def state_of(service: Service, actor: Actor, appeal_id: str) -> AppealState:
    """For the platform. Raises NotFound."""
    actor.must("submit")
    with service.database.read() as connection:
        row = connection.execute(
            select(appeals, tasks.c.verdict, tasks.c.closed_why)
            .join(tasks, tasks.c.task_id == appeals.c.task_id, isouter=True)
            .where(appeals.c.appeal_id == appeal_id)
        ).one_or_none()
        if row is None:
            raise NotFound("there is no such appeal")
        told = row.state in _DECIDED and now_ms(connection) >= row.decided_ms + undo_ms(service)
        plain = {
            "appeal_id": row.appeal_id, "decision_id": row.decision_id, "item_id": row.item_id,
            "appealed_at": at(row.appealed_ms),
        }  # fmt: skip
        if not told:
            open_state = "open" if row.state in _DECIDED else row.state
            return AppealState(**plain, state="withdrawn" if row.sealed_statement is None else open_state)
        reply = service.sealer.open(connection, row.item_id, row.sealed_reply).decode() if row.sealed_reply else None
        return AppealState(**plain, state=row.state, decided_at=at(row.decided_ms), verdict=row.verdict, reply=reply)


def in_hand(service: Service, actor: Actor, task_id: str) -> InHand:
    """The appeal that a task is about, for whoever holds it now. Raises NotFound, Forbidden."""
    actor.must("decide-appeals")
    with service.database.read() as connection:
        row = connection.execute(
            select(appeals.c.sealed_statement, tasks)
            .join(tasks, tasks.c.task_id == appeals.c.task_id)
            .where(appeals.c.task_id == task_id, _holds(actor, task_id, now_ms(connection)))
        ).one_or_none()
        if row is None:
            raise NotFound("there is no such appeal in your hands; take the task first")
        must_reach(actor, row)
        appeal = decode(service.sealer.open(connection, row.item_id, row.sealed_statement), Appeal)
        decision = decode(service.sealer.open(connection, row.item_id, row.sealed), ReviewTask).decision
    return InHand(
        appeal_id=appeal.appeal_id, decision_id=appeal.decision_id, statement=appeal.statement,
        appealed_at=appeal.appealed_at, verdict=decision.verdict, label=decision.label,
        decided_at=decision.decided_at, decided_by=decision.decided_by,
    )  # fmt: skip


def _holds(actor: Actor, task_id: str, now: int) -> ColumnElement[bool]:
    return exists().where(
        seats.c.task_id == task_id, seats.c.holder == actor.user_id,
        seats.c.state == "leased", seats.c.lease_until_ms > now,
    )  # fmt: skip


def own_outcome(service: Service, actor: Actor, label_id: str) -> OwnOutcome | None:
    """What an own decision about an appeal has come to; None where there is none that stands."""
    actor.must("decide-appeals")
    with service.database.read() as connection:
        row = connection.execute(
            select(appeals.c.appeal_id, appeals.c.state, appeals.c.decided_ms, answers.c.verdict)
            .join(answers, answers.c.task_id == appeals.c.task_id)
            .where(answers.c.label_id == label_id, answers.c.user_id == actor.user_id, answers.c.state == "standing")
        ).one_or_none()  # fmt: skip
        now = now_ms(connection)
    if row is None or row.decided_ms is None:
        return None
    left = (row.decided_ms + undo_ms(service) - now) / 1000
    return OwnOutcome(appeal_id=row.appeal_id, outcome=row.state, verdict=row.verdict, seconds_left=max(0.0, left))


def reports_of(service: Service, actor: Actor, item_id: str) -> Reporters:
    """How an item was reported: how often, for what, and how far its reporters can be relied on.

    Raises NotFound for an item without a task in the actor's queues and languages, unless they have all of both.
    """
    actor.must("see-history")
    mine = (reports.c.item_id == item_id) & reports.c.counted
    with service.database.read() as connection:
        places = connection.execute(select(tasks.c.queue, tasks.c.language).where(tasks.c.item_id == item_id)).all()
        fits = any(actor.may("see-history", queue=row.queue, language=row.language) for row in places)
        if not fits and not (ANY in actor.queues and ANY in actor.languages):
            raise NotFound("there is no such item in your queues and languages")
        rows = connection.execute(select(reports.c.reason, func.count()).where(mine).group_by(reports.c.reason)).all()
        latest = select(reports.c.reporter).where(mine).order_by(reports.c.reported_ms.desc()).limit(_MOST_REPORTERS)
        known = [reputation_of(connection, row.reporter).interval() for row in connection.execute(latest).all()]
    reasons = {row[0]: int(row[1]) for row in rows}
    return Reporters(
        item_id=item_id, reports=sum(reasons.values()), reasons=reasons,
        reliability=(min(low for low, _ in known), max(high for _, high in known)) if known else None,
    )  # fmt: skip
