"""What waits is counted, and for how long it has been past due."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import update

from human_review.database.tables import seats, tasks
from human_review.desk.decide import decide
from human_review.desk.skip import escalate
from human_review.desk.take import take
from human_review.service import Service
from human_review.stream.run import start
from human_review.stream.waiting import MOST_LANGUAGES, OTHER, Waiting
from human_review.testing import make_review_task
from human_review.testing_desk import ALL_GOLDEN, ALLOW, NO_GOLDEN, ONE_ANSWER, PLAIN, TWO_ANSWERS
from human_review.testing_quality import configured, make_actor, make_golden, open_tasks
from stream_app.contracts.metrics import REVIEW_OPEN, REVIEW_OVERDUE
from stream_app.testing_kafka import wait_until


@pytest.fixture
def plain(new_service: Callable[..., Service]) -> Service:
    return new_service(config=PLAIN)


PLACES = ("general", "en"), ("general", "pt-BR"), ("other", "en")


def opened(service: Service, queue: str, language: str) -> float:
    return service.telemetry.value(REVIEW_OPEN, queue, language)


def test_open_tasks_are_counted_by_queue_and_language_until_they_are_decided(plain: Service) -> None:
    open_tasks(
        plain, make_review_task(1, priority=0.9), make_review_task(2), make_review_task(3, language="pt-BR"),
        make_review_task(4, queue="other"),
    )  # fmt: skip
    ann, waiting = make_actor(plain, "ann"), Waiting(plain)
    card = take(plain, ann, "general")
    waiting.measure()
    assert [opened(plain, *place) for place in PLACES] == [2, 1, 1]
    while card:
        decide(plain, ann, card.seat_id, card.token, ALLOW)
        card = take(plain, ann, "general")
    waiting.measure()
    assert [opened(plain, *place) for place in PLACES] == [0, 0, 1]


def test_a_task_that_two_people_are_to_answer_counts_once(new_service: Callable[..., Service]) -> None:
    service = new_service(config=configured(TWO_ANSWERS, NO_GOLDEN))
    open_tasks(service, make_review_task(1))
    Waiting(service).measure()
    assert opened(service, "general", "en") == 1


def test_golden_tasks_are_not_counted(new_service: Callable[..., Service]) -> None:
    service = new_service(config=configured(ONE_ANSWER, ALL_GOLDEN))
    make_golden(service, 1, 1)
    open_tasks(service, make_review_task(100))
    assert take(service, make_actor(service, "ann")) is not None
    Waiting(service).measure()
    assert opened(service, "general", "en") == 1


def test_rare_languages_are_counted_together(plain: Service) -> None:
    rare = [f"a{chr(ord('a') + number)}" for number in range(MOST_LANGUAGES + 2)]
    open_tasks(plain, *(make_review_task(number, language=language) for number, language in enumerate(rare)))
    open_tasks(plain, *(make_review_task(100 + number, language="zu") for number in range(2)))
    Waiting(plain).measure()
    assert (opened(plain, "general", "zu"), opened(plain, "general", OTHER)) == (2, 3)
    assert [opened(plain, "general", language) for language in rare] == [1] * (MOST_LANGUAGES - 1) + [0] * 3


def test_the_oldest_open_task_of_a_queue_says_how_long_it_is_past_due(plain: Service) -> None:
    open_tasks(
        plain, make_review_task(1, due=timedelta(hours=-2)), make_review_task(2, due=timedelta(hours=-1)),
        make_review_task(3, queue="other"),
    )  # fmt: skip
    waiting = Waiting(plain)
    waiting.measure()
    assert plain.telemetry.value(REVIEW_OVERDUE, "general") == pytest.approx(7200, abs=60)
    assert plain.telemetry.value(REVIEW_OVERDUE, "other") == 0
    with plain.database.write() as connection:
        connection.execute(update(seats).where(seats.c.queue == "general").values(state="closed"))
        connection.execute(update(tasks).where(tasks.c.queue == "general").values(state="closed"))
    waiting.measure()
    assert plain.telemetry.value(REVIEW_OVERDUE, "general") == 0


def test_what_was_escalated_waits_in_its_own_queue(plain: Service) -> None:
    open_tasks(plain, make_review_task(1))
    ann = make_actor(plain, "ann")
    card = take(plain, ann)
    assert card is not None
    escalate(plain, ann, card.seat_id, card.token)
    Waiting(plain).measure()
    assert (opened(plain, "general", "en"), opened(plain, "escalated", "en")) == (0, 1)


def test_the_service_measures_by_itself(plain: Service) -> None:
    open_tasks(plain, make_review_task(1))
    stream = start(plain)
    try:
        wait_until(lambda: opened(plain, "general", "en") == 1, 10)
    finally:
        assert stream.stop(20.0)
