from collections.abc import Callable

import pytest

from human_review.desk.decide import decide, undo
from human_review.desk.history import history
from human_review.desk.take import take
from human_review.errors import Forbidden, Invalid
from human_review.permissions import Actor
from human_review.service import Service
from human_review.testing import make_review_task
from human_review.testing_desk import ALL_GOLDEN, ALLOW, NO_GOLDEN, ONE_ANSWER, PLAIN, REMOVE, TWO_ANSWERS
from human_review.testing_quality import configured, make_actor, make_golden, open_tasks


@pytest.fixture
def plain(new_service: Callable[..., Service]) -> Service:
    return new_service(config=PLAIN)


def answer(service: Service, actor: Actor) -> str:
    card = take(service, actor)
    assert card is not None
    return decide(service, actor, card.seat_id, card.token, REMOVE).label_id


def test_people_see_their_own_answers_the_latest_first(plain: Service) -> None:
    open_tasks(plain, *(make_review_task(number) for number in range(4)))
    ann, bob = make_actor(plain, "ann"), make_actor(plain, "bob")
    first, _, last = answer(plain, ann), answer(plain, bob), answer(plain, ann)
    undo(plain, ann, last)
    past = history(plain, ann)
    assert {one.label_id for one in past} == {first, last}
    assert {one.label_id: one.state for one in past} == {first: "standing", last: "undone"}
    assert past[0].decided_at >= past[1].decided_at
    assert (past[0].reviewer, past[0].verdict, past[0].labels) == ("p-ann", "remove", ("toxicity",))
    assert len(history(plain, ann, limit=1)) == 1
    assert history(plain, ann, before=min(one.decided_at for one in past)) == ()


def test_leads_see_the_answers_of_others_in_their_queues_and_languages(plain: Service) -> None:
    open_tasks(plain, make_review_task(1), make_review_task(2, queue="other"), make_review_task(3, language="de"))
    ann = make_actor(plain, "ann")
    for _ in range(3):
        answer(plain, ann)
    lead = make_actor(plain, "lead", "lead", queues=("general",), languages=("en",))
    assert [one.item_id for one in history(plain, lead, own=False)] == ["item-1"]
    assert history(plain, lead) == ()
    with pytest.raises(Forbidden):
        history(plain, ann, own=False)


def test_golden_answers_are_among_ones_own_and_nowhere_else(new_service: Callable[..., Service]) -> None:
    service = new_service(config=configured(ONE_ANSWER, ALL_GOLDEN))
    make_golden(service, 1, 1)
    open_tasks(service, make_review_task(100))
    ann = make_actor(service, "ann")
    card = take(service, ann)
    assert card is not None
    decide(service, ann, card.seat_id, card.token, ALLOW)
    assert [one.item_id for one in history(service, ann)] == ["item-1"]
    assert history(service, make_actor(service, "lead", "lead"), own=False) == ()


@pytest.mark.parametrize("limit", [0, 201])
def test_a_page_of_history_has_a_size(plain: Service, limit: int) -> None:
    with pytest.raises(Invalid):
        history(plain, make_actor(plain, "ann"), limit=limit)


def test_an_answer_is_shown_to_others_only_once_its_task_is_closed(new_service: Callable[..., Service]) -> None:
    service = new_service(config=configured(TWO_ANSWERS, NO_GOLDEN))
    open_tasks(service, make_review_task(1))
    first = answer(service, make_actor(service, "ann"))
    lead = make_actor(service, "lead", "lead")
    assert history(service, lead, own=False) == ()
    answer(service, lead)
    assert first in {one.label_id for one in history(service, lead, own=False)}
