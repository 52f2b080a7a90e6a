"""How many decisions the machine made: what audit samples are drawn from."""

from sqlalchemy import Connection, Table, select
from sqlalchemy.dialects import postgresql, sqlite

from human_review.database.tables import verdict_counts
from stream_app.contracts.decision import Decision

DAY_SECONDS = 86_400
_NO_LABEL = ""


def note(connection: Connection, decision: Decision) -> None:
    """Count a decision of the worker by day, verdict, label and language; call it once for each that is read.

    What people ruled and what never became effective is not counted. Numbers only: nothing points to the item.
    """
    if decision.decided_by != "worker" or decision.for_the_record:
        return
    _count(
        connection, verdict_counts, day=int(decision.decided_at.timestamp() // DAY_SECONDS),
        verdict=decision.verdict, label=(decision.label or _NO_LABEL)[:64], language=decision.language[:35],
    )  # fmt: skip


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


def _count(connection: Connection, table: Table, **key: str | int) -> None:
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    added = insert(table).values(**key, count=1)
    connection.execute(
        added.on_conflict_do_update(index_elements=list(key), set_={"count": table.c["count"] + 1})
    )  # fmt: skip
