"""Answers on their way to Kafka: as labels of single people, and of the panel that several people make."""

import json
from typing import Any

from sqlalchemy import Connection, Row, select, update

from human_review import outbox
from human_review.database.tables import answers, seats, tasks, users
from human_review.desk.answer import Hand
from human_review.desk.cards import open_task
from human_review.quality.overlap import Settled
from human_review.service import Service
from human_review.times import at
from human_review.webhooks.events import LABEL_FINAL, Fact, announce, withdraw
from stream_app.contracts.ids import digest
from stream_app.contracts.review import ReviewDecision, ReviewTask
from stream_app.contracts.topics import REVIEW_LABELS

PANEL = "panel"


def emit(
    connection: Connection, service: Service, hand: Hand, settled: Settled, *, replaces: str | None, weight: float
) -> str | None:
    """Put the label into the outbox, and the panel's if this answer settles what several were asked.

    Returns the id of the label that is final now, if one is.
    """
    given = standing(connection, hand.task.task_id)
    alone = len(given) == 1
    task = open_task(connection, service, hand.task)
    label = ReviewDecision(
        label_id=hand.label_id, final=settled.final and alone, replaces=replaces, task=task,
        item_id=hand.task.item_id, reviewer_id=hand.actor.pseudonym, verdict=hand.answer.verdict,
        labels=hand.answer.labels, weight=weight, sampling_probability=hand.task.sampling_probability,
        note=hand.answer.note, seconds_spent=hand.answer.seconds, decided_at=at(hand.now),
        policy_version=task.decision.policy_version,
    )  # fmt: skip
    _put(connection, service, hand, label)
    if settled.final and not alone:
        panel = _panel(connection, hand, settled, task)
        _put(connection, service, hand, panel)
        return panel.label_id
    return hand.label_id if settled.final else None


def close(connection: Connection, service: Service, hand: Hand, settled: Settled, label_id: str) -> None:
    """Close the task with its final label; nobody is asked any more, and webhooks are told once it is sent."""
    task = hand.task
    connection.execute(
        update(tasks).where(tasks.c.task_id == task.task_id).values(
            state="closed", closed_why="decided", closed_ms=hand.now, verdict=settled.verdict,
            verdict_labels=json.dumps(settled.labels),
            final_label_id=label_id, last_verdict=task.verdict, last_label_id=task.final_label_id,
        )
    )  # fmt: skip
    connection.execute(
        update(seats).where(seats.c.task_id == task.task_id, seats.c.state.in_(("open", "leased")))
        .values(state="closed", lease_until_ms=None)
    )  # fmt: skip
    if task.kind == "review":
        announce(
            connection, service, LABEL_FINAL, not_before_ms=hand.now + undo_ms(service),
            **_facts(task, label_id, settled.verdict),
        )  # fmt: skip


def withdraw_final(connection: Connection, task: Row[Any]) -> None:
    """Webhooks are not told of the final label that a task had."""
    withdraw(connection, LABEL_FINAL, **_facts(task, task.final_label_id, task.verdict))


def _facts(task: Row[Any], label_id: str, verdict: str) -> dict[str, Fact]:
    return {"label_id": label_id, "task_id": task.task_id, "item_id": task.item_id, "verdict": verdict}


def panel_id(task_id: str, label_ids: list[str]) -> str:
    """The id of the label that sums up others."""
    return digest(PANEL, task_id, sorted(label_ids))


def standing(connection: Connection, task_id: str) -> list[str]:
    """The labels of a task that stand."""
    rows = connection.execute(
        select(answers.c.label_id).where(answers.c.task_id == task_id, answers.c.state == "standing")
    )
    return sorted(row.label_id for row in rows)


def to_replace(connection: Connection, seat_id: str) -> str | None:
    """The label from this seat that was sent, taken back and not yet replaced."""
    newer = answers.alias("newer")
    return connection.execute(
        select(answers.c.label_id)
        .where(
            answers.c.seat_id == seat_id, answers.c.state == "replaced",
            ~select(newer.c.label_id)
            .where(newer.c.replaces == answers.c.label_id, newer.c.state != "undone").exists(),
        )
        .order_by(answers.c.decided_ms.desc())
        .limit(1)
    ).scalar()  # fmt: skip


def undo_ms(service: Service) -> int:
    """How long an answer can be taken back without a trace."""
    return round(service.config.undo_seconds * 1000)


def _panel(connection: Connection, hand: Hand, settled: Settled, task: ReviewTask) -> ReviewDecision:
    given = _givers(connection, hand.task.task_id)
    return ReviewDecision(
        label_id=panel_id(hand.task.task_id, list(given)), final=True, replaces=hand.task.final_label_id, task=task,
        item_id=hand.task.item_id, reviewer_id=PANEL,
        verdict=settled.verdict,  # type: ignore[arg-type] # a verdict that people gave, read from the database
        labels=settled.labels, weight=settled.weight, sampling_probability=hand.task.sampling_probability,
        decided_at=at(hand.now), policy_version=task.decision.policy_version, answers=tuple(given),
        reviewers=tuple(given.values()),
    )  # fmt: skip


def _givers(connection: Connection, task_id: str) -> dict[str, str]:
    """The pseudonym of whoever gave each label that stands, in the order of `standing`."""
    rows = connection.execute(
        select(answers.c.label_id, users.c.pseudonym).join(users, users.c.user_id == answers.c.user_id)
        .where(answers.c.task_id == task_id, answers.c.state == "standing")
    )  # fmt: skip
    return dict(sorted((row.label_id, row.pseudonym) for row in rows))


def _put(connection: Connection, service: Service, hand: Hand, label: ReviewDecision) -> None:
    outbox.put_new(
        connection, service, message_id=label.label_id, topic=REVIEW_LABELS, key=label.item_id, message=label,
        item_id=label.item_id, not_before_ms=hand.now + undo_ms(service),
    )  # fmt: skip


def sealed_note(connection: Connection, service: Service, task: Row[Any], note: str) -> bytes | None:
    """The note as it is kept."""
    return service.sealer.seal(connection, task.item_id, note.encode()) if note else None
