import json
from collections.abc import Callable

import msgspec
import pytest

from human_review.database.tables import answers, deliveries, golden_results, outbox, seats, tasks
from human_review.desk.answer import Answer
from human_review.desk.closing import erase, supersede
from human_review.desk.decide import decide, undo
from human_review.desk.groups import decide_group, group, undo_group
from human_review.desk.skip import escalate
from human_review.desk.take import take
from human_review.errors import Conflict, Forbidden, LeaseLost, NotFound
from human_review.permissions import Actor
from human_review.service import Service
from human_review.stream import batches
from human_review.testing import make_review_task
from human_review.testing_desk import (
    ALL_GOLDEN,
    ALLOW,
    NO_GOLDEN,
    NO_GRACE,
    ONE_ANSWER,
    PLAIN,
    REMOVE,
    TWO_ANSWERS,
    in_force,
    pick_up,
    rows_of,
    run_out,
    waiting,
    with_less,
)  # fmt: skip
from human_review.testing_quality import configured, make_actor, make_golden, open_tasks
from human_review.webhooks.events import LABEL_WITHDRAWN
from human_review.webhooks.registry import register
from stream_app.contracts.ids import digest
from stream_app.contracts.review import Withdrawn


@pytest.fixture
def plain(new_service: Callable[..., Service]) -> Service:
    return new_service(config=PLAIN)


@pytest.fixture
def late(new_service: Callable[..., Service]) -> Service:
    """Without time to take an answer back."""
    return new_service(config=configured(ONE_ANSWER, NO_GOLDEN, NO_GRACE))


def hold(service: Service, actor: Actor) -> tuple[str, int]:
    card = take(service, actor)
    assert card is not None
    return card.seat_id, card.token


def token_of(token: int | None) -> int:
    assert token is not None
    return token


def test_in_time_nothing_is_left_of_an_answer_and_the_task_is_in_hand_again(plain: Service) -> None:
    open_tasks(plain, make_review_task(1))
    ann = make_actor(plain, "ann")
    seat, token = hold(plain, ann)
    given = decide(plain, ann, seat, token, REMOVE)
    undone = undo(plain, ann, given.label_id)
    assert (undone.in_time, undone.seat_id) == (True, seat)
    assert rows_of(plain, outbox) == []
    [task] = rows_of(plain, tasks)
    assert (task.state, task.closed_why, task.verdict, task.final_label_id) == ("open", None, None, None)
    with pytest.raises(LeaseLost):
        decide(plain, ann, seat, token, REMOVE)
    again = decide(plain, ann, seat, token_of(undone.token), ALLOW)
    [label] = waiting(plain)
    assert (label.label_id, label.replaces, label.verdict) == (again.label_id, None, "allow")


def test_late_the_label_is_withdrawn_at_once_and_the_next_one_replaces_it(late: Service) -> None:
    open_tasks(late, make_review_task(1, sampling_probability=0.5))
    ann = make_actor(late, "ann")
    given = decide(late, ann, *hold(late, ann), Answer(verdict="remove", labels=("toxicity",), note="a slip"))
    assert in_force(waiting(late)) == waiting(late)
    undone = undo(late, ann, given.label_id)
    assert not undone.in_time
    assert rows_of(late, tasks)[0].state == "open"
    first, back = waiting(late)
    assert (first.label_id, back.label_id) == (given.label_id, digest("withdrawal", given.label_id))
    assert (back.replaces, back.final, back.verdict, back.labels) == (given.label_id, False, "review", ())
    assert back.withdrawn == Withdrawn(final=True, verdict="remove", labels=("toxicity",))
    assert (back.task, back.item_id, back.reviewer_id) == (first.task, "item-1", "p-ann")
    assert (back.weight, back.note, back.seconds_spent, back.sampling_probability) == (0.0, "", 0.0, 0.5)
    assert rows_of(late, outbox, message_id=back.label_id)[0].not_before_ms <= back.decided_at.timestamp() * 1000
    assert in_force(waiting(late)) == []
    again = decide(late, ann, undone.seat_id, token_of(undone.token), ALLOW)
    *_, second = waiting(late)
    assert (second.label_id, second.replaces, second.final, second.verdict) == (
        again.label_id, given.label_id, True, "allow",
    )  # fmt: skip
    assert in_force(waiting(late)) == [second]
    assert rows_of(late, tasks)[0].final_label_id == again.label_id
    assert {row.state for row in rows_of(late, answers)} == {"replaced", "standing"}


