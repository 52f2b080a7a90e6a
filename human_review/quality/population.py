"""How many decisions the machine made: what audit samples are drawn from."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from human_review.database.tables import verdict_counts
from stream_app.contracts.decision import Decision

DAY_SECONDS = 86_400
_NO_LABEL = ""


class Kind(NamedTuple):
    """What decisions are counted by; a row of ``verdict_counts``."""

    day: int
    verdict: str
    label: str
    language: str


def kind_of(decision: Decision) -> Kind | None:
    """What a decision counts as, or None for one that is not the worker's or never became effective.

    Numbers only: nothing points to the item.
    """
    if decision.decided_by != "worker" or decision.for_the_record:
        return None
    day = int(decision.decided_at.timestamp() // DAY_SECONDS)
    return Kind(day, decision.verdict, _plain(decision.label or _NO_LABEL, 64), _plain(decision.language, 35))


def add(connection: Connection, kinds: Iterable[Kind]) -> None:
    """Count decisions, one for each entry; call it once a transaction, near its end.

    Everybody who reads decisions wants the same few rows: they are written in one order, and held for a moment.
    """
    times = Counter(kinds)
    if not times:
        return
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    new = insert(verdict_counts)
    total = verdict_counts.c["count"] + new.excluded["count"]
    connection.execute(
        new.on_conflict_do_update(index_elements=list(Kind._fields), set_={"count": total}),
        [{**kind._asdict(), "count": times[kind]} for kind in sorted(times)],
    )


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


def _plain(word: str, most: int) -> str:
    """A word that fits its column; PostgreSQL keeps no null characters."""
    return word.replace("\x00", "")[:most]
