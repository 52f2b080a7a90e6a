"""Tasks that belong together are decided at once, after a look at some of them, and undone at once.

What a person cannot answer alone is not answered in a group either: tasks that others hold, blind ones, those that
want several answers, those outside the person's queues and languages, those that they answered or skipped.
"""

import json
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, select

from human_review.audit import log
from human_review.database.engine import now_ms
from human_review.database.tables import IS_OPEN, answers, seats, tasks
from human_review.desk.again import again
from human_review.desk.answer import Answer, Hand, tidied
from human_review.desk.cards import language_of, open_task
from human_review.desk.choose import allowed, free, in_queues
from human_review.desk.decide import give
from human_review.desk.emit import undo_ms
from human_review.desk.leases import LOST, held_seat, lease, lock_person, lock_task, mine, must_review, put_back
from human_review.desk.undo import must_take_back, revoke
from human_review.errors import AlreadyDecided, Conflict, Invalid, LeaseLost, NotFound
from human_review.items import lock_known
from human_review.people import exposure
from human_review.permissions import Actor
from human_review.service import Service
from stream_app.contracts.ids import digest
from stream_app.contracts.metrics import REVIEW_ANSWERS


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A task of the sample that must be looked at."""

    task_id: str
    item_id: str
    language: str
    surface: str
    text: str


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """``size``: how many tasks would be decided, that in hand included; ``left_out`` belong to it and would not."""

    size: int
    left_out: int
    sample: tuple[Member, ...]


class GivenGroup(msgspec.Struct, frozen=True, kw_only=True):
    """What a decision for a group has come to."""

    batch_id: str
    given: int
    final: int
    left_out: int
    undo_until_ms: int
    what_happens: str


class UndoneGroup(msgspec.Struct, frozen=True, kw_only=True):
    """``in_time`` answers were taken back before they were sent; ``late`` ones were withdrawn after that.

    ``lost`` ones were sent and their tasks closed by something else, or their items decided again, since: they stand.
    """

    batch_id: str
    in_time: int
    late: int
    lost: int
    what_happens: str


def group(service: Service, actor: Actor, seat_id: str, token: int) -> Group:
    """What belongs together with the task in hand, and which of it to look at. Raises LeaseLost, Invalid."""
    with service.database.read() as connection:
        task = _in_hand(connection, actor, seat_id, token)
        must_review(actor, task)
        members = _members(connection, service, actor, task, lock=False)
        return Group(
            size=1 + len(members),
            left_out=_alike(connection, task) - len(members),
            sample=tuple(_member(connection, service, row) for row in _sample(service, task, members)),
        )


@again
def decide_group(
    service: Service, actor: Actor, seat_id: str, token: int, answer: Answer, checked: tuple[str, ...]
) -> GivenGroup:
    """Give one answer to the task in hand and all that belongs to it, in one transaction.

    ``checked`` are the tasks that the person has opened; the sample that `group` names must be among them.
    The same call twice is one decision. Raises Conflict where others have joined the sample meanwhile.
    """
    answer = tidied(answer, service.config)
    batch_id = digest("batch", seat_id, token)
    with service.database.write() as connection:
        task = lock_task(connection, seat_id, actor)
        must_review(actor, task)
        if before := _before(connection, service, actor, batch_id, answer):
            return before
        if task.state == "closed":
            raise AlreadyDecided(f"the task is closed ({task.closed_why}); take the next one")
        seat = held_seat(connection, actor, seat_id, token)
        members = _members(connection, service, actor, task, lock=True)
        _must_have_seen(service, task, members, checked)
        left_out = _alike(connection, task) - len(members)
        final = int(give(connection, service, _hand(actor, task, seat, answer, batch_id, now_ms(connection))))
        final += sum(_give(connection, service, actor, member, answer, batch_id) for member in members)
        exposure.shown(connection, actor.user_id, len(_sample(service, task, members)))
        exposure.spent(connection, actor.user_id, answer.seconds, task.severity)
        log.append(
            connection, actor, "decide-group", task.task_id, batch=batch_id, verdict=answer.verdict,
            labels=",".join(answer.labels), tasks=1 + len(members), final=final, left_out=left_out,
        )  # fmt: skip
        given = _given(service, batch_id, 1 + len(members), final, left_out, now_ms(connection))
    service.telemetry.count(REVIEW_ANSWERS, answer.verdict, by=given.given)
    return given


@again
def undo_group(service: Service, actor: Actor, batch_id: str) -> UndoneGroup:
    """Take back all answers that were given at once; their tasks are open for everybody again.

    Raises NotFound for what is not theirs or was taken back before, Forbidden where the queue or language of one of
    the tasks is none of theirs any more.
    """
    with service.database.write() as connection:
        lock_person(connection, actor)
        rows = connection.execute(
            select(answers.c.label_id, answers.c.seat_id, tasks.c.item_id)
            .join(tasks, tasks.c.task_id == answers.c.task_id)
            .where(answers.c.batch_id == batch_id, answers.c.user_id == actor.user_id, answers.c.state == "standing")
            .order_by(answers.c.task_id)
        ).all()
        if not rows:
            raise NotFound("there is no such decision of yours, or it was taken back before")
        outcomes = [_revoke(connection, service, actor, *row) for row in rows]
        in_time, late, lost = (outcomes.count(outcome) for outcome in ("in_time", "late", "lost"))
        log.append(connection, actor, "undo-group", batch_id, in_time=in_time, late=late, lost=lost)
    service.telemetry.count(REVIEW_ANSWERS, "undone", by=in_time)
    service.telemetry.count(REVIEW_ANSWERS, "reopened", by=late)
    return UndoneGroup(
        batch_id=batch_id, in_time=in_time, late=late, lost=lost,
        what_happens=f"{in_time} taken back before they were sent, {late} withdrawn, to be answered anew"
        + (f", {lost} closed or decided again meanwhile" if lost else ""),
    )  # fmt: skip


def _members(connection: Connection, service: Service, actor: Actor, task: Row[Any], *, lock: bool) -> list[Row[Any]]:
    """The free tasks that belong to one, without it; what others are locking at this moment is left out."""
    if task.group_key is None or task.blind or task.kind not in ("review", "golden") or task.wanted > 1:
        raise Invalid("this task is decided by itself; nothing belongs to it")
    if task.kind == "golden":
        return []  # as for a real one that is left alone
    now = now_ms(connection)
    query = (
        select(tasks, seats.c.seat_id)
        .join(seats, seats.c.task_id == tasks.c.task_id)
        .where(
            tasks.c.group_key == task.group_key, tasks.c.task_id != task.task_id, IS_OPEN,
            tasks.c.kind == "review", ~tasks.c.blind, tasks.c.wanted == 1, free(now),
            *allowed(service, actor, now), in_queues(actor),
        )
        .order_by(tasks.c.created_ms, tasks.c.task_id)
        .limit(service.config.groups.most - 1)
    )  # fmt: skip
    rows = connection.execute(query.with_for_update(skip_locked=True) if lock else query).all()
    return list({row.task_id: row for row in rows}.values())


def _in_hand(connection: Connection, actor: Actor, seat_id: str, token: int) -> Row[Any]:
    found = connection.execute(
        select(tasks)
        .join(seats, seats.c.task_id == tasks.c.task_id)
        .where(mine(actor, seat_id, token, now_ms(connection)))
    ).one_or_none()
    if found is None:
        raise LeaseLost(LOST)
    return found


def _alike(connection: Connection, task: Row[Any]) -> int:
    """How many other open tasks belong to it, whoever may decide them."""
    others = (tasks.c.group_key == task.group_key, IS_OPEN, tasks.c.task_id != task.task_id)
    return connection.execute(select(func.count()).select_from(tasks).where(*others)).scalar_one()


def _sample(service: Service, task: Row[Any], members: list[Row[Any]]) -> list[Row[Any]]:
    """Those that must be looked at, drawn by chance, and the same again whoever asks."""
    drawn = sorted(members, key=lambda member: service.chance("group sample", task.task_id, member.task_id))
    return drawn[: service.config.groups.check]


def _must_have_seen(service: Service, task: Row[Any], members: list[Row[Any]], seen: tuple[str, ...]) -> None:
    missing = [row.task_id for row in _sample(service, task, members) if row.task_id not in seen]
    if missing:
        raise Conflict(f"look at the sample first: {len(missing)} of it are left, or others have come since")


def _member(connection: Connection, service: Service, row: Row[Any]) -> Member:
    task = open_task(connection, service, row)
    return Member(
        task_id=row.task_id, item_id=row.item_id, language=language_of(task), surface=row.surface,
        text=task.item.text,
    )  # fmt: skip


def _hand(actor: Actor, task: Row[Any], seat: Row[Any], answer: Answer, batch_id: str, now: int) -> Hand:
    return Hand(actor, task, seat, answer, digest("label", seat.seat_id, seat.token), now, batch_id)


def _give(
    connection: Connection, service: Service, actor: Actor, member: Row[Any], answer: Answer, batch_id: str
) -> bool:
    """Lease a member's seat to the person and answer it; the time is counted once, with the task in hand."""
    now = now_ms(connection)
    found = connection.execute(select(seats).where(seats.c.seat_id == member.seat_id)).one()
    lease(connection, service, actor, found, now)
    seat = connection.execute(select(seats).where(seats.c.seat_id == member.seat_id)).one()
    alike = msgspec.structs.replace(answer, seconds=0.0)
    return give(connection, service, _hand(actor, member, seat, alike, batch_id, now))


