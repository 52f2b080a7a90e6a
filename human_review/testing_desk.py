"""What tests of the desk are made with: review files with less chance in them, and what lies in the outbox."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sqlalchemy import Row, Table, select, update

from human_review.database.tables import outbox, seats
from human_review.desk.answer import Answer
from human_review.permissions import Actor
from human_review.service import Service
from human_review.testing_quality import configured
from stream_app.contracts.codec import decode
from stream_app.contracts.review import ReviewDecision

ONE_ANSWER = ("second_share: 0.05\n  labels: {self_harm: 0.2, threat: 0.2}", "second_share: 0.0\n  labels: {}")
TWO_ANSWERS = ("second_share: 0.05\n  labels: {self_harm: 0.2, threat: 0.2}", "second_share: 1.0\n  labels: {}")
NO_GOLDEN = ("golden: {share: 0.03, new_share: 0.1,", "golden: {share: 0.0, new_share: 0.0,")
ALL_GOLDEN = ("golden: {share: 0.03, new_share: 0.1,", "golden: {share: 1.0, new_share: 1.0,")
NO_GRACE = ("undo_seconds: 10", "undo_seconds: 0")
SHORT_LEASE = ("seconds: 120 ", "seconds: 2 "), ("heartbeat_seconds: 30", "heartbeat_seconds: 1")

PLAIN = configured(ONE_ANSWER, NO_GOLDEN)
REMOVE = Answer(verdict="remove", labels=("toxicity",), seconds=4.0)
ALLOW = Answer(verdict="allow", seconds=2.0)


def with_less(actor: Actor) -> tuple[Actor, ...]:
    """The same person after a right was taken away: the role, the queue of every task, their language."""
    return (
        replace(actor, role="auditor"), replace(actor, queues=frozenset({"other"})),
        replace(actor, languages=frozenset({"de"})),
    )  # fmt: skip


def rows_of(service: Service, table: Table, **where: Any) -> list[Row[Any]]:
    """The rows of a table whose columns have these values."""
    conditions = [table.c[name] == value for name, value in where.items()]
    with service.database.read() as connection:
        return list(connection.execute(select(table).where(*conditions).order_by(*table.primary_key)))


def waiting(service: Service) -> list[ReviewDecision]:
    """The labels that wait in the outbox, the oldest first."""
    with service.database.read() as connection:
        rows = connection.execute(select(outbox).where(outbox.c.value.is_not(None)).order_by(outbox.c.seq)).all()
        return [
            decode(service.sealer.open(connection, row.item_id, row.value), ReviewDecision)
            for row in rows
            if row.schema == "ReviewDecision.v1"
        ]


def in_force(labels: Iterable[ReviewDecision]) -> list[ReviewDecision]:
    """The final labels that no other replaces: what a reader of the topic goes by."""
    known = list(labels)
    replaced = {label.replaces for label in known}
    return [label for label in known if label.final and label.label_id not in replaced]


def pick_up(service: Service) -> None:
    """Give everything in the outbox a batch, as the publisher does once it is due."""
    with service.database.write() as connection:
        connection.execute(update(outbox).where(outbox.c.batch.is_(None)).values(batch=1))


def run_out(service: Service) -> None:
    """Let every lease run out."""
    with service.database.write() as connection:
        connection.execute(update(seats).where(seats.c.state == "leased").values(lease_until_ms=1))
