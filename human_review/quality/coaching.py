"""How far one person's answers can be trusted: for that person, and for a lead who looks at one at a time.

There is no list and no order of people. What a person sees of themselves is rounded and counted in tens, so that it
does not say which of their last tasks was golden.
"""

from datetime import datetime

import msgspec
from sqlalchemy import Connection, select

from human_review.database.tables import reliability, users
from human_review.errors import NotFound
from human_review.permissions import Actor
from human_review.service import Service
from human_review.times import at

_TENS = 10


class Trusted(msgspec.Struct, frozen=True, kw_only=True):
    """For one policy label, or ``*``: share of right answers (``low`` to ``high``, 95 %) and weight in training."""

    label: str
    answers: int
    sensitivity: float
    specificity: float
    low: float
    high: float
    weight: float
    alarm: bool
    computed_at: datetime


def of_person(service: Service, actor: Actor, pseudonym: str) -> tuple[Trusted, ...]:
    """Of somebody, by the name that others know them by. Raises Forbidden, and NotFound for nobody of that name."""
    actor.must("manage-golden")
    with service.database.read() as connection:
        user_id = connection.execute(select(users.c.user_id).where(users.c.pseudonym == pseudonym)).scalar()
        if user_id is None:
            raise NotFound("nobody has this pseudonym; it stands beside their answers in the history")
        return tuple(_rows(connection, user_id))


def of_self(service: Service, actor: Actor) -> tuple[Trusted, ...]:
    """Of the actor, rounded; without the alarm, which a lead talks about."""
    actor.must("see-own-work")
    with service.database.read() as connection:
        return tuple(_rounded(row) for row in _rows(connection, actor.user_id) if row.answers >= _TENS)


def _rows(connection: Connection, user_id: str) -> list[Trusted]:
    rows = connection.execute(
        select(reliability).where(reliability.c.user_id == user_id).order_by(reliability.c.label)
    )
    return [
        Trusted(
            label=row.label, answers=row.answers, sensitivity=row.sensitivity, specificity=row.specificity,
            low=row.low, high=row.high, weight=row.weight, alarm=row.alarm, computed_at=at(row.computed_ms),
        )
        for row in rows
    ]  # fmt: skip


def _rounded(row: Trusted) -> Trusted:
    return msgspec.structs.replace(
        row, answers=row.answers // _TENS * _TENS, sensitivity=round(row.sensitivity, 1),
        specificity=round(row.specificity, 1), low=round(row.low, 1), high=round(row.high, 1),
        weight=round(row.weight, 1), alarm=False,
    )  # fmt: skip