def test_what_the_publisher_has_picked_up_cannot_be_taken_back_without_a_trace(plain: Service) -> None:
    open_tasks(plain, make_review_task(1))
    ann = make_actor(plain, "ann")
    given = decide(plain, ann, *hold(plain, ann), REMOVE)
    pick_up(plain)
    assert not undo(plain, ann, given.label_id).in_time
    assert [label.replaces for label in waiting(plain)] == [None, given.label_id]


def test_whoever_answers_a_reopened_task_replaces_the_label(late: Service) -> None:
    open_tasks(late, make_review_task(1))
    ann, bob = make_actor(late, "ann"), make_actor(late, "bob")
    given = decide(late, ann, *hold(late, ann), REMOVE)
    undo(late, ann, given.label_id)
    run_out(late)
    decide(late, bob, *hold(late, bob), ALLOW)
    assert [label.replaces for label in waiting(late)] == [None, given.label_id, given.label_id]
    assert [label.reviewer_id for label in in_force(waiting(late))] == ["p-bob"]


def test_a_label_can_be_withdrawn_as_often_as_it_is_given(late: Service) -> None:
    open_tasks(late, make_review_task(1))
    ann = make_actor(late, "ann")
    seat, token = hold(late, ann)
    for verdict in (REMOVE, ALLOW, REMOVE):
        given = decide(late, ann, seat, token, verdict)
        token = token_of(undo(late, ann, given.label_id).token)
        with pytest.raises(Conflict):
            undo(late, ann, given.label_id)
    assert in_force(waiting(late)) == []
    backs = [label.withdrawn for label in waiting(late) if label.withdrawn]
    assert [(said.verdict, said.replaces is None) for said in backs] == [
        ("remove", True), ("allow", False), ("remove", False)
    ]  # fmt: skip
    last = decide(late, ann, seat, token, ALLOW)
    assert [label.label_id for label in in_force(waiting(late))] == [last.label_id]
    assert len({label.label_id for label in waiting(late)}) == 7


def next_batch(service: Service) -> list[str]:
    """The ids of what goes out together now."""
    with service.database.write() as connection:
        number = batches.fix(connection, 0)
        found = [] if number is None else batches.load(connection, service.sealer, number)
        batches.mark_sent(connection, found)
    return [each.message_id for each in found]


def test_nothing_overtakes_a_label_that_kafka_refused_until_now(late: Service) -> None:
    open_tasks(late, make_review_task(1), make_review_task(2))
    ann = make_actor(late, "ann")
    refused = decide(late, ann, *hold(late, ann), REMOVE)
    with late.database.write() as connection:
        connection.execute(outbox.update().values(not_before_ms=2**50))
    undone = undo(late, ann, refused.label_id)
    again = decide(late, ann, undone.seat_id, token_of(undone.token), ALLOW)
    other = decide(late, ann, *hold(late, ann), ALLOW)
    assert next_batch(late) == [other.label_id]
    assert next_batch(late) == []
    with late.database.write() as connection:
        connection.execute(outbox.update().values(not_before_ms=0))
    assert next_batch(late) == [refused.label_id, digest("withdrawal", refused.label_id), again.label_id]


def edit(service: Service, number: int) -> None:
    """The worker decides a newer text of the item, and allows it."""
    task = make_review_task(number)
    origin = msgspec.structs.replace(task.origin, offset=task.origin.offset + 10)
    newer = msgspec.structs.replace(task.decision, decision_id="newer", verdict="allow", origin=origin)
    with service.database.write() as connection:
        supersede(connection, service, newer)


def test_nobody_is_asked_again_about_a_text_that_was_edited_since(plain: Service) -> None:
    open_tasks(plain, make_review_task(1))
    ann, bob = make_actor(plain, "ann"), make_actor(plain, "bob")
    given = decide(plain, ann, *hold(plain, ann), REMOVE)
    edit(plain, 1)
    undone = undo(plain, ann, given.label_id)
    assert (undone.in_time, undone.token) == (True, None)
    assert waiting(plain) == []
    [task] = rows_of(plain, tasks)
    assert (task.state, task.closed_why) == ("closed", "superseded")
    assert [seat.state for seat in rows_of(plain, seats)] == ["closed"]
    assert take(plain, ann) is take(plain, bob) is None


