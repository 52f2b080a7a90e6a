from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from human_review.database.tables import exposures, golden_results, seats, tasks
from human_review.desk.decide import decide
from human_review.desk.intake import add_task
from human_review.desk.skip import escalate, skip
from human_review.desk.take import heartbeat, look, release, take
from human_review.errors import Forbidden, LeaseLost, TooMany
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
    TWO_ANSWERS,
    rows_of,
    run_out,
    with_less,
)
from human_review.testing_quality import configured, make_actor, make_golden, open_tasks
from stream_app.contracts.metrics import REVIEW_RETURNED


@pytest.fixture
def plain(new_service: Callable[..., Service]) -> Service:
    return new_service(config=PLAIN)


def test_the_most_urgent_task_comes_first(plain: Service) -> None:
    open_tasks(plain, make_review_task(1, label="spam"), make_review_task(2, label="hate"), make_review_task(3))
    people = [make_actor(plain, name) for name in ("ann", "bob", "eve", "joe")]
    taken = [take(plain, person) for person in people]
    assert [card.item_id if card else None for card in taken] == ["item-2", "item-3", "item-1", None]


def test_whoever_holds_a_task_gets_it_again_with_the_same_token(plain: Service) -> None:
    open_tasks(plain, make_review_task(1), make_review_task(2, label="threat"))
    ann = make_actor(plain, "ann")
    first, again = take(plain, ann), take(plain, ann, "general")
    assert first is not None
    assert again is not None
    assert (first.seat_id, first.token) == (again.seat_id, again.token)
    assert again.lease_until >= first.lease_until


def test_a_lease_that_ran_out_is_free_at_once_under_a_new_token(plain: Service) -> None:
    open_tasks(plain, make_review_task(1))
    ann, bob = make_actor(plain, "ann"), make_actor(plain, "bob")
    mine = take(plain, ann)
    assert mine is not None
    assert take(plain, bob) is None
    run_out(plain)
    theirs = take(plain, bob)
    assert theirs is not None
    assert (theirs.seat_id, theirs.token) == (mine.seat_id, mine.token + 1)
    assert rows_of(plain, seats)[0].returned == 1
    assert plain.telemetry.value(REVIEW_RETURNED, "general") == 1
    for late in (lambda: heartbeat(plain, ann, mine.seat_id, mine.token),
                 lambda: decide(plain, ann, mine.seat_id, mine.token, ALLOW),
                 lambda: skip(plain, ann, mine.seat_id, mine.token, "language"),
                 lambda: look(plain, ann, mine.seat_id, mine.token),
                 lambda: release(plain, ann, mine.seat_id, mine.token)):  # fmt: skip
        with pytest.raises(LeaseLost):
            late()


def test_an_expired_lease_cannot_be_used_even_if_nobody_else_came(plain: Service) -> None:
    open_tasks(plain, make_review_task(1))
    ann = make_actor(plain, "ann")
    card = take(plain, ann)
    assert card is not None
    run_out(plain)
    with pytest.raises(LeaseLost):
        decide(plain, ann, card.seat_id, card.token, ALLOW)
    again = take(plain, ann)
    assert again is not None
    assert again.token == card.token + 1


def test_a_heartbeat_holds_the_seat(plain: Service) -> None:
    open_tasks(plain, make_review_task(1))
    ann = make_actor(plain, "ann")
    card = take(plain, ann)
    assert card is not None
    until = heartbeat(plain, ann, card.seat_id, card.token)
    assert until >= round(card.lease_until.timestamp() * 1000)
    assert rows_of(plain, seats)[0].lease_until_ms == until
    with pytest.raises(LeaseLost):
        heartbeat(plain, make_actor(plain, "bob"), card.seat_id, card.token)


def test_whoever_lost_a_right_does_not_hold_on_and_may_give_back(plain: Service) -> None:
    open_tasks(plain, make_review_task(1))
    ann = make_actor(plain, "ann")
    card = take(plain, ann)
    assert card is not None
    until = rows_of(plain, seats)[0].lease_until_ms
    for less in with_less(ann):
        with pytest.raises(Forbidden):
            heartbeat(plain, less, card.seat_id, card.token)
    assert rows_of(plain, seats)[0].lease_until_ms == until
    release(plain, with_less(ann)[0], card.seat_id, card.token)
    assert rows_of(plain, seats)[0].state == "open"


