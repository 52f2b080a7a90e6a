"""What quality is measured on: tasks that were drawn for two answers when they came, whatever was answered then."""

from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest
from sqlalchemy import insert, select, update

from human_review.database.engine import now_ms
from human_review.database.tables import answers, golden, golden_results, priors, seats, tasks
from human_review.quality import measure
from human_review.quality.overlap import settle
from human_review.quality.pairs import first_two, paired
from human_review.service import Service
from human_review.testing import make_review_task
from human_review.testing_quality import answer_directly, configured, make_actor, open_tasks
from stream_app.contracts.review import ReviewTask

SPAM_IN_PAIRS = (
    "second_share: 0.05\n  labels: {self_harm: 0.2, threat: 0.2}", "second_share: 0.0\n  labels: {spam: 1.0}",
)  # fmt: skip
PEOPLE = ("ann", "bob", "cleo")


@pytest.fixture
def spam_in_pairs(new_service: Callable[..., Service]) -> Service:
    """Every task about spam wants two answers, others want one; harm is rare, so that a remove alone is doubted."""
    service = new_service(config=configured(SPAM_IN_PAIRS))
    for name in PEOPLE:
        make_actor(service, name)
    with service.database.write() as connection:
        for label in ("spam", "toxicity"):
            for verdict, share in (("allow", 0.9), ("limit", 0.05), ("remove", 0.05)):
                connection.execute(insert(priors).values(label=label, verdict=verdict, share=share))
    return service


def answered(service: Service, number: int, label: str, *verdicts: str) -> ReviewTask:
    """A task that one person after the other answers, for as long as the overlap rule asks for more."""
    task = make_review_task(number, text=f"text number {number}", label=label)
    open_tasks(service, task)
    for name, verdict in zip(PEOPLE, verdicts, strict=False):
        with service.database.write() as connection:
            answer_directly(connection, task.task_id, f"id-{name}", verdict)
            settle(connection, service, task.task_id)
    return task


def said(service: Service, *, since_ms: int = 0) -> list[tuple[str, str, str, str | None]]:
    with service.database.read() as connection:
        found = measure.said(connection, since_ms)
    return sorted((one.task_id, one.user_id, one.verdict, one.known) for one in found)


def of(task: ReviewTask, *verdicts: str) -> list[tuple[str, str, str, str | None]]:
    return [(task.task_id, f"id-{name}", said, None) for name, said in zip(PEOPLE, verdicts, strict=False)]


def counted(service: Service, label: str = "*", *, since_ms: int = 0) -> list[list[int]]:
    """What agreement is computed of: how many gave each verdict, task by task."""
    with service.database.read() as connection:
        return sorted(first_two(paired(connection, since_ms), label, "*").tolist())


def take_back(service: Service, task: ReviewTask, name: str) -> None:
    """As `desk.undo` leaves it: the answer stands no longer and its seat is open."""
    with service.database.write() as connection:
        of_person = (answers.c.task_id == task.task_id) & (answers.c.user_id == f"id-{name}")
        seat_id = connection.execute(select(answers.c.seat_id).where(of_person)).scalar_one()
        connection.execute(update(answers).where(of_person).values(state="undone", label_id=f"undone-{name}"))
        connection.execute(update(seats).where(seats.c.seat_id == seat_id).values(state="open", holder=None))


def test_what_the_answers_asked_for_tells_nothing_of_how_people_answer(spam_in_pairs: Service) -> None:
    """A doubted answer gets more opinions than one that is believed: its task must not count for that."""
    answered(spam_in_pairs, 1, "toxicity", "allow")
    answered(spam_in_pairs, 2, "toxicity", "remove", "allow", "allow")
    equal = answered(spam_in_pairs, 3, "spam", "allow", "allow")
    split = answered(spam_in_pairs, 4, "spam", "remove", "allow", "allow")
    assert said(spam_in_pairs) == sorted(of(equal, "allow", "allow") + of(split, "remove", "allow", "allow"))
    assert counted(spam_in_pairs) == counted(spam_in_pairs, "spam") == [[1, 0, 1], [2, 0, 0]]
    assert counted(spam_in_pairs, "toxicity") == []


