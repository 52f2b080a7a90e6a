import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from sqlalchemy import func, select, update

from human_review.appeals import appeals, show
from human_review.appeals.decide import decide_appeal, undo_appeal
from human_review.appeals.involved import involved
from human_review.database.tables import appeals as rows
from human_review.database.tables import audit, deliveries, golden, outbox, seats, tasks
from human_review.desk.answer import Answer
from human_review.desk.cards import Card
from human_review.desk.decide import decide
from human_review.desk.intake import add_task, erase
from human_review.desk.skip import escalate
from human_review.desk.take import take
from human_review.errors import AlreadyDecided, Conflict, Forbidden, Invalid, LeaseLost, NotFound
from human_review.people import accounts
from human_review.permissions import Actor, Role
from human_review.service import Service
from human_review.testing import make_review_task
from stream_app.contracts.codec import decode
from stream_app.contracts.review import Appeal, AppealDecision

REPLY = "You quoted it. We are sorry: nachtigall."


def person(service: Service, name: str, role: Role = "reviewer", **rights: Any) -> Actor:
    return accounts.create(service, None, name=name, role=role, oidc=accounts.Issued("test", name), **rights).actor


def appeal_from(service: Service, number: int = 1, verdict: str = "remove") -> Appeal:
    task = make_review_task(number)
    decision = msgspec.structs.replace(task.decision, verdict=verdict)
    appeal = Appeal(
        appeal_id=f"appeal-{number}", decision_id=decision.decision_id, item=task.item, origin=task.origin,
        statement="no", appealed_at=datetime.now(UTC), decision=decision,
    )  # fmt: skip
    with service.database.write() as connection:
        appeals.submit(connection, service, appeal)
    return appeal


def taken(service: Service, actor: Actor) -> Card:
    card = take(service, actor, "appeals")
    assert card is not None
    return card


def sent(service: Service) -> list[AppealDecision]:
    with service.database.read() as connection:
        found = connection.execute(select(outbox.c.item_id, outbox.c.value)).all()
        return [decode(service.sealer.open(connection, row.item_id, row.value), AppealDecision) for row in found]


@pytest.fixture
def hasty(new_service: Callable[..., Service]) -> Service:
    """A service whose answers leave at once."""
    text = 'version: "1"\nlabels: {toxicity: {title: toxic, harm: 0.3, key: "1"}}\nundo_seconds: 0\n'
    return new_service(config=text)


def test_an_overturned_appeal_leaves_with_all_that_a_ruling_needs(service: Service) -> None:
    appeal = appeal_from(service)
    ann = person(service, "ann")
    card = taken(service, ann)
    given = decide_appeal(service, ann, card.seat_id, card.token, "overturned", REPLY)
    [message] = sent(service)
    assert (message.outcome, message.verdict, message.labels) == ("overturned", "allow", ())
    assert (message.appeal_id, message.decision_id) == (appeal.appeal_id, appeal.decision_id)
    assert message.reviewer_id == ann.pseudonym
    assert message.task is not None
    assert message.task.decision == appeal.decision
    assert (message.origin, message.item) == (appeal.origin, appeal.item)
    assert (message.policy_version, message.sampling_probability) == ("1.1.0", 1.0)
    assert 0.0 < message.weight <= 1.0
    assert given.outcome == "overturned"
    with service.database.read() as connection:
        assert connection.execute(select(tasks.c.state, tasks.c.closed_why)).one() == ("closed", "decided")
        assert connection.execute(select(golden.c.source, golden.c.state, golden.c.verdict)).one() == (
            "appeal", "candidate", "allow",
        )  # fmt: skip


def test_an_upheld_appeal_keeps_verdict_and_label_and_teaches_nothing(service: Service) -> None:
    appeal_from(service)
    ann = person(service, "ann")
    card = taken(service, ann)
    decide_appeal(service, ann, card.seat_id, card.token, "upheld", REPLY, "allow", ())
    [message] = sent(service)
    assert (message.outcome, message.verdict, message.labels) == ("upheld", "remove", ("toxicity",))
    with service.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(golden)).scalar_one() == 0


