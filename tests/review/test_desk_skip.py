from collections.abc import Callable

import msgspec
import pytest
from sqlalchemy import update

from human_review.database.tables import audit, seats, skips, tasks
from human_review.desk.decide import decide
from human_review.desk.intake import add_task
from human_review.desk.skip import escalate, skip
from human_review.desk.take import take
from human_review.errors import Conflict, Forbidden, Invalid, LeaseLost
from human_review.permissions import Actor
from human_review.service import Service
from human_review.testing import make_review_task
from human_review.testing_desk import ALLOW, NO_GOLDEN, PLAIN, TWO_ANSWERS, rows_of, with_less
from human_review.testing_quality import configured, make_actor, open_tasks


@pytest.fixture
def plain(new_service: Callable[..., Service]) -> Service:
    return new_service(config=PLAIN)


def hold(service: Service, actor: Actor) -> tuple[str, int]:
    card = take(service, actor)
    assert card is not None
    return card.seat_id, card.token


def test_a_skipped_task_goes_to_others_and_not_to_the_same_person(plain: Service) -> None:
    open_tasks(plain, make_review_task(1))
    ann, bob = make_actor(plain, "ann"), make_actor(plain, "bob")
    skip(plain, ann, *hold(plain, ann), "language")
    assert take(plain, ann) is None
    assert take(plain, bob) is not None
    assert [(row.user_id, row.reason) for row in rows_of(plain, skips)] == [(ann.user_id, "language")]
    assert len(rows_of(plain, audit, act="skip")) == 1


def test_what_everybody_has_skipped_comes_again_after_some_hours(plain: Service) -> None:
    open_tasks(plain, make_review_task(1))
    people = [make_actor(plain, name) for name in ("ann", "bob")]
    for reason in ("language", "context"):
        for person in people:
            skip(plain, person, *hold(plain, person), reason)
        assert [take(plain, person) for person in people] == [None, None]
        with plain.database.write() as connection:
            connection.execute(update(skips).values(at_ms=skips.c.at_ms - round(plain.config.skip_hours * 3_600_000)))
    assert {row.reason for row in rows_of(plain, skips)} == {"context"}
    assert hold(plain, people[0])


def test_skipping_needs_a_reason_of_the_file(plain: Service) -> None:
    open_tasks(plain, make_review_task(1))
    ann = make_actor(plain, "ann")
    with pytest.raises(Invalid, match="language"):
        skip(plain, ann, *hold(plain, ann), "because")
    assert rows_of(plain, seats)[0].state == "leased"


def test_whoever_lost_a_right_neither_skips_nor_escalates_what_is_still_in_hand(plain: Service) -> None:
    open_tasks(plain, make_review_task(1))
    ann = make_actor(plain, "ann")
    held = hold(plain, ann)
    for less in with_less(ann):
        with pytest.raises(Forbidden):
            skip(plain, less, *held, "language")
        with pytest.raises(Forbidden):
            escalate(plain, less, *held)
    assert rows_of(plain, skips) == []
    assert [(row.state, row.tier) for row in rows_of(plain, seats)] == [("leased", 0)]


def test_an_escalated_task_goes_to_leads_alone(plain: Service) -> None:
    open_tasks(plain, make_review_task(1))
    ann, bob, lead = make_actor(plain, "ann"), make_actor(plain, "bob"), make_actor(plain, "lead", "lead")
    escalate(plain, ann, *hold(plain, ann))
    assert take(plain, ann) is None
    assert take(plain, bob) is None
    card = take(plain, lead)
    assert card is not None
    assert (card.escalated, card.queue) == (True, "escalated")
    with pytest.raises(Conflict):
        escalate(plain, lead, card.seat_id, card.token)
    assert decide(plain, lead, card.seat_id, card.token, ALLOW).final


def test_a_lead_of_other_queues_gets_what_was_escalated_and_nothing_else(plain: Service) -> None:
    open_tasks(plain, make_review_task(1), make_review_task(2, priority=0.1))
    ann, lead = make_actor(plain, "ann"), make_actor(plain, "lead", "lead", queues=("other",))
    other = make_actor(plain, "bob", queues=("other",))
    escalate(plain, ann, *hold(plain, ann))
    assert take(plain, other) is None
    with pytest.raises(Forbidden):
        take(plain, other, "escalated")
    card = take(plain, lead)
    assert card is not None
    assert (card.escalated, card.queue) == (True, "escalated")
    again = take(plain, lead, "escalated")
    assert again is not None
    assert again.seat_id == card.seat_id
    assert decide(plain, lead, card.seat_id, card.token, ALLOW).final
    assert take(plain, lead) is None


def test_the_queue_of_what_was_escalated_is_the_one_of_the_review_file(new_service: Callable[..., Service]) -> None:
    service = new_service(config=PLAIN.replace("  escalated: escalated", "  escalated: for-leads"))
    open_tasks(service, make_review_task(1))
    ann, lead = make_actor(service, "ann"), make_actor(service, "lead", "lead", queues=("other",))
    escalate(service, ann, *hold(service, ann))
    card = take(service, lead)
    assert card is not None
    assert card.queue == "for-leads"


def test_who_escalates_their_own_lease_only(plain: Service) -> None:
    open_tasks(plain, make_review_task(1))
    ann, bob = make_actor(plain, "ann"), make_actor(plain, "bob")
    held = hold(plain, ann)
    with pytest.raises(LeaseLost):
        escalate(plain, bob, *held)


def test_escalating_takes_the_other_seat_from_whoever_holds_it(new_service: Callable[..., Service]) -> None:
    service = new_service(config=configured(TWO_ANSWERS, NO_GOLDEN))
    open_tasks(service, make_review_task(1))
    ann, bob = make_actor(service, "ann"), make_actor(service, "bob")
    mine, theirs = hold(service, ann), hold(service, bob)
    escalate(service, ann, *mine)
    with pytest.raises(LeaseLost):
        decide(service, bob, *theirs, ALLOW)
    assert {(row.state, row.tier, row.queue) for row in rows_of(service, seats)} == {("open", 1, "escalated")}


def test_an_escalated_appeal_stays_among_the_appeals(plain: Service) -> None:
    with plain.database.write() as connection:
        task = msgspec.structs.replace(make_review_task(1), why="appeal", queue="appeals")
        add_task(connection, plain, task, kind="appeal")
    ann, lead = make_actor(plain, "ann"), make_actor(plain, "lead", "lead")
    escalate(plain, ann, *hold(plain, ann))
    assert [(row.queue, row.tier) for row in rows_of(plain, tasks)] == [("appeals", 1)]
    assert take(plain, make_actor(plain, "bob")) is None
    assert take(plain, lead) is not None


def test_a_lead_has_nobody_to_escalate_to(plain: Service) -> None:
    open_tasks(plain, make_review_task(1))
    lead = make_actor(plain, "lead", "lead")
    held = hold(plain, lead)
    with pytest.raises(Conflict, match="skip it with a reason"):
        escalate(plain, lead, *held)
    assert decide(plain, lead, *held, ALLOW).final