def test_a_pair_that_waits_for_a_third_answer_counts_like_one_that_is_decided(spam_in_pairs: Service) -> None:
    """What is decided agreed sooner: counting that alone would overstate how often people agree."""
    waits = answered(spam_in_pairs, 1, "spam", "remove", "allow")
    with spam_in_pairs.database.read() as connection:
        assert connection.execute(select(tasks.c.state)).scalar_one() == "open"
    assert said(spam_in_pairs) == of(waits, "remove", "allow")
    assert counted(spam_in_pairs) == [[1, 0, 1]]


def test_half_a_pair_says_nothing_yet(spam_in_pairs: Service) -> None:
    answered(spam_in_pairs, 1, "spam", "remove")
    assert said(spam_in_pairs) == counted(spam_in_pairs) == []


def test_a_third_answer_does_not_take_the_place_of_one_that_was_taken_back(spam_in_pairs: Service) -> None:
    """It was asked for because the two differed; the seat of the first one waits for an answer of its own."""
    task = answered(spam_in_pairs, 1, "spam", "remove", "allow", "allow")
    take_back(spam_in_pairs, task, "ann")
    assert said(spam_in_pairs) == counted(spam_in_pairs) == []
    make_actor(spam_in_pairs, "dan")
    with spam_in_pairs.database.write() as connection:
        answer_directly(connection, task.task_id, "id-dan", "limit")
    assert {user_id for _, user_id, _, _ in said(spam_in_pairs)} == {"id-bob", "id-cleo", "id-dan"}
    assert counted(spam_in_pairs) == [[1, 1, 0]]


def test_the_draw_counts_as_it_was_when_the_task_came(spam_in_pairs: Service) -> None:
    before = answered(spam_in_pairs, 1, "spam", "allow", "allow")
    quality = msgspec.structs.replace(spam_in_pairs.config.quality, labels={"spam": 0.0, "toxicity": 1.0})
    changed = replace(spam_in_pairs, config=msgspec.structs.replace(spam_in_pairs.config, quality=quality))
    answered(changed, 2, "spam", "remove", "allow", "allow")
    after = answered(changed, 3, "toxicity", "allow", "allow")
    assert said(changed) == sorted(of(before, "allow", "allow") + of(after, "allow", "allow"))


def test_the_time_is_that_of_the_task_so_that_no_late_answer_counts_alone(spam_in_pairs: Service) -> None:
    """A third answer comes later than the two that it follows from."""
    task = answered(spam_in_pairs, 1, "spam", "remove", "allow", "allow")
    with spam_in_pairs.database.write() as connection:
        now = now_ms(connection)
        connection.execute(update(tasks).values(created_ms=now - 2000))
        connection.execute(update(answers).where(answers.c.user_id != "id-cleo").values(decided_ms=now - 2000))
    assert said(spam_in_pairs, since_ms=now - 1000) == counted(spam_in_pairs, since_ms=now - 1000) == []
    assert said(spam_in_pairs, since_ms=now - 3000) == of(task, "remove", "allow", "allow")


def test_golden_tasks_count_and_appeals_do_not(spam_in_pairs: Service) -> None:
    known, appeal = make_review_task(1, label="toxicity"), make_review_task(2, label="toxicity")
    open_tasks(spam_in_pairs, known, appeal)
    with spam_in_pairs.database.write() as connection:
        for task, kind in ((known, "golden"), (appeal, "appeal")):
            connection.execute(update(tasks).where(tasks.c.task_id == task.task_id).values(kind=kind))
            answer_directly(connection, task.task_id, "id-ann", "allow")
        now = now_ms(connection)
        connection.execute(
            insert(golden).values(
                golden_id="g", item_id="item-1", queue="general", label="toxicity", language="en", verdict="remove",
                source="lead", created_ms=now,
            )
        )  # fmt: skip
        connection.execute(
            insert(golden_results).values(
                task_id=known.task_id, golden_id="g", user_id="id-ann", label="toxicity", right=False, at_ms=now
            )
        )
    assert said(spam_in_pairs) == [(known.task_id, "id-ann", "allow", "remove")]
    assert said(spam_in_pairs, since_ms=now + 60_000) == counted(spam_in_pairs) == []