def test_a_label_on_a_text_that_was_edited_since_is_withdrawn_and_nobody_is_asked_again(late: Service) -> None:
    open_tasks(late, make_review_task(1))
    ann = make_actor(late, "ann")
    given = decide(late, ann, *hold(late, ann), REMOVE)
    edit(late, 1)
    undone = undo(late, ann, given.label_id)
    assert (undone.in_time, undone.token) == (False, None)
    assert "edited" in undone.what_happens
    assert [label.replaces for label in waiting(late)] == [None, given.label_id]
    assert take(late, ann) is None


def test_a_group_of_which_one_text_was_edited_since_is_taken_back(plain: Service) -> None:
    open_tasks(plain, *(make_review_task(number, text="the same long text") for number in (1, 2, 3)))
    ann = make_actor(plain, "ann")
    held = hold(plain, ann)
    checked = tuple(member.task_id for member in group(plain, ann, *held).sample)
    given = decide_group(plain, ann, *held, REMOVE, checked)
    edit(plain, 2)
    assert undo_group(plain, ann, given.batch_id).in_time == 3
    states = {row.item_id: row.state for row in rows_of(plain, tasks)}
    assert states == {"item-1": "open", "item-2": "closed", "item-3": "open"}
    open_seats = {row.task_id for row in rows_of(plain, seats, state="open")}
    assert open_seats == {row.task_id for row in rows_of(plain, tasks, state="open")}


def test_a_withdrawal_goes_with_its_item(late: Service) -> None:
    open_tasks(late, make_review_task(1))
    ann = make_actor(late, "ann")
    undo(late, ann, decide(late, ann, *hold(late, ann), REMOVE).label_id)
    with late.database.write() as connection:
        assert erase(connection, late, "item-1").messages == 2
    assert waiting(late) == []


@pytest.mark.parametrize("kind", ["review", "appeal"])
def test_a_label_is_not_withdrawn_once_its_item_was_decided_again(late: Service, kind: str) -> None:
    open_tasks(late, make_review_task(1), make_review_task(2))
    ann = make_actor(late, "ann")
    given = decide(late, ann, *hold(late, ann), REMOVE)
    decide(late, ann, *hold(late, ann), REMOVE)
    before = waiting(late)
    [task] = rows_of(late, tasks, task_id=given.task_id)
    with late.database.write() as connection:
        others = tasks.update().where(tasks.c.task_id != task.task_id)
        connection.execute(others.values(item_id=task.item_id, kind=kind, closed_ms=task.closed_ms + 1))
    with pytest.raises(Conflict, match="decided again since"):
        undo(late, ann, given.label_id)
    assert waiting(late) == before
    assert {row.state for row in rows_of(late, answers)} == {"standing"}


def test_webhooks_are_told_that_a_label_holds_no_longer(late: Service) -> None:
    register(late, Actor("u", "r-1", "admin"), "https://example.org/hook", [LABEL_WITHDRAWN])
    open_tasks(late, make_review_task(1))
    ann = make_actor(late, "ann")
    given = decide(late, ann, *hold(late, ann), REMOVE)
    assert rows_of(late, deliveries) == []
    undo(late, ann, given.label_id)
    [told] = rows_of(late, deliveries)
    assert json.loads(told.body)["facts"] == {
        "label_id": given.label_id, "task_id": given.task_id, "item_id": "item-1",
    }  # fmt: skip


def test_a_replacement_that_is_taken_back_in_time_leaves_the_old_label_withdrawn(plain: Service) -> None:
    open_tasks(plain, make_review_task(1))
    ann = make_actor(plain, "ann")
    given = decide(plain, ann, *hold(plain, ann), REMOVE)
    pick_up(plain)
    undone = undo(plain, ann, given.label_id)
    other = decide(plain, ann, undone.seat_id, token_of(undone.token), ALLOW)
    back = undo(plain, ann, other.label_id)
    assert back.in_time
    [task] = rows_of(plain, tasks)
    assert (task.state, task.verdict, task.final_label_id) == ("open", "remove", given.label_id)
    assert [label.replaces for label in waiting(plain)] == [None, given.label_id]
    last = decide(plain, ann, back.seat_id, token_of(back.token), REMOVE)
    assert waiting(plain)[-1].replaces == given.label_id
    assert [label.label_id for label in in_force(waiting(plain))] == [last.label_id]


