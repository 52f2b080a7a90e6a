from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from human_review.database.tables import answers, audit, exposures, seats, tasks
from human_review.desk.decide import decide
from human_review.desk.groups import decide_group, group, undo_group
from human_review.desk.skip import escalate, skip
from human_review.desk.take import take
from human_review.errors import AlreadyDecided, Conflict, Forbidden, Invalid, LeaseLost, NotFound
from human_review.permissions import Actor
from human_review.service import Service
from human_review.testing import make_review_task
from human_review.testing_desk import (
    ALL_GOLDEN,
    ALLOW,
    NO_GOLDEN,
    ONE_ANSWER,
    PLAIN,
    REMOVE,
    in_force,
    pick_up,
    rows_of,
    waiting,
    with_less,
)
from human_review.testing_quality import configured, make_actor, make_golden, open_tasks

SAME = "buy my fine donkeys"


@pytest.fixture
def plain(new_service: Callable[..., Service]) -> Service:
    return new_service(config=PLAIN)


def hold(service: Service, actor: Actor) -> tuple[str, int]:
    card = take(service, actor)
    assert card is not None
    return card.seat_id, card.token


def sample_of(service: Service, actor: Actor, held: tuple[str, int]) -> tuple[str, ...]:
    return tuple(member.task_id for member in group(service, actor, *held).sample)


def test_what_belongs_together_is_decided_at_once_after_a_look(plain: Service) -> None:
    open_tasks(plain, *(make_review_task(number, text=SAME) for number in range(6)), make_review_task(9))
    ann = make_actor(plain, "ann")
    card = take(plain, ann)
    assert card is not None
    assert card.group == 6
    held = card.seat_id, card.token
    found = group(plain, ann, *held)
    assert (found.size, found.left_out, len(found.sample)) == (6, 0, 3)
    assert {member.text for member in found.sample} == {SAME}
    given = decide_group(plain, ann, *held, REMOVE, sample_of(plain, ann, held))
    assert (given.given, given.final, given.left_out) == (6, 6, 0)
    assert len(waiting(plain)) == 6
    assert {row.batch_id for row in rows_of(plain, answers)} == {given.batch_id}
    assert len(rows_of(plain, tasks, state="open")) == 1
    assert [row.shown for row in rows_of(plain, exposures)] == [1, 3, 0]  # the card, the sample, the time
    assert len(rows_of(plain, audit, act="decide-group")) == 1
    again = decide_group(plain, ann, *held, REMOVE, ())
    assert (again.batch_id, again.given) == (given.batch_id, 6)
    with pytest.raises(AlreadyDecided, match="undo"):
        decide_group(plain, ann, *held, ALLOW, ())
    assert len(waiting(plain)) == 6


def test_the_sample_must_have_been_looked_at(plain: Service) -> None:
    open_tasks(plain, *(make_review_task(number, text=SAME) for number in range(6)))
    ann = make_actor(plain, "ann")
    held = hold(plain, ann)
    sample = sample_of(plain, ann, held)
    others = tuple(row.task_id for row in rows_of(plain, tasks) if row.task_id not in sample)
    for seen in ((), sample[:2], others):
        with pytest.raises(Conflict, match="look at the sample"):
            decide_group(plain, ann, *held, REMOVE, seen)
    assert rows_of(plain, answers) == []


def test_the_sample_is_the_same_whoever_asks_and_not_the_first_ones(plain: Service) -> None:
    open_tasks(plain, *(make_review_task(number, text=SAME) for number in range(40)))
    ann = make_actor(plain, "ann")
    held = hold(plain, ann)
    assert sample_of(plain, ann, held) == sample_of(plain, ann, held)
    first = sorted(rows_of(plain, tasks), key=lambda row: (row.created_ms, row.task_id))[:4]
    assert not set(sample_of(plain, ann, held)) <= {row.task_id for row in first}


def test_what_the_person_could_not_answer_alone_is_left_out_and_counted(plain: Service) -> None:
    many = [make_review_task(number, text=SAME) for number in range(5)]
    foreign = make_review_task(10, text=SAME, language="de")
    elsewhere = make_review_task(11, text=SAME, queue="other")
    blind = make_review_task(12, text=SAME, why="sampled")
    open_tasks(plain, *many, foreign, elsewhere, blind)
    bob = make_actor(plain, "bob", queues=("general",), languages=("en",))
    eve = make_actor(plain, "eve", queues=("general",), languages=("en",))
    hold(plain, eve)
    skip(plain, bob, *hold(plain, bob), "context")
    held = hold(plain, bob)
    found = group(plain, bob, *held)
    assert (found.size, found.left_out) == (3, 5)
    given = decide_group(plain, bob, *held, REMOVE, sample_of(plain, bob, held))
    assert (given.given, given.left_out) == (3, 5)
    assert "5 were left out" in given.what_happens
    states = {row.task_id: row.state for row in rows_of(plain, tasks)}
    assert {states[task.task_id] for task in (foreign, elsewhere, blind)} == {"open"}