def test_nobody_who_had_a_part_in_it_can_take_or_decide_the_appeal(service: Service) -> None:
    ann, bob = person(service, "ann"), person(service, "bob")
    with service.database.write() as connection:
        add_task(connection, service, make_review_task(1))
    card = take(service, ann)
    assert card is not None
    decide(service, ann, card.seat_id, card.token, Answer(verdict="remove", labels=("toxicity",)))
    appeal_from(service)
    assert take(service, ann, "appeals") is None
    with service.database.write() as connection:
        task_id = connection.execute(select(tasks.c.task_id).where(tasks.c.kind == "appeal")).scalar_one()
        assert involved(connection, task_id) == {ann.user_id}
        # As if she had got hold of the seat all the same.
        connection.execute(
            update(seats).where(seats.c.task_id == task_id)
            .values(state="leased", holder=ann.user_id, token=7, lease_until_ms=2**53)
        )  # fmt: skip
        seat_id = connection.execute(select(seats.c.seat_id).where(seats.c.task_id == task_id)).scalar_one()
    with pytest.raises(Forbidden, match="part"):
        decide_appeal(service, ann, seat_id, 7, "upheld", REPLY)
    with service.database.write() as connection:
        connection.execute(
            update(seats).where(seats.c.seat_id == seat_id).values(state="open", holder=None, lease_until_ms=None)
        )
    card = taken(service, bob)
    assert decide_appeal(service, bob, card.seat_id, card.token, "upheld", REPLY).outcome == "upheld"


def test_deciding_twice_with_one_token_is_one_decision(service: Service) -> None:
    appeal_from(service)
    ann = person(service, "ann")
    card = taken(service, ann)
    first = decide_appeal(service, ann, card.seat_id, card.token, "overturned", REPLY)
    assert decide_appeal(service, ann, card.seat_id, card.token, "overturned", REPLY) == first
    assert len(sent(service)) == 1
    with pytest.raises(AlreadyDecided, match="overturned"):
        decide_appeal(service, ann, card.seat_id, card.token, "upheld", REPLY)
    with pytest.raises(AlreadyDecided):
        decide_appeal(service, ann, card.seat_id, card.token, "overturned", "another reply")


def test_a_stale_token_decides_nothing(service: Service) -> None:
    appeal_from(service)
    ann = person(service, "ann")
    card = taken(service, ann)
    with pytest.raises(LeaseLost):
        decide_appeal(service, ann, card.seat_id, card.token + 1, "upheld", REPLY)
    with service.database.write() as connection:
        connection.execute(update(seats).values(lease_until_ms=0))
    with pytest.raises(LeaseLost):
        decide_appeal(service, ann, card.seat_id, card.token, "upheld", REPLY)
    assert sent(service) == []


@pytest.mark.parametrize(
    ("outcome", "reply", "verdict", "labels", "message"),
    [
        ("overturned", REPLY, "remove", ("toxicity",), "milder"),
        ("overturned", REPLY, "review", (), "milder"),
        ("overturned", REPLY, "allow", ("toxicity",), "no label"),
        ("overturned", REPLY, "limit", (), "at least one"),
        ("overturned", REPLY, "limit", ("madeup",), "madeup"),
        ("upheld", "  ", "allow", (), "reply"),
        ("upheld", "x" * 4001, "allow", (), "4000"),
        ("withdrawn", REPLY, "allow", (), "upheld or overturned"),
    ],
)
def test_a_decision_that_makes_no_sense_is_refused(
    service: Service, outcome: Any, reply: str, verdict: Any, labels: tuple[str, ...], message: str
) -> None:
    appeal_from(service)
    ann = person(service, "ann")
    card = taken(service, ann)
    with pytest.raises(Invalid, match=message):
        decide_appeal(service, ann, card.seat_id, card.token, outcome, reply, verdict, labels)


def test_a_removal_can_be_turned_into_a_limit(service: Service) -> None:
    appeal_from(service)
    ann = person(service, "ann")
    card = taken(service, ann)
    decide_appeal(service, ann, card.seat_id, card.token, "overturned", REPLY, "limit", ("toxicity",))
    [message] = sent(service)
    assert (message.verdict, message.labels) == ("limit", ("toxicity",))


@pytest.mark.parametrize("role", ["auditor", "admin", "service"])
def test_only_those_who_may_decide_appeals_do(service: Service, role: Role) -> None:
    appeal_from(service)
    ann = person(service, "ann")
    card = taken(service, ann)
    other = _as(ann, role)
    with pytest.raises(Forbidden):
        decide_appeal(service, other, card.seat_id, card.token, "upheld", REPLY)


def _as(actor: Actor, role: Role) -> Actor:
    return Actor(actor.user_id, actor.pseudonym, role)