def test_a_lead_who_became_a_reviewer_loses_what_was_escalated(plain: Service) -> None:
    open_tasks(plain, make_review_task(1))
    ann, lead = make_actor(plain, "ann"), make_actor(plain, "lead", "lead")
    mine = take(plain, ann)
    assert mine is not None
    escalate(plain, ann, mine.seat_id, mine.token)
    card = take(plain, lead)
    assert card is not None
    fallen = replace(lead, role="reviewer")
    with pytest.raises(Forbidden):
        look(plain, fallen, card.seat_id, card.token)
    assert take(plain, fallen) is None
    assert rows_of(plain, seats)[0].state == "open"


def test_what_is_released_is_there_for_the_next(plain: Service) -> None:
    open_tasks(plain, make_review_task(1))
    ann, bob = make_actor(plain, "ann"), make_actor(plain, "bob")
    card = take(plain, ann)
    assert card is not None
    release(plain, ann, card.seat_id, card.token)
    assert take(plain, bob) is not None
    assert rows_of(plain, seats)[0].returned == 0


def test_two_answers_of_a_task_never_come_from_one_person(new_service: Callable[..., Service]) -> None:
    service = new_service(config=configured(TWO_ANSWERS, NO_GOLDEN))
    open_tasks(service, make_review_task(1))
    ann, bob = make_actor(service, "ann"), make_actor(service, "bob")
    card = take(service, ann)
    assert card is not None
    decide(service, ann, card.seat_id, card.token, ALLOW)
    assert take(service, ann) is None
    other = take(service, bob)
    assert other is not None
    assert (other.task_id, other.seat_id != card.seat_id) == (card.task_id, True)


@pytest.mark.parametrize(
    ("queues", "languages", "seen"),
    [
        (("*",), ("*",), {"item-1", "item-2", "item-3", "item-4"}),
        (("general",), ("*",), {"item-1", "item-2", "item-3"}),
        (("other", "general"), ("pt",), {"item-2", "item-3", "item-4"}),
        (("*",), ("pt-BR",), {"item-3", "item-4"}),
        (("*",), ("p", "de"), set()),
        (("none",), ("*",), set()),
    ],
)
def test_only_tasks_of_own_queues_and_languages_are_given_out(
    plain: Service, queues: tuple[str, ...], languages: tuple[str, ...], seen: set[str]
) -> None:
    open_tasks(
        plain, make_review_task(1), make_review_task(2, language="pt"), make_review_task(3, language="pt-BR"),
        make_review_task(4, language="pt-BR", queue="other"),
    )  # fmt: skip
    ann = make_actor(plain, "ann", queues=queues, languages=languages)
    got = set()
    while card := take(plain, ann):
        got.add(card.item_id)
        decide(plain, ann, card.seat_id, card.token, ALLOW)
    assert got == seen


def test_a_queue_that_is_asked_for_must_be_ones_own(plain: Service) -> None:
    open_tasks(plain, make_review_task(1, queue="other"), make_review_task(2))
    ann = make_actor(plain, "ann", queues=("general",))
    with pytest.raises(Forbidden):
        take(plain, ann, "other")
    lead = make_actor(plain, "bob")
    card = take(plain, lead, "other")
    assert card is not None
    assert card.item_id == "item-1"


def test_who_may_not_review_gets_nothing(plain: Service) -> None:
    open_tasks(plain, make_review_task(1))
    with pytest.raises(Forbidden):
        take(plain, make_actor(plain, "ann", "auditor"))
    with pytest.raises(Forbidden):
        take(plain, Actor("nobody", "p", "reviewer"))


def test_what_is_held_is_given_back_once_the_rights_to_it_are_gone(plain: Service) -> None:
    open_tasks(plain, make_review_task(1), make_review_task(2, queue="other"))
    ann = make_actor(plain, "ann", queues=("general", "other"))
    card = take(plain, ann, "general")
    assert card is not None
    less = Actor(ann.user_id, ann.pseudonym, "reviewer", queues=frozenset({"other"}))
    with pytest.raises(Forbidden):
        look(plain, less, card.seat_id, card.token)
    now = take(plain, less)
    assert now is not None
    assert now.item_id == "item-2"
    assert rows_of(plain, seats, seat_id=card.seat_id)[0].state == "open"


def test_an_appeal_goes_to_somebody_who_had_no_part_in_it(plain: Service) -> None:
    ann, bob = make_actor(plain, "ann"), make_actor(plain, "bob")
    task = make_review_task(1)
    open_tasks(plain, task)
    card = take(plain, ann)
    assert card is not None
    decide(plain, ann, card.seat_id, card.token, REMOVE)
    with plain.database.write() as connection:
        appeal = msgspec.structs.replace(task, task_id="appeal", why="appeal", queue="appeals")
        add_task(connection, plain, appeal, kind="appeal")
    assert take(plain, ann) is None
    theirs = take(plain, bob)
    assert theirs is not None
    assert (theirs.appeal, theirs.queue) == (True, "appeals")