def _before(
    connection: Connection, service: Service, actor: Actor, batch_id: str, answer: Answer
) -> GivenGroup | None:
    """What the same call has done already. Raises AlreadyDecided where it was another answer."""
    rows = connection.execute(
        select(answers.c.decided_ms, answers.c.verdict, answers.c.labels, tasks.c.state)
        .join(tasks, tasks.c.task_id == answers.c.task_id)
        .where(answers.c.batch_id == batch_id, answers.c.user_id == actor.user_id, answers.c.state == "standing")
    ).all()
    if not rows:
        return None
    if {(row.verdict, row.labels) for row in rows} != {(answer.verdict, json.dumps(answer.labels))}:
        raise AlreadyDecided(f"you have answered {rows[0].verdict}; undo that first")
    final = sum(row.state == "closed" for row in rows)
    return _given(service, batch_id, len(rows), final, 0, max(row.decided_ms for row in rows))


def _given(service: Service, batch_id: str, given: int, final: int, left_out: int, now: int) -> GivenGroup:
    return GivenGroup(
        batch_id=batch_id, given=given, final=final, left_out=left_out, undo_until_ms=now + undo_ms(service),
        what_happens=f"{final} verdicts are sent"
        + (f"; others are asked about {given - final}" if given > final else "")
        + (f"; {left_out} were left out" if left_out else ""),
    )  # fmt: skip


def _revoke(connection: Connection, service: Service, actor: Actor, label_id: str, seat_id: str, item_id: str) -> str:
    lock_known(connection, item_id)
    task = lock_task(connection, seat_id)
    must_take_back(actor, task)
    try:
        with connection.begin_nested():
            in_time, task = revoke(connection, service, task, label_id)
    except Conflict:
        return "lost"
    if task.state == "open":
        put_back(connection, seat_id)
    return "in_time" if in_time else "late"