def test_a_queue_or_language_that_is_not_theirs_is_refused(service: Service) -> None:
    appeal_from(service)
    ann = person(service, "ann")
    card = taken(service, ann)
    narrow = Actor(ann.user_id, ann.pseudonym, "reviewer", languages=frozenset({"fr"}))
    with pytest.raises(Forbidden):
        decide_appeal(service, narrow, card.seat_id, card.token, "upheld", REPLY)


def test_taken_back_in_time_nothing_has_happened(service: Service) -> None:
    appeal_from(service)
    ann = person(service, "ann")
    card = taken(service, ann)
    decide_appeal(service, ann, card.seat_id, card.token, "overturned", REPLY)
    token = undo_appeal(service, ann, "appeal-1")
    assert sent(service) == []
    with service.database.read() as connection:
        for table in (golden, deliveries):
            assert connection.execute(select(func.count()).select_from(table)).scalar_one() == 0
        row = connection.execute(select(rows)).one()
        assert (row.state, row.decided_by, row.sealed_reply) == ("open", None, None)
        assert connection.execute(select(tasks.c.state)).scalar_one() == "open"
    decide_appeal(service, ann, card.seat_id, token, "upheld", "after a second look: no")
    assert [message.outcome for message in sent(service)] == ["upheld"]


def test_only_whoever_decided_takes_it_back_and_only_in_time(hasty: Service) -> None:
    appeal_from(hasty)
    ann, bob = person(hasty, "ann"), person(hasty, "bob")
    card = taken(hasty, ann)
    decide_appeal(hasty, ann, card.seat_id, card.token, "upheld", REPLY)
    with pytest.raises(NotFound):
        undo_appeal(hasty, bob, "appeal-1")
    with pytest.raises(Conflict, match="left"):
        undo_appeal(hasty, ann, "appeal-1")


def test_the_platform_sees_the_outcome_only_when_it_can_no_longer_be_taken_back(service: Service) -> None:
    platform = person(service, "platform", "service")
    appeal_from(service)
    ann = person(service, "ann")
    card = taken(service, ann)
    decide_appeal(service, ann, card.seat_id, card.token, "overturned", REPLY)
    before = show.state_of(service, platform, "appeal-1")
    assert (before.state, before.reply, before.verdict) == ("open", None, None)
    with service.database.write() as connection:
        connection.execute(update(rows).values(decided_ms=rows.c.decided_ms - 10_001))
    after = show.state_of(service, platform, "appeal-1")
    assert (after.state, after.reply, after.verdict) == ("overturned", REPLY, "allow")


def test_an_appeal_about_an_item_that_was_deleted_since_is_withdrawn(service: Service) -> None:
    platform = person(service, "platform", "service")
    appeal_from(service)
    with service.database.write() as connection:
        erase(connection, service, "item-1")
    assert show.state_of(service, platform, "appeal-1").state == "withdrawn"
    with pytest.raises(NotFound):
        show.state_of(service, platform, "appeal-2")


def test_reply_and_statement_are_in_no_message_but_the_sealed_ones(service: Service) -> None:
    appeal_from(service)
    ann = person(service, "ann")
    card = taken(service, ann)
    decide_appeal(service, ann, card.seat_id, card.token, "overturned", REPLY)
    with service.database.read() as connection:
        facts = [json.loads(row.facts) for row in connection.execute(select(audit.c.facts))]
        stored = connection.execute(select(rows.c.sealed_reply)).scalar_one()
    assert "nachtigall" not in json.dumps(facts)
    assert b"nachtigall" not in stored
    assert any(fact.get("outcome") == "overturned" for fact in facts)


def test_who_is_no_lead_any_more_decides_no_escalated_appeal_that_is_still_in_hand(service: Service) -> None:
    appeal = appeal_from(service)
    ann, lead = person(service, "ann"), person(service, "lea", "lead")
    first = taken(service, ann)
    escalate(service, ann, first.seat_id, first.token)
    card = taken(service, lead)
    less = replace(lead, role="reviewer")
    with pytest.raises(Forbidden, match="review-escalated"):
        decide_appeal(service, less, card.seat_id, card.token, "overturned", REPLY)
    with pytest.raises(Forbidden, match="review-escalated"):
        show.in_hand(service, less, card.task_id)
    decide_appeal(service, lead, card.seat_id, card.token, "overturned", REPLY)
    with pytest.raises(Forbidden, match="review-escalated"):
        undo_appeal(service, less, appeal.appeal_id)
