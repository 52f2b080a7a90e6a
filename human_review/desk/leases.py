"""Who holds a seat, and for how long.

A seat is the right to answer a task once. It is leased with a token that rises with every lease: whoever comes with
an old token is refused. A lease that has run out is free at once; nothing has to sweep it up first.
"""

from typing import Any

from sqlalchemy import Connection, Row, and_, case, select, update
from sqlalchemy.sql.elements import ColumnElement

from human_review.database.engine import now_ms
from human_review.database.tables import seats, tasks, users
from human_review.errors import Forbidden, Invalid, LeaseLost
from human_review.permissions import Actor
from human_review.service import Service
from stream_app.contracts.metrics import REVIEW_RETURNED

LOST = "the lease ran out or was given on; take the next task, this one comes again"


def lock_person(connection: Connection, actor: Actor) -> None:
    """One step at a time for one person, however many windows they have open."""
    query = select(users.c.user_id).where(users.c.user_id == actor.user_id).with_for_update(key_share=True)
    if connection.execute(query).one_or_none() is None:
        raise Forbidden("this account is not known here; an admin can make one")


def lock_task(connection: Connection, seat_id: str, actor: Actor | None = None) -> Row[Any]:
    """The task of a seat, locked. Tasks are locked before seats, everywhere.

    Raises LeaseLost for an unknown seat and, where an actor is given, for one whose last holder is somebody else.
    """
    of_seat = select(seats.c.task_id).where(seats.c.seat_id == seat_id)
    if actor is not None:
        of_seat = of_seat.where(seats.c.holder == actor.user_id)
    query = select(tasks).where(tasks.c.task_id == of_seat.scalar_subquery()).with_for_update()
    task = connection.execute(query).one_or_none()
    if task is None:
        raise LeaseLost(LOST)  # as for a seat of others: nobody finds out what there is
    return task


def held_seat(connection: Connection, actor: Actor, seat_id: str, token: int) -> Row[Any]:
    """The seat, locked, if the person holds it with this token now. Raises LeaseLost."""
    query = select(seats).where(mine(actor, seat_id, token, now_ms(connection)))
    found = connection.execute(query.with_for_update()).one_or_none()
    if found is None:
        raise LeaseLost(LOST)
    return found


def mine(actor: Actor, seat_id: str, token: int, now: int) -> ColumnElement[bool]:
    """Whether the person holds the seat with this token now."""
    return and_(
        seats.c.seat_id == seat_id, seats.c.state == "leased", seats.c.holder == actor.user_id,
        seats.c.token == token, seats.c.lease_until_ms > now,
    )  # fmt: skip


def must_reach(actor: Actor, row: Row[Any]) -> None:
    """Raise Forbidden where the actor may not have this task or seat (any more): a lease outlives a right."""
    actor.must("review", queue=row.queue, language=row.language)
    if row.tier > 0:
        actor.must("review-escalated")


def must_review(actor: Actor, task: Row[Any]) -> None:
    """Raise Forbidden where the actor may not answer this task (any more), Invalid where it is an appeal."""
    must_reach(actor, task)
    if task.kind == "appeal":
        raise Invalid("this is an appeal: it has an outcome and a reply, and is decided as one")


def lease(connection: Connection, service: Service, actor: Actor, seat: Row[Any], now: int) -> int:
    """Lease a seat to the person and return its token; their own lease is lengthened and keeps its token."""
    own = seat.state == "leased" and seat.holder == actor.user_id and seat.lease_until_ms > now
    ran_out = seat.state == "leased" and seat.lease_until_ms <= now
    token = int(seat.token if own else seat.token + 1)
    connection.execute(
        update(seats)
        .where(seats.c.seat_id == seat.seat_id)
        .values(
            state="leased", holder=actor.user_id, token=token, returned=seat.returned + ran_out,
            lease_until_ms=now + lease_ms(service),
        )
    )  # fmt: skip
    if ran_out:
        service.telemetry.count(REVIEW_RETURNED, seat.queue)
    return token


def lease_ms(service: Service) -> int:
    """How long a lease lasts without a sign of life."""
    return round(service.config.lease.seconds * 1000)


def put_back(connection: Connection, seat_id: str) -> None:
    """Open a seat for whoever comes next; that of a golden task waits for its person.

    It is where its task is: that may have been escalated since the seat was answered.
    """
    holder = case((seats.c.kind == "golden", seats.c.holder), else_=None)
    place = {
        column.name: select(column).where(tasks.c.task_id == seats.c.task_id).scalar_subquery()
        for column in (tasks.c.tier, tasks.c.queue)
    }
    connection.execute(
        update(seats).where(seats.c.seat_id == seat_id)
        .values(state="open", holder=holder, lease_until_ms=None, **place)
    )  # fmt: skip


def let_go(connection: Connection, seat: Row[Any]) -> None:
    """Leave a seat to others for good; a golden task was meant for one person and ends with it."""
    golden = seat.kind == "golden"
    connection.execute(
        update(seats)
        .where(seats.c.seat_id == seat.seat_id)
        .values(state="closed" if golden else "open", holder=None, lease_until_ms=None)
    )
    if golden:
        connection.execute(
            update(tasks)
            .where(tasks.c.task_id == seat.task_id)
            .values(state="closed", closed_why="retired", closed_ms=now_ms(connection))
        )
