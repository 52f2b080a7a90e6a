"""How many decisions the machine made: what audit samples are drawn from.

Each is counted once, however often it is read. The worker sends the decision in force again for every item that is
posted again, every ruling that came too late and every version that is older. It decides the items of a partition of
``content`` in their order, and its decisions come in that order: what does not go on from where the last one of its
partition was read is a repeat. One number a partition is enough, kept with the counts in one transaction: they are
exact also after a restart, a batch that is read again, and a second worker that decides what the first has decided.

What is not exact: where the first record of a decision was compacted away before it was read (the service began late,
or was away for long), only repeats are found, and they are not counted. Decisions that do not say where their item
was read are counted each time. Without transactions the worker knows no id of its topic, so that after ``content``
was made anew nothing is counted until its offsets are past those of before.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Table, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from human_review.database.tables import verdict_counts, verdict_places
from human_review.permissions import spelled
from stream_app.contracts.decision import Decision
from stream_app.contracts.origin import Origin

DAY_SECONDS = 86_400
_NO_LABEL = ""
_MOST_PARTITION, _MOST_OFFSET = 2**31 - 1, 2**63 - 2  # what Kafka numbers them with, and our columns hold


class Kind(NamedTuple):
    """What decisions are counted by; a row of ``verdict_counts``."""

    day: int
    verdict: str
    label: str
    language: str


class Place(NamedTuple):
    """A partition that items are read from; a row of ``verdict_places``."""

    topic: str
    topic_id: str
    partition: int


class Counted(NamedTuple):
    """A decision to be counted, and where its item was read, if it says so."""

    kind: Kind
    place: Place | None
    offset: int


def counted(decision: Decision) -> Counted | None:
    """What a decision counts as, or None for one that never became effective or that a ruling made.

    Numbers only: nothing points to the item.
    """
    if decision.decided_by != "worker" or decision.ruling_id is not None or decision.for_the_record:
        return None
    day = int(decision.decided_at.timestamp() // DAY_SECONDS)
    kind = Kind(
        day, decision.verdict, _plain(decision.label or _NO_LABEL, 64), _plain(spelled(decision.language), 35)
    )
    return Counted(kind, *_read_at(decision.origin))


def add(connection: Connection, found: Sequence[Counted]) -> None:
    """Count decisions, those of a partition in the order in which they were read; once a transaction, near its end.

    Everybody who reads decisions wants the same few rows: they are written in one order, and held for a moment.
    """
    following = _locked(connection, {one.place for one in found if one.place is not None})
    times: Counter[Kind] = Counter()
    for one in found:
        if one.place is None:
            times[one.kind] += 1
        elif one.offset >= following[one.place]:
            times[one.kind] += 1
            following[one.place] = one.offset + 1
    _set(connection, following)
    _raise(connection, times)


def totals(connection: Connection, since_ms: int) -> dict[tuple[str, str], int]:
    """Decisions by verdict and language since a time, whole days of UTC."""
    day = since_ms // (DAY_SECONDS * 1000)
    rows = connection.execute(
        select(verdict_counts.c.verdict, verdict_counts.c.language, verdict_counts.c["count"])
        .where(verdict_counts.c.day >= day)
    )  # fmt: skip
    found: dict[tuple[str, str], int] = {}
    for verdict, language, count in rows:
        found[verdict, language] = found.get((verdict, language), 0) + int(count)
    return found


def _read_at(origin: Origin | None) -> tuple[Place | None, int]:
    if origin is None or not (0 <= origin.partition <= _MOST_PARTITION and 0 <= origin.offset <= _MOST_OFFSET):
        return None, 0
    return Place(_plain(origin.topic, 249), _plain(origin.topic_id, 64), origin.partition), origin.offset


def _locked(connection: Connection, places: Iterable[Place]) -> dict[Place, int]:
    """What is to be counted next in each place; nobody else counts there until the end."""
    ordered = sorted(places)
    if not ordered:
        return {}
    columns = verdict_places.c.topic, verdict_places.c.topic_id, verdict_places.c.partition
    new = _insert(connection)(verdict_places).on_conflict_do_nothing()
    connection.execute(new, [{**place._asdict(), "next_offset": 0} for place in ordered])
    rows = connection.execute(
        select(*columns, verdict_places.c.next_offset)
        .where(tuple_(*columns).in_(ordered)).order_by(*columns).with_for_update()
    )  # fmt: skip
    return {Place(*place): following for *place, following in rows}


def _set(connection: Connection, following: dict[Place, int]) -> None:
    if following:
        new = _insert(connection)(verdict_places)
        known = new.on_conflict_do_update(
            index_elements=list(Place._fields), set_={"next_offset": new.excluded.next_offset}
        )
        connection.execute(
            known, [{**place._asdict(), "next_offset": following[place]} for place in sorted(following)]
        )


def _raise(connection: Connection, times: Counter[Kind]) -> None:
    if times:
        new = _insert(connection)(verdict_counts)
        total = verdict_counts.c["count"] + new.excluded["count"]
        raised = new.on_conflict_do_update(index_elements=list(Kind._fields), set_={"count": total})
        connection.execute(raised, [{**kind._asdict(), "count": times[kind]} for kind in sorted(times)])


def _insert(connection: Connection) -> Callable[[Table], sqlite.Insert | postgresql.Insert]:
    return sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert


def _plain(word: str, most: int) -> str:
    """A word that fits its column; PostgreSQL keeps no null characters."""
    return word.replace("\x00", "")[:most]
