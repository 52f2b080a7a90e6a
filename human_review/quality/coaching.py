"""How far one person's answers can be trusted: for that person, and for a lead who looks at one at a time.

There is no list and no order of people. What a person sees of themselves is rounded and counted in tens, so that it
does not say which of their last tasks was golden.
"""

from datetime import datetime

import msgspec
from sqlalchemy import Connection, select

from human_review.audit import log
from human_review.database.tables import reliability, users
from human_review.errors import NotFound
from human_review.people.users import USER_COLUMNS, actor_of
from human_review.permissions import ANY, Actor
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
    """Of somebody, by the name that others know them by. It is in the audit log.

    Raises Forbidden, and NotFound for nobody of that name who works in queues and languages of the actor.
    """
    actor.must("manage-golden")
    with service.database.write() as connection:
        person = connection.execute(select(*USER_COLUMNS).where(users.c.pseudonym == pseudonym)).one_or_none()
        if person is None or not _share_work(actor, actor_of(person)):
            raise NotFound("nobody in your queues and languages has this pseudonym; it stands beside their answers")
        log.append(connection, actor, "coaching-seen", person.user_id)
        return tuple(_rows(connection, person.user_id))


def of_self(service: Service, actor: Actor) -> tuple[Trusted, ...]:
    """Of the actor, rounded; without the alarm, which a lead talks about."""
    actor.must("see-own-work")
    with service.database.read() as connection:
        return tuple(_rounded(row) for row in _rows(connection, actor.user_id) if row.answers >= _TENS)


def _share_work(one: Actor, other: Actor) -> bool:
    """Whether two people have a queue and a language in common; a language has its variants in it."""
    pairs = ((one.queues, other.queues), (_main(one.languages), _main(other.languages)))
    return all(ANY in left | right or not left.isdisjoint(right) for left, right in pairs)


def _main(languages: frozenset[str]) -> frozenset[str]:
    return frozenset(name.partition("-")[0] for name in languages)


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
