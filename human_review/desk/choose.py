"""Which seats a person may be given, and which of them is next."""

from typing import Any

from sqlalchemy import Select, Table, and_, exists, false, func, not_, or_, select, true, union_all
from sqlalchemy.sql.elements import ColumnElement

from human_review.database.tables import answers, seats, skips, tasks
from human_review.desk.routing import APPEALS
from human_review.permissions import ANY, Actor
from human_review.service import Service

Conditions = list[ColumnElement[bool]]

_HOUR_MS = 3_600_000
# Made once: an alias copies every column of its table.
_APPEALED, _ANSWERED = tasks.alias("appealed"), tasks.alias("answered")
AHEAD = 32  # candidates looked at in one step: more than are taken at the same moment one by one


def next_seat(service: Service, actor: Actor, queue: str | None, now: int, ahead: int = AHEAD) -> Select[Any]:
    """The most urgent free seat for a person, locked, past those that others are taking at this moment.

    Every part of the union walks one index in the order of urgency and stops early, after ``ahead`` seats.
    """
    queues = sorted(actor.queues) if queue is None else [queue]
    places = [true()] if ANY in queues else [seats.c.queue == name for name in queues] or [false()]
    may = allowed(service, actor, now)
    parts = [
        select(seats.c.seat_id).where(state, place, *may).order_by(seats.c.rank_ms).limit(ahead)
        for state in _free(now)
        for place in places
    ]
    ids = union_all(*(select(part.subquery().c.seat_id) for part in parts))
    return (
        select(seats)
        .where(seats.c.seat_id.in_(ids), _still_free(now))
        .order_by(seats.c.rank_ms)
        .limit(1)
        .with_for_update(skip_locked=True)
    )


def free(now: int) -> ColumnElement[bool]:
    """Whether nobody holds a seat that is to be answered."""
    return or_(*_free(now))


def allowed(service: Service, actor: Actor, now: int) -> Conditions:
    """What this person may be given now; queues aside.

    What they skipped comes again after a while: where everybody has skipped a task, it would wait for ever.
    """
    skipped = skips.c.at_ms > now - round(service.config.skip_hours * _HOUR_MS)
    conditions: Conditions = [seats.c.kind != "golden"]
    if ANY not in actor.languages:
        conditions.append(or_(false(), *(covers(seats.c.language, language) for language in sorted(actor.languages))))
    if not actor.may("review-escalated"):
        conditions.append(seats.c.tier == 0)
    if actor.may("decide-appeals"):
        conditions.append(or_(seats.c.kind != "appeal", not_(_took_part(actor))))
    else:
        conditions += [seats.c.kind != "appeal", seats.c.queue != APPEALS]
    return [*conditions, ~_did(answers, actor, answers.c.state == "standing"), ~_did(skips, actor, skipped)]


def in_queues(actor: Actor) -> ColumnElement[bool]:
    """Whether a seat's queue is one of the person's."""
    return true() if ANY in actor.queues else seats.c.queue.in_(sorted(actor.queues))


def covers(column: ColumnElement[str], language: str) -> ColumnElement[bool]:
    """Whether a granted language covers that of a row, as in `human_review.permissions`: ``pt`` covers ``pt-BR``."""
    if "-" in language:
        return column == language
    return or_(column == language, func.substr(column, 1, len(language) + 1) == f"{language}-")


def _free(now: int) -> Conditions:
    return [seats.c.state == "open", and_(seats.c.state == "leased", seats.c.lease_until_ms <= now)]


def _still_free(now: int) -> ColumnElement[bool]:
    """The same as `free`, in words that no index serves: what was found by its id is only looked at again.

    PostgreSQL asks it of a row that changed between being found and being locked. A seat that is open has no lease.
    """
    return and_(seats.c.state.not_in(("answered", "closed")), func.coalesce(seats.c.lease_until_ms, 0) <= now)


def _did(table: Table, actor: Actor, *more: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(table.c.task_id == seats.c.task_id, table.c.user_id == actor.user_id, *more)


def _took_part(actor: Actor) -> ColumnElement[bool]:
    """Whether the person has ever answered another task of the item that an appeal is about."""
    return exists().where(
        _APPEALED.c.task_id == seats.c.task_id, _ANSWERED.c.item_id == _APPEALED.c.item_id,
        _ANSWERED.c.task_id != _APPEALED.c.task_id, answers.c.task_id == _ANSWERED.c.task_id,
        answers.c.user_id == actor.user_id,
    )  # fmt: skip
