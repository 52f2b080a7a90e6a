"""An appeal is decided: by a signed-in person, and by nobody else than one who had no part in it before.

All that follows is one transaction. The outcome leaves the service once the person can no longer take it back.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, Row, delete, select, update

from human_review import outbox
from human_review.appeals.involved import involved
from human_review.audit import log
from human_review.database.engine import now_ms
from human_review.database.tables import answers, appeals, golden, seats
from human_review.desk.again import again
from human_review.desk.answer import MAX_NOTE_CHARS, Answer, Hand
from human_review.desk.cards import open_task
from human_review.desk.decide import give
from human_review.desk.emit import undo_ms
from human_review.desk.leases import held_seat, lease, lock_task, must_reach
from human_review.desk.undo import revoke
from human_review.errors import AlreadyDecided, Conflict, Forbidden, Invalid, NotFound
from human_review.people import exposure
from human_review.permissions import Actor
from human_review.quality.golden_sources import propose
from human_review.quality.weights import weight_of
from human_review.service import Service
from human_review.times import at
from human_review.webhooks import events as webhooks
from stream_app.contracts.decision import Decision, Verdict
from stream_app.contracts.ids import digest
from stream_app.contracts.review import AppealDecision, ReviewTask
from stream_app.contracts.topics import REVIEW_LABELS

Outcome = Literal["upheld", "overturned"]
_SEVERITY = {"allow": 0, "limit": 1, "remove": 2}


class AppealGiven(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided, and until when it can be taken back."""

    appeal_id: str
    task_id: str
    label_id: str
    outcome: str
    verdict: str
    undo_until: datetime
    what_happens: str


@dataclass(frozen=True, slots=True)
class _Found:
    """The appeal in hand: its rows, locked, and what it is about."""

    appeal: Row[Any]
    task: Row[Any]
    about: ReviewTask


@again
def decide_appeal(
    service: Service, actor: Actor, seat_id: str, token: int, outcome: Outcome, reply: str,
    verdict: Verdict = "allow", labels: tuple[str, ...] = (), seconds: float = 0.0,
) -> AppealGiven:  # fmt: skip
    """Decide the appeal that the seat is for. ``reply`` is what its author is told.

    ``verdict`` and ``labels`` are what holds from now on where it is overturned, and must be milder than what was
    decided; they do not count where it is upheld. The same call twice is one decision. Raises Forbidden for whoever
    had a part in it, LeaseLost, AlreadyDecided, Invalid.
    """
    with service.database.write() as connection:
        found = _lock(connection, service, seat_id, actor)
        actor.must("decide-appeals")
        must_reach(actor, found.task)
        answer = _checked(service, found.about.decision, outcome, verdict, labels, seconds)
        text = _checked_reply(reply)
        if before := _before(connection, service, found, actor, (seat_id, token), (outcome, answer, text)):
            return before
        if found.task.state == "closed":
            raise AlreadyDecided(f"this appeal is closed ({found.task.closed_why}); take the next one")
        seat = held_seat(connection, actor, seat_id, token)
        if actor.user_id in involved(connection, found.task.task_id):
            raise Forbidden("you had a part in the decision that is appealed; somebody else must decide")
        hand = Hand(actor, found.task, seat, answer, digest("label", seat_id, token), now_ms(connection))
        give(connection, service, hand)
        _store(connection, service, found, hand, outcome, text)
        _announce(connection, service, found, hand, outcome)
        exposure.spent(connection, actor.user_id, answer.seconds, found.task.severity)
        log.append(
            connection, actor, "decide-appeal", found.appeal.appeal_id, outcome=outcome, verdict=answer.verdict,
            decision=found.appeal.decision_id, task=found.task.task_id, label=hand.label_id,
        )  # fmt: skip
    return _given(service, found, hand.label_id, outcome, answer.verdict, hand.now)


@again
def undo_appeal(service: Service, actor: Actor, appeal_id: str) -> int:
    """Take back an own decision that has not left the service; the token of the seat, which is theirs again.

    Raises NotFound for what is not theirs, Conflict once it has left.
    """
    with service.database.write() as connection:
        seat_id, label_id = _own(connection, actor, appeal_id)
        found = _lock(connection, service, seat_id, actor)
        actor.must("decide-appeals")
        must_reach(actor, found.task)
        in_time = now_ms(connection) < (found.appeal.decided_ms or 0) + undo_ms(service)
        if not in_time or not outbox.take_back(connection, [_message_id(appeal_id)]):
            raise Conflict("the outcome has left already and was told to the author; it cannot be taken back")
        facts = _facts(found, found.appeal.state, found.task.verdict)
        webhooks.withdraw(connection, webhooks.APPEAL_DECIDED, **facts)
        revoke(connection, service, found.task, label_id)
        connection.execute(delete(golden).where(
            golden.c.item_id == found.task.item_id, golden.c.source == "appeal", golden.c.state == "candidate"
        ))  # fmt: skip
        connection.execute(
            update(appeals).where(appeals.c.appeal_id == appeal_id)
            .values(state="open", decided_by=None, decided_ms=None, sealed_reply=None)
        )  # fmt: skip
        seat = connection.execute(select(seats).where(seats.c.seat_id == seat_id).with_for_update()).one()
        token = lease(connection, service, actor, seat, now_ms(connection))
        log.append(connection, actor, "undo-appeal", appeal_id, label=label_id)
    return token


def _lock(connection: Connection, service: Service, seat_id: str, actor: Actor) -> _Found:
    task = lock_task(connection, seat_id, actor)
    row = connection.execute(select(appeals).where(appeals.c.task_id == task.task_id).with_for_update()).one_or_none()
    if task.kind != "appeal" or row is None:
        raise Invalid("this task is no appeal; answer it on the work page")
    return _Found(row, task, open_task(connection, service, task))


