"""What surrounds an item is shown from what the service has itself, and only as far as its reader may see it."""

from collections.abc import Callable

import msgspec
import pytest
from msgspec import UNSET
from sqlalchemy import select, update

from human_review.database.tables import golden, tasks
from human_review.desk.cards import Card
from human_review.desk.context import MOST, MOST_CHARS
from human_review.desk.decide import decide
from human_review.desk.intake import erase
from human_review.desk.take import take
from human_review.permissions import Role
from human_review.quality.golden import propose
from human_review.service import Service
from human_review.testing import make_review_task
from human_review.testing_desk import ALL_GOLDEN, ONE_ANSWER, PLAIN, REMOVE, rows_of
from human_review.testing_quality import close_directly, configured, make_actor, open_tasks
from stream_app.contracts.review import Context, ReviewTask


@pytest.fixture
def plain(new_service: Callable[..., Service]) -> Service:
    return new_service(config=PLAIN)


def of(
    number: int, *, author: str | None = None, thread: str | None = None, parent: str | None = None, **over: object
) -> ReviewTask:
    text = over.pop("text", f"text {number}")
    made = make_review_task(number, text=text, **over)  # type: ignore[arg-type] # passed through
    item = msgspec.structs.replace(made.item, author_id=author, thread_id=thread, parent_id=parent)
    return msgspec.structs.replace(made, item=item)


def before(service: Service, *made: ReviewTask) -> None:
    """Tasks that came in one after the other and are decided."""
    for task in made:
        open_tasks(service, task)
        with service.database.write() as connection:
            close_directly(connection, task.task_id, "remove")
            own, long_ago = tasks.c.task_id == task.task_id, tasks.c.created_ms - 1_000_000
            connection.execute(update(tasks).where(own).values(created_ms=long_ago + task.origin.offset))


def shown(
    service: Service, task: ReviewTask, *, role: Role = "reviewer", queues: tuple[str, ...] = ("*",),
    languages: tuple[str, ...] = ("*",),
) -> Card:  # fmt: skip
    open_tasks(service, task)
    card = take(service, make_actor(service, "ann", role, queues=queues, languages=languages))
    assert card is not None
    assert card.task_id == task.task_id
    return card


def test_earlier_texts_of_the_author_are_shown_the_latest_first(plain: Service) -> None:
    before(plain, of(1, author="a"), of(2, author="b"), of(3, author="a"), of(4))
    assert shown(plain, of(5, author="a")).author_history == ("text 3", "text 1")


def test_the_thread_is_shown_in_the_order_that_it_came_with_the_text_answered_apart(plain: Service) -> None:
    before(plain, of(1, thread="t"), of(2, thread="other"), of(3, thread="t"), of(4, thread="t"), of(6))
    card = shown(plain, of(5, thread="t", parent="item-3"))
    assert (card.thread, card.parent_text) == (("text 1", "text 4"), "text 3")


def test_without_a_thread_the_other_answers_to_the_same_text_are_shown(plain: Service) -> None:
    before(plain, of(1), of(2, parent="item-1"), of(3, parent="item-9"), of(4, thread="item-1"))
    card = shown(plain, of(5, parent="item-1"))
    assert (card.thread, card.parent_text) == (("text 2",), "text 1")


def test_where_neither_author_nor_thread_is_known_nothing_belongs_together(plain: Service) -> None:
    before(plain, of(1), of(2))
    card = shown(plain, of(3))
    assert (card.author_history, card.thread, card.parent_text) == ((), (), None)


def test_what_came_with_the_task_stands(plain: Service) -> None:
    before(plain, of(1, author="a", thread="t"))
    given = Context(parent_text="parent", thread=("from the worker",), author_history=("also",))
    task = msgspec.structs.replace(of(2, author="a", thread="t", parent="item-1"), context=given)
    card = shown(plain, task)
    assert (card.parent_text, card.thread, card.author_history) == ("parent", ("from the worker",), ("also",))


def test_there_are_at_most_five_of_each_one_of_an_item_and_none_of_its_own(plain: Service) -> None:
    before(plain, *(of(number, author="a", thread="t") for number in range(1, 9)))
    before(plain, of(9, author="a", thread="t", item_id="item-8", text="text 8, edited"))
    before(plain, of(10, author="a", thread="t", item_id="own", text="mine, before the edit"))
    card = shown(plain, of(11, author="a", thread="t", item_id="own", text="mine"))
    assert MOST == 5
    assert len(set(card.author_history)) == len(set(card.thread)) == 5
    assert not any("mine" in text for text in (*card.author_history, *card.thread))
    assert card.author_history[:2] == ("text 8, edited", "text 7")


def test_what_came_after_the_item_is_not_shown(plain: Service) -> None:
    open_tasks(plain, of(1, author="a", thread="t"))
    open_tasks(plain, of(2, author="a", thread="t", priority=0.1))
    with plain.database.write() as connection:
        later = tasks.c.item_id == "item-2"
        connection.execute(update(tasks).where(later).values(created_ms=tasks.c.created_ms + 1000))
    card = take(plain, make_actor(plain, "ann"))
    assert card is not None
    assert (card.item_id, card.thread, card.author_history) == ("item-1", (), ())


