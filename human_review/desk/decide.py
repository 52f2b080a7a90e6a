"""An answer is given.

All that an answer causes is written in one transaction: the answer, its seat and task, the message in the outbox,
what quality and exposure count, the audit entry. The message waits in the outbox for as long as the answer can be
taken back without a trace.
"""

import json
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, insert, select, update

from human_review.audit import log
from human_review.database.engine import now_ms
from human_review.database.tables import answers, seats
from human_review.desk.again import again
from human_review.desk.answer import Answer, Hand, tidied
from human_review.desk.emit import close, emit, sealed_note, to_replace, undo_ms
from human_review.desk.leases import held_seat, lock_task, must_review
from human_review.desk.undo import Undone, undo
from human_review.errors import AlreadyDecided
from human_review.people import exposure
from human_review.permissions import Actor
from human_review.quality import golden
from human_review.quality.overlap import Settled, settle
from human_review.quality.weights import weight_of
from human_review.service import Service
from stream_app.contracts.ids import digest
from stream_app.contracts.metrics import REVIEW_ANSWERS

__all__ = ("Answer", "Given", "Undone", "decide", "give", "undo")


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer has come to. ``final`` is false while others are asked about the same task."""

    label_id: str
    task_id: str
    final: bool
    undo_until_ms: int
    what_happens: str


@again
def decide(service: Service, actor: Actor, seat_id: str, token: int, answer: Answer) -> Given:
    """Answer a task. The same answer with the same token twice gives the same result and is one answer.

    Raises LeaseLost, AlreadyDecided (closed meanwhile, or answered otherwise with this token), Invalid, Forbidden.
    """
    answer = tidied(answer, service.config)
    with service.database.write() as connection:
        task = lock_task(connection, seat_id, actor)
        must_review(actor, task)
        if before := _before(connection, actor, seat_id, token, answer):
            return _given(service, task, before.label_id, before.decided_ms, final=_final(task))
        if task.state == "closed":
            raise AlreadyDecided(f"the task is closed ({task.closed_why}); take the next one")
        seat = held_seat(connection, actor, seat_id, token)
        hand = Hand(actor, task, seat, answer, digest("label", seat_id, token), now_ms(connection))
        final = give(connection, service, hand)
        exposure.spent(connection, actor.user_id, answer.seconds, task.severity)
        log.append(
            connection, actor, "decide", task.task_id, label=hand.label_id, verdict=answer.verdict,
            labels=",".join(answer.labels), final=final, blind=task.blind,
        )  # fmt: skip
    service.telemetry.count(REVIEW_ANSWERS, answer.verdict)
    return _given(service, task, hand.label_id, hand.now, final=final)


def give(connection: Connection, service: Service, hand: Hand) -> bool:
    """Write one answer with all that follows from it but exposure and audit; whether the task is final with it."""
    replaces = to_replace(connection, hand.seat.seat_id)
    weight = weight_of(connection, service, hand.actor.user_id, hand.task.label)
    _write(connection, service, hand, replaces=replaces, weight=weight)
    settled = _settle(connection, service, hand, weight)
    final_label: str | None = hand.label_id
    if hand.task.kind == "review":
        final_label = emit(connection, service, hand, settled, replaces=replaces, weight=weight)
    if final_label is not None:
        close(connection, service, hand, settled, final_label)
    return settled.final


def _write(connection: Connection, service: Service, hand: Hand, *, replaces: str | None, weight: float) -> None:
    task, answer = hand.task, hand.answer
    connection.execute(
        insert(answers).values(
            label_id=hand.label_id, task_id=task.task_id, seat_id=hand.seat.seat_id, token=hand.seat.token,
            user_id=hand.actor.user_id, verdict=answer.verdict, labels=json.dumps(answer.labels),
            sealed_note=sealed_note(connection, service, task, answer.note), seconds=answer.seconds,
            decided_ms=hand.now, state="standing", replaces=replaces, batch_id=hand.batch_id,
            saw_scores=not task.blind, weight=weight,
        )
    )  # fmt: skip
    connection.execute(
        update(seats).where(seats.c.seat_id == hand.seat.seat_id).values(state="answered", lease_until_ms=None)
    )


def _settle(connection: Connection, service: Service, hand: Hand, weight: float) -> Settled:
    task, answer = hand.task, hand.answer
    if task.kind == "review":
        return settle(connection, service, task.task_id)
    if task.kind == "golden":
        golden.answered(connection, service, task.task_id, hand.actor.user_id, answer.verdict, answer.labels)
    return Settled(True, answer.verdict, answer.labels, weight)


def _before(connection: Connection, actor: Actor, seat_id: str, token: int, answer: Answer) -> Row[Any] | None:
    """The answer that this token has given already. Raises AlreadyDecided where it was another one."""
    row = connection.execute(
        select(answers).where(
            answers.c.seat_id == seat_id, answers.c.token == token, answers.c.user_id == actor.user_id,
            answers.c.state == "standing",
        )
    ).one_or_none()  # fmt: skip
    if row and (row.verdict, tuple(json.loads(row.labels))) != (answer.verdict, answer.labels):
        raise AlreadyDecided(f"you have answered {row.verdict}; undo that first")
    return row


def _final(task: Row[Any]) -> bool:
    return bool(task.state == "closed" and task.closed_why == "decided")


def _given(service: Service, task: Row[Any], label_id: str, decided_ms: int, *, final: bool) -> Given:
    return Given(
        label_id=label_id, task_id=task.task_id, final=final, undo_until_ms=decided_ms + undo_ms(service),
        what_happens="the verdict is sent" if final else "the answer counts; others are asked as well",
    )  # fmt: skip