def _own(connection: Connection, actor: Actor, appeal_id: str) -> tuple[str, str]:
    row = connection.execute(
        select(answers.c.seat_id, answers.c.label_id)
        .join(appeals, appeals.c.task_id == answers.c.task_id)
        .where(
            appeals.c.appeal_id == appeal_id, answers.c.user_id == actor.user_id, answers.c.state == "standing",
            appeals.c.decided_by == actor.user_id,
        )
    ).one_or_none()  # fmt: skip
    if row is None:
        raise NotFound("there is no such appeal that you have decided")
    return row.seat_id, row.label_id


def _checked(
    service: Service, decision: Decision, outcome: str, verdict: Verdict, labels: tuple[str, ...], seconds: float
) -> Answer:
    if outcome == "upheld":
        kept = (decision.label,) if decision.label else ()
        return Answer(verdict=decision.verdict, labels=kept, seconds=seconds)
    if outcome != "overturned":
        raise Invalid("the outcome must be upheld or overturned")
    if _SEVERITY.get(verdict, 9) >= _SEVERITY.get(decision.verdict, 0):
        raise Invalid(
            f"an overturned decision ({decision.verdict}) needs a milder verdict: allow, or limit for remove"
        )
    if unknown := sorted(set(labels) - service.config.labels.keys()):
        raise Invalid(f"there is no label {unknown[0][:64]!r}; those of the review file are known")
    if (verdict == "allow") == bool(labels):
        raise Invalid("allow takes no label; limit needs at least one, so that the author can be told why")
    return Answer(verdict=verdict, labels=tuple(sorted(set(labels))), seconds=seconds)


def _checked_reply(reply: str) -> str:
    text = reply.encode("utf-8", "replace").decode().strip()
    if not 0 < len(text) <= MAX_NOTE_CHARS:
        raise Invalid(f"the author gets a reply, of at most {MAX_NOTE_CHARS} characters")
    return text


def _before(
    connection: Connection, service: Service, found: _Found, actor: Actor, place: tuple[str, int],
    said: tuple[str, Answer, str],
) -> AppealGiven | None:  # fmt: skip
    """What this token has decided already. Raises AlreadyDecided where it was something else."""
    seat_id, token = place
    row = connection.execute(
        select(answers).where(
            answers.c.seat_id == seat_id, answers.c.token == token, answers.c.user_id == actor.user_id,
            answers.c.state == "standing",
        )
    ).one_or_none()  # fmt: skip
    if row is None:
        return None
    outcome, answer, text = said
    reply = service.sealer.open(connection, found.task.item_id, found.appeal.sealed_reply).decode()
    if (found.appeal.state, row.verdict, reply) != (outcome, answer.verdict, text):
        raise AlreadyDecided(f"you have decided that it is {found.appeal.state}; undo that first")
    return _given(service, found, row.label_id, outcome, row.verdict, row.decided_ms)


def _store(connection: Connection, service: Service, found: _Found, hand: Hand, outcome: Outcome, reply: str) -> None:
    about, item_id = found.about, found.task.item_id
    weight = weight_of(connection, service, hand.actor.user_id, found.task.label)
    connection.execute(
        update(appeals).where(appeals.c.appeal_id == found.appeal.appeal_id).values(
            state=outcome, decided_by=hand.actor.user_id, decided_ms=hand.now,
            sealed_reply=service.sealer.seal(connection, item_id, reply.encode()),
        )
    )  # fmt: skip
    message = AppealDecision(
        appeal_id=found.appeal.appeal_id, decision_id=found.appeal.decision_id, item=about.item, origin=about.origin,
        outcome=outcome, reviewer_id=hand.actor.pseudonym, decided_at=at(hand.now), task=about,
        verdict=hand.answer.verdict, labels=hand.answer.labels, weight=weight,
        policy_version=about.decision.policy_version,
    )  # fmt: skip
    outbox.put_new(
        connection, service, message_id=_message_id(found.appeal.appeal_id), topic=REVIEW_LABELS, key=item_id,
        message=message, item_id=item_id, not_before_ms=hand.now + undo_ms(service),
    )  # fmt: skip
    if outcome == "overturned":
        propose(connection, service, found.task.task_id, hand.answer.verdict, hand.answer.labels, "appeal")


def _message_id(appeal_id: str) -> str:
    """The platform chooses the ids of appeals; no label is called like that."""
    return digest("appeal", appeal_id)


def _announce(connection: Connection, service: Service, found: _Found, hand: Hand, outcome: str) -> None:
    webhooks.announce(
        connection, service, webhooks.APPEAL_DECIDED, not_before_ms=hand.now + undo_ms(service),
        **_facts(found, outcome, hand.answer.verdict),
    )  # fmt: skip


def _facts(found: _Found, outcome: str, verdict: str) -> dict[str, str]:
    return {
        "appeal_id": found.appeal.appeal_id, "decision_id": found.appeal.decision_id,
        "item_id": found.appeal.item_id, "outcome": outcome, "verdict": verdict,
    }  # fmt: skip


def _given(
    service: Service, found: _Found, label_id: str, outcome: str, verdict: str, decided_ms: int
) -> AppealGiven:
    until = at(decided_ms + undo_ms(service))
    return AppealGiven(
        appeal_id=found.appeal.appeal_id, task_id=found.task.task_id, label_id=label_id, outcome=outcome,
        verdict=verdict, undo_until=until, what_happens=f"the author is told that the decision was {outcome}",
    )  # fmt: skip
