"""A person takes the next task, holds it while they work on it, or gives it back."""

from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from human_review.database.engine import now_ms
from human_review.database.tables import seats, tasks
from human_review.desk.again import again
from human_review.desk.cards import Card, card_of
from human_review.desk.choose import AHEAD, free, next_seat
from human_review.desk.leases import (
    LOST,
    held_seat,
    lease,
    lease_ms,
    lock_person,
    lock_task,
    mine,
    must_reach,
    put_back,
)
from human_review.errors import Forbidden, LeaseLost
from human_review.people import exposure
from human_review.permissions import Actor
from human_review.quality import golden
from human_review.service import Service
from stream_app.contracts.ids import digest

__all__ = ("heartbeat", "held_seat", "lease", "lock_task", "look", "release", "take")


@again
def take(service: Service, actor: Actor, queue: str | None = None) -> Card | None:
    """The task to look at now: the one that the person holds, else the most urgent one that they may see.

    None where there is nothing for them. Raises Forbidden, or TooMany once they have seen enough for now.
    """
    actor.must("review", queue=queue)
    with service.database.write() as connection:
        lock_person(connection, actor)
        now = now_ms(connection)
        seat = _kept(connection, actor, now)
        if seat is None:
            exposure.check(connection, service, actor)
            seat = _next(connection, service, actor, queue, now)
            if seat is None:
                return None
            exposure.shown(connection, actor.user_id)
        token = lease(connection, service, actor, seat, now)
    return look(service, actor, seat.seat_id, token)  # read after the write, so that others need not wait for it


def look(service: Service, actor: Actor, seat_id: str, token: int) -> Card:
    """The card of a seat that the person holds. Raises LeaseLost, Forbidden, NotFound (just erased)."""
    with service.database.read() as connection:
        held = select(seats).where(mine(actor, seat_id, token, now_ms(connection)))
        seat = connection.execute(held).one_or_none()
        if seat is None:
            raise LeaseLost(LOST)
        must_reach(actor, seat)
        return card_of(connection, service, seat_id)


@again
def heartbeat(service: Service, actor: Actor, seat_id: str, token: int) -> int:
    """Hold the seat on; until when, in milliseconds since the epoch.

    Raises LeaseLost, Forbidden where it is none of theirs any more: others get it once the lease has run out.
    """
    with service.database.write() as connection:
        must_reach(actor, held_seat(connection, actor, seat_id, token))
        until = now_ms(connection) + lease_ms(service)
        connection.execute(update(seats).where(seats.c.seat_id == seat_id).values(lease_until_ms=until))
        return until


@again
def release(service: Service, actor: Actor, seat_id: str, token: int, *, seconds: float = 0.0) -> None:
    """Give the seat back unanswered, whatever the person may do by now, after so many seconds with it.

    Raises LeaseLost where it is somebody else's.
    """
    with service.database.write() as connection:
        task = lock_task(connection, seat_id)
        held_seat(connection, actor, seat_id, token)
        put_back(connection, seat_id)
        exposure.spent(connection, actor.user_id, seconds, task.severity)


def _kept(connection: Connection, actor: Actor, now: int) -> Row[Any] | None:
    """What they hold; put back where their rights have changed since."""
    seat = _held(connection, actor, now)
    if seat is None:
        return None
    try:
        must_reach(actor, seat)
    except Forbidden:
        put_back(connection, seat.seat_id)
        return None
    return seat


def _held(connection: Connection, actor: Actor, now: int) -> Row[Any] | None:
    """What they hold, the latest first."""
    return connection.execute(
        select(seats)
        .where(seats.c.holder == actor.user_id, seats.c.state == "leased", seats.c.lease_until_ms > now)
        .order_by(seats.c.lease_until_ms.desc())
        .limit(1)
        .with_for_update()
    ).one_or_none()


def _next(connection: Connection, service: Service, actor: Actor, queue: str | None, now: int) -> Row[Any] | None:
    found = connection.execute(next_seat(service, actor, queue, now)).one_or_none()
    if found is None:  # a group that is decided at this moment may hold more than were looked at
        further = next_seat(service, actor, queue, now, AHEAD + service.config.groups.most)
        found = connection.execute(further).one_or_none()
    own = _own_golden(connection, actor, queue, now)
    if own is not None and (found is None or own.rank_ms <= found.rank_ms):
        return own
    if found is None or found.kind != "review":
        return found
    offered = golden.offer(connection, service, actor, queue)
    return found if offered is None else _open_golden(connection, offered, found.rank_ms)


def _own_golden(connection: Connection, actor: Actor, queue: str | None, now: int) -> Row[Any] | None:
    """The most urgent golden seat that the person gave back, or whose lease ran out: it comes again as others do."""
    rows = connection.execute(
        select(seats)
        .where(seats.c.holder == actor.user_id, seats.c.kind == "golden", free(now))
        .order_by(seats.c.rank_ms)
        .with_for_update()
    )
    fits = (row for row in rows.all() if queue in (None, row.queue))
    return next((row for row in fits if actor.may("review", queue=row.queue, language=row.language)), None)


def _open_golden(connection: Connection, task_id: str, before_ms: int) -> Row[Any]:
    """The seat of a golden task, like that of any other; given back, it still comes before what it came before."""
    task = connection.execute(select(tasks).where(tasks.c.task_id == task_id)).one()
    seat_id = digest("seat", task_id, 1)
    connection.execute(
        insert(seats).values(
            seat_id=seat_id, task_id=task_id, number=1, kind=task.kind, queue=task.queue,
            language=task.language, tier=task.tier,
            rank_ms=min(task.rank_ms, before_ms),
        )
    )  # fmt: skip
    return connection.execute(select(seats).where(seats.c.seat_id == seat_id)).one()