def test_a_task_that_is_alone_is_no_group(plain: Service) -> None:
    open_tasks(plain, make_review_task(1, why="sampled"))
    ann = make_actor(plain, "ann")
    with pytest.raises(Invalid):
        group(plain, ann, *hold(plain, ann))


def test_a_group_needs_the_lease_of_its_card(plain: Service) -> None:
    open_tasks(plain, *(make_review_task(number, text=SAME) for number in range(2)))
    ann, bob = make_actor(plain, "ann"), make_actor(plain, "bob")
    held = hold(plain, ann)
    with pytest.raises(LeaseLost):
        group(plain, bob, *held)
    with pytest.raises(LeaseLost):
        decide_group(plain, bob, *held, REMOVE, ())


def test_in_time_all_of_it_is_taken_back_and_open_for_everybody(plain: Service) -> None:
    open_tasks(plain, *(make_review_task(number, text=SAME) for number in range(5)))
    ann, bob = make_actor(plain, "ann"), make_actor(plain, "bob")
    held = hold(plain, ann)
    given = decide_group(plain, ann, *held, REMOVE, sample_of(plain, ann, held))
    with pytest.raises(NotFound):
        undo_group(plain, bob, given.batch_id)
    undone = undo_group(plain, ann, given.batch_id)
    assert (undone.in_time, undone.late, undone.lost) == (5, 0, 0)
    assert waiting(plain) == []
    assert {row.state for row in rows_of(plain, seats) + rows_of(plain, tasks)} == {"open"}
    card = take(plain, bob)
    assert card is not None
    assert card.group == 5
    with pytest.raises(NotFound):
        undo_group(plain, ann, given.batch_id)


def test_whoever_lost_a_right_takes_no_group_back(plain: Service) -> None:
    open_tasks(plain, *(make_review_task(number, text=SAME) for number in range(3)))
    ann = make_actor(plain, "ann")
    held = hold(plain, ann)
    given = decide_group(plain, ann, *held, REMOVE, sample_of(plain, ann, held))
    for less in with_less(ann):
        with pytest.raises(Forbidden):
            undo_group(plain, less, given.batch_id)
    assert {row.state for row in rows_of(plain, answers)} == {"standing"}
    assert len(waiting(plain)) == 3


def test_late_every_label_is_replaced_by_the_next_answer(plain: Service) -> None:
    open_tasks(plain, *(make_review_task(number, text=SAME) for number in range(4)))
    ann = make_actor(plain, "ann")
    held = hold(plain, ann)
    given = decide_group(plain, ann, *held, REMOVE, sample_of(plain, ann, held))
    pick_up(plain)
    undone = undo_group(plain, ann, given.batch_id)
    assert (undone.in_time, undone.late) == (0, 4)
    assert {row.verdict for row in rows_of(plain, tasks)} == {"remove"}
    again = hold(plain, ann)
    decide_group(plain, ann, *again, ALLOW, sample_of(plain, ann, again))
    labels = waiting(plain)
    sent = {label.label_id for label in labels[:4]}
    assert {label.replaces for label in labels[4:8]} == {label.replaces for label in labels[8:]} == sent
    assert all(label.withdrawn for label in labels[4:8])
    assert in_force(labels) == labels[8:]


def test_what_was_closed_since_is_told_apart(plain: Service) -> None:
    open_tasks(plain, *(make_review_task(number, text=SAME) for number in range(3)))
    ann = make_actor(plain, "ann")
    held = hold(plain, ann)
    given = decide_group(plain, ann, *held, REMOVE, sample_of(plain, ann, held))
    pick_up(plain)
    with plain.database.write() as connection:
        connection.execute(tasks.update().where(tasks.c.item_id == "item-1").values(closed_why="deleted"))
    undone = undo_group(plain, ann, given.batch_id)
    assert (undone.in_time, undone.late, undone.lost) == (0, 2, 1)
    assert "item-1" not in {label.item_id for label in waiting(plain) if label.withdrawn}


