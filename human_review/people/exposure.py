"""What a person has looked at in a rolling day, and when they must rest. Nobody else gets to see it.

An item counts when it is given out, whatever becomes of it: who gives everything back has seen it all the same. Time
counts once it is known; a minute on content of severity 0.5 is half a weighted minute.
"""

from dataclasses import dataclass

import msgspec
from sqlalchemy import ColumnElement, Connection, ScalarSelect, func, select

from human_review.database.engine import now_ms
from human_review.database.tables import exposures, users
from human_review.errors import Invalid, TooMany
from human_review.permissions import Actor
from human_review.review_file import Exposure
from human_review.service import Service

DAY_MS = 24 * 3600 * 1000
MOST_ITEMS, MOST_MINUTES = 100_000, 1440
_KEEP_MS = 3 * DAY_MS  # a budget looks back a day from the last look, which may itself lie a day back
_MOST_SECONDS = 3600.0  # one look that is said to have lasted longer was a page left open


@dataclass(frozen=True, slots=True)
class Seen:
    """What counts against the budget: ``weighted_minutes`` by severity, ``last_ms`` None where nothing does."""

    items: int
    weighted_minutes: float
    last_ms: int | None


@dataclass(frozen=True, slots=True)
class Own:
    """The limits of one account; None is that of the review file, 0 means no limit."""

    items: int | None = None
    weighted_minutes: float | None = None

    def __post_init__(self) -> None:
        """Raise Invalid for what no day can hold."""
        if not 0 <= (self.items or 0) <= MOST_ITEMS or not 0 <= (self.weighted_minutes or 0) <= MOST_MINUTES:
            raise Invalid(
                f"a day's limits are 0 to {MOST_ITEMS} items and 0 to {MOST_MINUTES} weighted minutes; 0 means none"
            )  # fmt: skip


def limits_of(connection: Connection, service: Service, user_id: str) -> Exposure:
    """The limits of a person: their own, else those of the review file."""
    row = connection.execute(
        select(users.c.exposure_items, users.c.exposure_minutes).where(users.c.user_id == user_id)
    ).one_or_none()
    shared = service.config.exposure
    if row is None:
        return shared
    items = shared.items if row.exposure_items is None else row.exposure_items
    minutes = shared.weighted_minutes if row.exposure_minutes is None else row.exposure_minutes
    return msgspec.structs.replace(shared, items=items, weighted_minutes=minutes)


def shown(connection: Connection, user_id: str, items: int = 1) -> None:
    """Count items that a person is given to look at."""
    _add(connection, user_id, shown=items, seconds=0.0, severity=0.0)


def spent(connection: Connection, user_id: str, seconds: float, severity: float) -> None:
    """Count the time that a person took over what they were shown: 0 s to an hour, severity 0 to 1; beyond is cut."""
    _add(
        connection, user_id, shown=0, seconds=min(max(seconds, 0.0), _MOST_SECONDS),
        severity=min(max(severity, 0.0), 1.0),
    )  # fmt: skip


def _add(connection: Connection, user_id: str, **values: float) -> None:
    """What no budget needs any more is forgotten."""
    now = now_ms(connection)
    old = exposures.c.at_ms < now - _KEEP_MS
    connection.execute(exposures.delete().where(exposures.c.user_id == user_id, old))
    connection.execute(exposures.insert().values(user_id=user_id, at_ms=now, **values))


def check(connection: Connection, service: Service, actor: Actor) -> None:
    """Raise TooMany, which says when it goes on, where the person has seen enough for now."""
    wait = pause_ms(connection, service, actor.user_id)
    if wait > 0:
        minutes = -(-wait // 60_000)
        raise TooMany(
            f"you have seen what one person should see in a day; it goes on in {minutes} min", -(-wait // 1000)
        )


def seen(connection: Connection, user_id: str, until_ms: int | ScalarSelect[int]) -> Seen:
    """What a person saw in the day that ends at ``until_ms``, which belongs to it."""
    count, weighted, last = connection.execute(
        select(
            func.sum(exposures.c.shown), func.sum(exposures.c.seconds * exposures.c.severity),
            func.max(exposures.c.at_ms),
        ).where(*_day(user_id, until_ms))
    ).one()  # fmt: skip
    return Seen(int(count or 0), float(weighted or 0.0) / 60, last)


def pause_ms(connection: Connection, service: Service, user_id: str) -> int:
    """For how long a person must pause, in ms; 0 where they need not.

    Whoever reaches the budget pauses until enough of it is a day old, and never shorter than ``pause_minutes``.
    """
    now = now_ms(connection)
    latest = select(func.max(exposures.c.at_ms)).where(*_day(user_id, now)).scalar_subquery()
    day = seen(connection, user_id, latest)
    limits = limits_of(connection, service, user_id)
    last = day.last_ms
    if last is None or not _over(limits, day):
        return 0
    rest_until = last + int(limits.pause_minutes * 60_000)
    return max(rest_until, _frees_ms(connection, limits, user_id, last)) - now


def _frees_ms(connection: Connection, limits: Exposure, user_id: str, last: int) -> int:
    """When the day no longer holds more than the budget, if nothing is added to it."""
    rows = connection.execute(
        select(exposures.c.at_ms, exposures.c.seconds * exposures.c.severity, exposures.c.shown)
        .where(*_day(user_id, last)).order_by(exposures.c.at_ms)
    ).all()  # fmt: skip
    items, weighted = sum(row.shown for row in rows), sum(row[1] for row in rows) / 60
    for at, seconds, shown_then in rows:
        items, weighted = items - shown_then, weighted - seconds / 60
        if not _over(limits, Seen(items, weighted, last)):
            return int(at) + DAY_MS
    return last + DAY_MS


def _over(limits: Exposure, day: Seen) -> bool:
    too_many = 0 < limits.items <= day.items
    too_long = 0 < limits.weighted_minutes <= day.weighted_minutes
    return too_many or too_long


def _day(user_id: str, until_ms: int | ScalarSelect[int]) -> tuple[ColumnElement[bool], ...]:
    return exposures.c.user_id == user_id, exposures.c.at_ms > until_ms - DAY_MS, exposures.c.at_ms <= until_ms