def test_erased_items_are_left_out(plain: Service) -> None:
    before(plain, of(1, author="a", thread="t"), of(2, author="a", thread="t"))
    with plain.database.write() as connection:
        erase(connection, plain, "item-1")
    card = shown(plain, of(3, author="a", thread="t", parent="item-1"))
    assert (card.author_history, card.thread, card.parent_text) == (("text 2",), ("text 2",), None)


@pytest.mark.parametrize(
    ("hidden", "rights"),
    [({"queue": "secret"}, {"queues": ("general",)}), ({"language": "de"}, {"languages": ("en",)})],
)
def test_texts_that_the_reader_may_not_see_are_left_out(
    plain: Service, hidden: dict[str, str], rights: dict[str, tuple[str, ...]]
) -> None:
    before(plain, of(1, author="a", thread="t", **hidden), of(2, author="a", thread="t", language="en-GB"))
    with plain.database.write() as connection:  # as if routed there, whatever the routes of the review file are
        if "queue" in hidden:
            connection.execute(update(tasks).where(tasks.c.item_id == "item-1").values(queue="secret"))
            connection.execute(update(tasks).where(tasks.c.item_id != "item-1").values(queue="general"))
    card = shown(plain, of(3, author="a", thread="t", parent="item-1"), **rights)  # type: ignore[arg-type] # queues or languages
    assert (card.author_history, card.thread, card.parent_text) == (("text 2",), ("text 2",), None)


@pytest.mark.parametrize(("role", "seen"), [("reviewer", ()), ("lead", ("text 1",))])
def test_what_was_escalated_is_shown_to_those_who_may_take_it(
    plain: Service, role: Role, seen: tuple[str, ...]
) -> None:
    before(plain, of(1, author="a"))
    with plain.database.write() as connection:
        connection.execute(update(tasks).values(tier=1))
    assert shown(plain, of(2, author="a"), role=role).author_history == seen


def test_a_blind_task_shows_the_texts_and_no_verdict(plain: Service) -> None:
    before(plain, of(1, author="a", thread="t"))
    card = shown(plain, of(2, author="a", thread="t", why="sampled"))
    assert card.blind
    assert (card.thread, card.author_history) == (("text 1",), ("text 1",))
    assert b"remove" not in msgspec.json.encode(card)


def test_long_texts_are_cut(plain: Service) -> None:
    before(plain, of(1, author="a", text="x" * 50_000))
    (text,) = shown(plain, of(2, author="a")).author_history
    assert text == "x" * MOST_CHARS + " …"


def test_authors_and_threads_are_kept_as_digests_under_the_services_key(plain: Service) -> None:
    open_tasks(plain, of(1, author="a", thread="t"), of(2, parent="t"), of(3))
    by_item = {row.item_id: row for row in rows_of(plain, tasks)}
    first = by_item["item-1"]
    assert first.author_key == plain.keyed_digest("author", "a")
    assert first.thread_key == plain.keyed_digest("thread", "t")
    assert by_item["item-2"].thread_key not in {None, first.thread_key}  # the parent t is no thread t
    assert (by_item["item-3"].author_key, by_item["item-3"].thread_key) == (None, None)


def test_a_golden_card_shows_what_its_task_showed_and_no_golden_copy_is_shown(
    new_service: Callable[..., Service],
) -> None:
    service = new_service(config=configured(ONE_ANSWER, ALL_GOLDEN))
    bob, ann = make_actor(service, "bob"), make_actor(service, "ann")
    before(service, of(1, author="a", thread="t"), of(2, author="a", thread="t"))
    first = of(3, author="a", thread="t", parent="item-1")
    open_tasks(service, first)
    real = take(service, bob)
    assert real is not None
    decide(service, bob, real.seat_id, real.token, REMOVE)
    with service.database.write() as connection:
        propose(connection, service, first.task_id, "remove", ("toxicity",), "lead")
        connection.execute(update(golden).values(state="active"))
        earlier = tasks.c.task_id == first.task_id
        connection.execute(update(tasks).where(earlier).values(created_ms=tasks.c.created_ms - 500_000))
    before(service, of(600_004, author="a", thread="t"))  # after the item, before the copy
    open_tasks(service, of(5, author="a"))
    copy = take(service, ann)
    assert copy is not None
    assert (copy.item_id, copy.task_id != first.task_id) == ("item-3", True)
    assert [real.parent_text, real.thread, real.author_history] == ["text 1", ("text 2",), ("text 2", "text 1")]
    assert [copy.parent_text, copy.thread, copy.author_history] == ["text 1", ("text 2",), ("text 2", "text 1")]
    card = take_real(service, ann, copy)
    assert len(card.author_history) == 4  # 1, 2, 3 and 600,004, and no copy of 3


def take_real(service: Service, actor: object, copy: Card) -> Card:
    """The next card that is no golden one."""
    decide(service, actor, copy.seat_id, copy.token, REMOVE)  # type: ignore[arg-type] # an Actor
    with service.database.read() as connection:
        copies = connection.execute(select(tasks.c.task_id).where(tasks.c.kind == "golden")).scalars().all()
    card = take(service, actor)  # type: ignore[arg-type] # an Actor
    assert card is not None
    assert card.task_id not in copies
    assert card.aids is not UNSET
    return card