def test_an_answer_is_taken_back_once_and_by_its_giver(plain: Service) -> None:
    open_tasks(plain, make_review_task(1))
    ann, bob = make_actor(plain, "ann"), make_actor(plain, "bob")
    given = decide(plain, ann, *hold(plain, ann), REMOVE)
    for label_id in (given.label_id, "unheard-of"):
        with pytest.raises(NotFound):
            undo(plain, bob, label_id)
    undo(plain, ann, given.label_id)
    with pytest.raises(Conflict):
        undo(plain, ann, given.label_id)


def test_whoever_lost_a_right_takes_nothing_back(plain: Service) -> None:
    open_tasks(plain, make_review_task(1))
    ann = make_actor(plain, "ann")
    given = decide(plain, ann, *hold(plain, ann), REMOVE)
    for less in with_less(ann):
        with pytest.raises(Forbidden):
            undo(plain, less, given.label_id)
    assert [row.state for row in rows_of(plain, answers)] == ["standing"]


def test_in_time_the_panels_label_goes_with_the_answer_that_made_it(new_service: Callable[..., Service]) -> None:
    service = new_service(config=configured(TWO_ANSWERS, NO_GOLDEN))
    open_tasks(service, make_review_task(1))
    ann, bob = make_actor(service, "ann"), make_actor(service, "bob")
    first = decide(service, ann, *hold(service, ann), REMOVE)
    second = decide(service, bob, *hold(service, bob), REMOVE)
    undone = undo(service, bob, second.label_id)
    assert undone.in_time
    assert [label.label_id for label in waiting(service)] == [first.label_id]
    assert rows_of(service, tasks)[0].final_label_id is None
    decide(service, bob, undone.seat_id, token_of(undone.token), REMOVE)
    assert [label.final for label in waiting(service)] == [False, False, True]


def test_a_panel_that_was_sent_is_withdrawn_with_its_voice_and_replaced_by_the_next(
    new_service: Callable[..., Service],
) -> None:
    service = new_service(config=configured(TWO_ANSWERS, NO_GOLDEN, NO_GRACE))
    open_tasks(service, make_review_task(1))
    ann, bob = make_actor(service, "ann"), make_actor(service, "bob")
    for person in (ann, bob):
        given = decide(service, person, *hold(service, person), REMOVE)
    pick_up(service)
    undone = undo(service, bob, given.label_id)
    first, second, old, panel_back, voice_back = waiting(service)
    assert (panel_back.replaces, panel_back.reviewer_id) == (old.label_id, "panel")
    assert panel_back.withdrawn == Withdrawn(final=True, verdict="remove", labels=("toxicity",))
    assert (voice_back.replaces, voice_back.reviewer_id) == (second.label_id, "p-bob")
    assert voice_back.withdrawn == Withdrawn(final=False, verdict="remove", labels=("toxicity",))
    assert in_force(waiting(service)) == []
    assert undo(service, ann, first.label_id).token is not None
    *_, last_back = waiting(service)
    assert (len(waiting(service)), last_back.replaces) == (6, first.label_id)
    for person, seat in ((ann, hold(service, ann)), (bob, (undone.seat_id, token_of(undone.token)))):
        decide(service, person, *seat, REMOVE)
    *_, new, panel = waiting(service)
    assert (new.replaces, panel.replaces) == (given.label_id, old.label_id)
    assert new.label_id in panel.answers
    assert in_force(waiting(service)) == [panel]


def test_a_panel_that_was_not_sent_goes_even_with_an_answer_that_was(new_service: Callable[..., Service]) -> None:
    service = new_service(config=configured(TWO_ANSWERS, NO_GOLDEN))
    open_tasks(service, make_review_task(1))
    ann, bob = make_actor(service, "ann"), make_actor(service, "bob")
    first = decide(service, ann, *hold(service, ann), REMOVE)
    pick_up(service)
    second = decide(service, bob, *hold(service, bob), REMOVE)
    assert not undo(service, ann, first.label_id).in_time
    one, two, back = waiting(service)
    assert (one.label_id, two.label_id, back.replaces) == (first.label_id, second.label_id, first.label_id)
    assert back.withdrawn == Withdrawn(final=False, verdict="remove", labels=("toxicity",))
    [task] = rows_of(service, tasks)
    assert (task.state, task.verdict, task.final_label_id) == ("open", None, None)


