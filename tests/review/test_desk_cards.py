import json
from collections.abc import Callable

import msgspec
import pytest
from msgspec import UNSET
from sqlalchemy import update

from human_review.database.tables import seats, tasks
from human_review.desk.cards import Card
from human_review.desk.decide import decide
from human_review.desk.take import take
from human_review.permissions import Actor
from human_review.service import Service
from human_review.testing import make_review_task
from human_review.testing_desk import NO_GOLDEN, PLAIN, REMOVE, TWO_ANSWERS
from human_review.testing_quality import configured, make_actor, open_tasks
from stream_app.contracts.review import Context, ReviewTask


@pytest.fixture
def plain(new_service: Callable[..., Service]) -> Service:
    return new_service(config=PLAIN)


def shown(service: Service, *made: ReviewTask) -> Card:
    open_tasks(service, *made)
    card = take(service, make_actor(service, "ann"))
    assert card is not None
    return card


def test_a_card_shows_the_text_its_context_and_what_the_machine_said(plain: Service) -> None:
    context = Context(parent_text="the parent", thread=("one", "two"), author_history=("before",))
    card = shown(plain, make_review_task(1, context=context))
    assert (card.text, card.folded_text) == ("you are a donkey", "you are a donkey")
    assert (card.parent_text, card.thread, card.author_history) == ("the parent", ("one", "two"), ("before",))
    assert card.aids is not UNSET
    assert (card.aids.scores, card.aids.thresholds) == ({"toxicity": 0.6}, {"toxicity": (0.25, 0.99)})
    assert card.aids.reasons[0].spans == ((8, 16),)
    assert (card.aids.why, card.aids.label, card.aids.severity, card.aids.verdict) == (
        "unsure",
        "toxicity",
        0.3,
        "review",
    )


def test_of_a_blind_task_nothing_that_leans_is_in_the_json(plain: Service) -> None:
    card = shown(plain, make_review_task(1, why="sampled"))
    assert card.blind
    told = json.loads(msgspec.json.encode(card))
    assert set(told) == {
        "seat_id", "token", "task_id", "lease_until", "lease_seconds", "heartbeat_seconds", "appeal", "escalated",
        "blind", "queue", "language", "surface", "due_at", "policy_version", "item_id", "text", "folded_text",
        "author_id", "region", "created_at", "parent_id", "thread_id", "tier", "metadata", "parent_text", "thread",
        "author_history", "group",
    }  # fmt: skip
    assert "toxicity" not in json.dumps(told)
    assert told["group"] == 1


def test_earlier_labels_of_the_item_are_shown_where_the_task_is_not_blind(plain: Service) -> None:
    bob = make_actor(plain, "bob")
    open_tasks(plain, make_review_task(1, item_id="same"))
    first = take(plain, bob)
    assert first is not None
    decide(plain, bob, first.seat_id, first.token, msgspec.structs.replace(REMOVE, note="a known insult"))
    card = shown(plain, make_review_task(2, item_id="same", text="you are a donkey, edited"))
    assert card.aids is not UNSET
    found = [(one.verdict, one.reviewer, one.note) for one in card.aids.earlier]
    assert found == [("remove", "p-bob", "a known insult")]


def test_an_earlier_label_without_a_note_has_an_empty_one(plain: Service) -> None:
    bob = make_actor(plain, "bob")
    open_tasks(plain, make_review_task(1, item_id="same"))
    first = take(plain, bob)
    assert first is not None
    decide(plain, bob, first.seat_id, first.token, REMOVE)
    card = shown(plain, make_review_task(2, item_id="same", text="you are a donkey, edited"))
    assert card.aids is not UNSET
    assert [one.note for one in card.aids.earlier] == [""]


def test_an_answer_to_a_task_that_others_are_still_asked_about_is_shown_to_nobody(
    new_service: Callable[..., Service],
) -> None:
    service = new_service(config=configured(TWO_ANSWERS, NO_GOLDEN))
    bob = make_actor(service, "bob")
    open_tasks(service, make_review_task(1, item_id="same"))
    first = take(service, bob)
    assert first is not None
    decide(service, bob, first.seat_id, first.token, msgspec.structs.replace(REMOVE, note="a known insult"))
    open_tasks(service, make_review_task(2, item_id="same", text="edited"))
    with service.database.write() as connection:
        connection.execute(update(tasks).where(tasks.c.task_id != first.task_id).values(blind=False))
        connection.execute(update(seats).where(seats.c.task_id == first.task_id).values(state="closed"))
    card = take(service, make_actor(service, "ann"))
    assert card is not None
    assert card.task_id != first.task_id
    assert card.aids is not UNSET
    assert card.aids.earlier == ()


def test_notes_are_withheld_from_blind_tasks_and_absent_from_golden_ones(plain: Service) -> None:
    bob = make_actor(plain, "bob")
    open_tasks(plain, make_review_task(1, item_id="same"))
    first = take(plain, bob)
    assert first is not None
    decide(plain, bob, first.seat_id, first.token, msgspec.structs.replace(REMOVE, note="a known insult"))
    blind = make_review_task(2, item_id="same", text="edited", why="sampled")
    assert b"a known insult" not in msgspec.json.encode(shown(plain, blind))
    with plain.database.write() as connection:
        connection.execute(update(tasks).where(tasks.c.task_id == blind.task_id).values(blind=False, kind="golden"))
    card = take(plain, Actor("id-ann", "p-ann", "reviewer"))
    assert card is not None
    assert card.aids is not UNSET
    assert card.aids.earlier == ()


def test_a_card_shows_what_the_platform_said_of_the_item(plain: Service) -> None:
    made = make_review_task(1)
    item = msgspec.structs.replace(
        made.item, parent_id="item-0", thread_id="thread-1", tier="new", metadata={"b": "2", "a": "1"}
    )
    card = shown(plain, msgspec.structs.replace(made, item=item))
    assert (card.parent_id, card.thread_id, card.tier) == ("item-0", "thread-1", "new")
    assert card.metadata == (("b", "2"), ("a", "1"))


def test_a_card_tells_how_many_belong_together(plain: Service) -> None:
    same = [make_review_task(number, text="buy my fine donkeys") for number in range(3)]
    assert shown(plain, *same).group == 3