def test_what_was_decided_again_since_stands_and_the_rest_is_taken_back(plain: Service) -> None:
    open_tasks(plain, *(make_review_task(number, text=SAME) for number in range(3)), make_review_task(9))
    ann, bob = make_actor(plain, "ann"), make_actor(plain, "bob")
    held = hold(plain, ann)
    given = decide_group(plain, ann, *held, REMOVE, sample_of(plain, ann, held))
    decide(plain, bob, *hold(plain, bob), ALLOW)
    pick_up(plain)
    with plain.database.write() as connection:
        newer = tasks.update().where(tasks.c.item_id == "item-9")
        connection.execute(newer.values(item_id="item-1", closed_ms=tasks.c.closed_ms + 1000))
    undone = undo_group(plain, ann, given.batch_id)
    assert (undone.late, undone.lost) == (2, 1)
    assert {label.item_id for label in waiting(plain) if label.withdrawn} == {"item-0", "item-2"}
    assert {row.item_id for row in rows_of(plain, tasks, state="open")} == {"item-0", "item-2"}


def test_a_group_is_never_larger_than_the_file_says(new_service: Callable[..., Service]) -> None:
    service = new_service(config=configured(ONE_ANSWER, NO_GOLDEN, ("most: 500", "most: 3")))
    open_tasks(service, *(make_review_task(number, text=SAME) for number in range(5)))
    ann = make_actor(service, "ann")
    held = hold(service, ann)
    given = decide_group(service, ann, *held, REMOVE, sample_of(service, ann, held))
    assert (given.given, given.left_out) == (3, 2)
    assert decide(service, ann, *hold(service, ann), REMOVE).final


def test_a_golden_task_is_a_group_of_its_own_like_a_real_one(new_service: Callable[..., Service]) -> None:
    service = new_service(config=configured(ONE_ANSWER, ALL_GOLDEN))
    make_golden(service, 1, 1)
    open_tasks(service, make_review_task(100))
    ann, bob = make_actor(service, "ann"), make_actor(service, "bob")
    held, real = hold(service, ann), hold(service, bob)
    [seat] = rows_of(service, seats, seat_id=held[0])
    assert seat.kind == "golden"
    assert group(service, ann, *held) == group(service, bob, *real)
    given = decide_group(service, ann, *held, REMOVE, ())
    theirs = decide_group(service, bob, *real, REMOVE, ())
    assert (given.given, given.final, given.what_happens) == (theirs.given, theirs.final, theirs.what_happens)
    assert undo_group(service, ann, given.batch_id).in_time == 1
    assert hold(service, ann)[0] == held[0]


def test_undoing_a_group_leaves_what_was_escalated_to_leads(new_service: Callable[..., Service]) -> None:
    unsure = ("sure_alone: 0.7", "sure_alone: 0.99")
    service = new_service(config=configured(ONE_ANSWER, NO_GOLDEN, unsure))
    open_tasks(service, *(make_review_task(number, text=SAME) for number in range(3)))
    ann, bob, lead = make_actor(service, "ann"), make_actor(service, "bob"), make_actor(service, "lea", "lead")
    held = hold(service, ann)
    given = decide_group(service, ann, *held, REMOVE, sample_of(service, ann, held))
    assert given.final == 0
    card = take(service, bob)
    assert card is not None
    escalate(service, bob, card.seat_id, card.token)
    undo_group(service, ann, given.batch_id)
    [lifted] = [row for row in rows_of(service, tasks) if row.task_id == card.task_id]
    places = {(row.tier, row.queue) for row in rows_of(service, seats, task_id=lifted.task_id)}
    assert places == {(1, "escalated")} == {(lifted.tier, lifted.queue)}
    theirs = take(service, lead, "escalated")
    assert theirs is not None
    assert theirs.task_id == lifted.task_id


def test_a_group_that_is_decided_at_this_moment_hides_nothing_behind_it(new_service: Callable[..., Service]) -> None:
    service = new_service(config=PLAIN)
    if service.database.is_sqlite:
        return  # one writes at a time there: nothing is passed over
    open_tasks(service, *(make_review_task(number, text=SAME) for number in range(40)))
    open_tasks(service, make_review_task(99, text="another", due=timedelta(days=9)))
    with service.database.write() as deciding:
        first = select(seats.c.seat_id).order_by(seats.c.rank_ms).limit(40).with_for_update()
        assert len(deciding.execute(first).all()) == 40
        card = take(service, make_actor(service, "bob"))
    assert card is not None
    assert card.text == "another"