def test_a_closed_task_is_not_opened_by_an_undo(plain: Service) -> None:
    open_tasks(plain, make_review_task(1))
    ann = make_actor(plain, "ann")
    given = decide(plain, ann, *hold(plain, ann), REMOVE)
    with plain.database.write() as connection:
        connection.execute(tasks.update().values(closed_why="deleted"))
    undone = undo(plain, ann, given.label_id)
    assert (undone.in_time, undone.token) == (True, None)
    assert "closed" in undone.what_happens
    assert rows_of(plain, tasks)[0].state == "closed"


def test_a_sent_label_of_a_task_that_others_closed_cannot_be_replaced(late: Service) -> None:
    open_tasks(late, make_review_task(1))
    ann = make_actor(late, "ann")
    given = decide(late, ann, *hold(late, ann), REMOVE)
    with late.database.write() as connection:
        connection.execute(tasks.update().values(closed_why="deleted"))
    with pytest.raises(Conflict, match="deleted"):
        undo(late, ann, given.label_id)
    assert rows_of(late, answers)[0].state == "standing"


def test_an_answer_to_a_golden_task_is_taken_back_like_any_other(new_service: Callable[..., Service]) -> None:
    service = new_service(config=configured(ONE_ANSWER, ALL_GOLDEN))
    make_golden(service, 1, 1)
    open_tasks(service, make_review_task(100))
    ann, bob = make_actor(service, "ann"), make_actor(service, "bob")
    golden, real = hold(service, ann), hold(service, bob)
    one, two = decide(service, ann, *golden, ALLOW), decide(service, bob, *real, ALLOW)
    a, b = undo(service, ann, one.label_id), undo(service, bob, two.label_id)
    assert (a.in_time, a.what_happens, a.token) == (b.in_time, b.what_happens, b.token)
    assert {row.right for row in rows_of(service, golden_results)} == {None}
    assert {row.state for row in rows_of(service, seats)} >= {"leased"}


@pytest.mark.parametrize("in_time", [True, False])
def test_an_answer_to_a_task_that_was_escalated_since_can_be_taken_back_and_its_seat_goes_to_leads(
    new_service: Callable[..., Service], in_time: bool
) -> None:
    service = new_service(config=configured(TWO_ANSWERS, NO_GOLDEN))
    open_tasks(service, make_review_task(1))
    ann, bob = (make_actor(service, name, queues=("general",)) for name in ("ann", "bob"))
    given = decide(service, ann, *hold(service, ann), REMOVE)
    escalate(service, bob, *hold(service, bob))
    if not in_time:
        pick_up(service)
    undone = undo(service, ann, given.label_id)
    assert (undone.in_time, undone.token) == (in_time, None)
    assert "lead" in undone.what_happens
    assert {(row.state, row.tier, row.queue, row.holder) for row in rows_of(service, seats)} == {
        ("open", 1, "escalated", None)
    }
    assert take(service, ann) is None
    assert take(service, make_actor(service, "lead", "lead")) is not None


@pytest.mark.parametrize("grace", [PLAIN, configured(ONE_ANSWER, NO_GOLDEN, NO_GRACE)])
def test_nothing_is_taken_back_once_the_item_is_erased(new_service: Callable[..., Service], grace: str) -> None:
    service = new_service(config=grace)
    open_tasks(service, make_review_task(1))
    ann = make_actor(service, "ann")
    given = decide(service, ann, *hold(service, ann), REMOVE)
    with service.database.write() as connection:
        erase(connection, service, "item-1")
    with pytest.raises(Conflict, match="deleted"):
        undo(service, ann, given.label_id)
    assert take(service, ann) is None
    assert rows_of(service, tasks)[0].state == "closed"


def test_who_undoes_an_answer_of_an_escalated_task_and_gives_it_back_gives_it_to_leads(
    new_service: Callable[..., Service],
) -> None:
    service = new_service(config=configured(TWO_ANSWERS, NO_GOLDEN))
    open_tasks(service, make_review_task(1))
    bob, lead, other = make_actor(service, "bob"), make_actor(service, "lea", "lead"), make_actor(service, "other")
    given = decide(service, lead, *hold(service, lead), REMOVE)
    escalate(service, bob, *hold(service, bob))
    undo(service, lead, given.label_id)
    run_out(service)
    assert take(service, other) is None
    assert hold(service, lead)