def test_who_has_seen_enough_is_told_for_how_long(new_service: Callable[..., Service]) -> None:
    service = new_service(config=configured(ONE_ANSWER, NO_GOLDEN, ("items: 0,", "items: 1,")))
    open_tasks(service, make_review_task(1), make_review_task(2))
    ann = make_actor(service, "ann")
    card = take(service, ann)
    assert card is not None
    decide(service, ann, card.seat_id, card.token, ALLOW)
    with pytest.raises(TooMany) as refused:
        take(service, ann)
    assert refused.value.retry_after_seconds > 0


def test_what_was_seen_counts_whatever_becomes_of_it_and_once(new_service: Callable[..., Service]) -> None:
    service = new_service(config=configured(ONE_ANSWER, NO_GOLDEN, ("items: 0,", "items: 3,")))
    open_tasks(service, *(make_review_task(number) for number in range(6)))
    ann = make_actor(service, "ann")
    first = take(service, ann)
    assert first is not None
    same = take(service, ann)
    assert same is not None
    assert same.seat_id == first.seat_id
    release(service, ann, first.seat_id, first.token, seconds=20.0)
    second = take(service, ann)
    assert second is not None
    skip(service, ann, second.seat_id, second.token, "language", seconds=10.0)
    take(service, ann)
    run_out(service)  # went away without a word
    with pytest.raises(TooMany):
        take(service, ann)
    rows = rows_of(service, exposures, user_id=ann.user_id)
    assert [(row.shown, row.seconds) for row in rows] == [(1, 0.0), (0, 20.0), (1, 0.0), (0, 10.0), (1, 0.0)]


def test_golden_tasks_are_dealt_among_the_others_and_look_the_same(new_service: Callable[..., Service]) -> None:
    service = new_service(config=configured(ONE_ANSWER, ALL_GOLDEN))
    make_golden(service, 1, 1)
    open_tasks(service, make_review_task(100))
    ann, bob = make_actor(service, "ann"), make_actor(service, "bob")
    card = take(service, ann)
    assert card is not None
    [task] = rows_of(service, tasks, task_id=card.task_id)
    assert (task.kind, card.item_id) == ("golden", "item-1")
    real = take(service, bob, "general")
    given = decide(service, ann, card.seat_id, card.token, REMOVE)
    assert real is not None
    theirs = decide(service, bob, real.seat_id, real.token, REMOVE)
    assert (given.final, given.what_happens) == (theirs.final, theirs.what_happens)
    assert rows_of(service, golden_results, user_id=ann.user_id)[0].right is True


def test_a_golden_task_is_for_one_person_alone(new_service: Callable[..., Service]) -> None:
    service = new_service(config=configured(ONE_ANSWER, ALL_GOLDEN))
    make_golden(service, 1, 1)
    open_tasks(service, make_review_task(100))
    ann = make_actor(service, "ann")
    card = take(service, ann)
    assert card is not None
    run_out(service)
    again = take(service, ann)
    assert again is not None
    assert (again.task_id, again.token) == (card.task_id, card.token + 1)
    release(service, ann, again.seat_id, again.token)
    bobs = take(service, make_actor(service, "bob"))
    assert bobs is not None
    assert bobs.task_id != card.task_id
    last = take(service, ann)
    assert last is not None
    assert (last.task_id, last.token) == (card.task_id, card.token + 2)


def test_a_golden_task_that_waits_takes_its_turn_by_queue_and_urgency(new_service: Callable[..., Service]) -> None:
    service = new_service(config=configured(ONE_ANSWER, ALL_GOLDEN))
    make_golden(service, 1, 1)
    open_tasks(service, make_review_task(100), make_review_task(101, queue="other", label="spam"))
    ann = make_actor(service, "ann")
    card = take(service, ann, "general")
    assert card is not None
    assert rows_of(service, tasks, task_id=card.task_id)[0].kind == "golden"
    run_out(service)
    other = take(service, ann, "other")
    assert other is not None
    assert other.item_id == "item-101"
    decide(service, ann, other.seat_id, other.token, REMOVE)
    open_tasks(service, make_review_task(102, due=timedelta(minutes=-600)))
    urgent = take(service, ann)
    assert urgent is not None
    assert urgent.item_id == "item-102"
    decide(service, ann, urgent.seat_id, urgent.token, REMOVE)
    again = take(service, ann)
    assert again is not None
    assert again.task_id == card.task_id
