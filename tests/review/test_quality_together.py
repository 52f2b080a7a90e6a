"""Quality computed by several services on one database at the same time."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import event, select

from human_review.database.tables import golden, reliability, summaries
from human_review.errors import Conflict
from human_review.quality import golden_items
from human_review.quality.refresh import refresh
from human_review.service import Service, open_service
from human_review.testing import make_review_task
from human_review.testing_desk import NO_GOLDEN, TWO_ANSWERS
from human_review.testing_quality import answer_directly, close_directly, configured, make_actor, open_tasks
from stream_app.contracts.review import ReviewTask


@pytest.fixture
def two(new_service: Callable[..., Service]) -> Iterator[tuple[Service, Service]]:
    """Two services on one database."""
    first = new_service(config=configured(TWO_ANSWERS, NO_GOLDEN))
    second = open_service(first.settings)
    yield first, second
    second.database.close()


def agreed(service: Service, count: int, text: str = "text number {}") -> list[ReviewTask]:
    """Tasks on which two people agree."""
    made = [make_review_task(number, text=text.format(number)) for number in range(count)]
    open_tasks(service, *made)
    actors = [make_actor(service, name) for name in ("ann", "bob")]
    with service.database.write() as connection:
        for task in made:
            for actor in actors:
                answer_directly(connection, task.task_id, actor.user_id, "remove", ("toxicity",))
            close_directly(connection, task.task_id, "remove")
    return made


class Meeting:
    """Each of two services waits a moment before its first statement of a kind, for the other to have come so far."""

    def __init__(self, two: tuple[Service, Service], statement: str) -> None:
        self._statement = statement
        self.came = (threading.Event(), threading.Event())
        for mine, service in enumerate(two):
            event.listen(service.database.engine, "before_cursor_execute", self._before(mine))

    def _before(self, mine: int) -> Callable[..., None]:
        def before(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if statement.startswith(self._statement) and not self.came[mine].is_set():
                self.came[mine].set()
                self.came[1 - mine].wait(0.5)

        return before


def at_once(*do: Callable[[], Any]) -> list[Any]:
    with ThreadPoolExecutor() as threads:
        return [done.result() for done in [threads.submit(each) for each in do]]


@pytest.mark.parametrize("statement", ["DELETE FROM reliability", "DELETE FROM summaries", "INSERT INTO golden"])
def test_two_services_compute_quality_at_the_same_time(two: tuple[Service, Service], statement: str) -> None:
    agreed(two[0], 12)
    meeting = Meeting(two, statement)
    at_once(lambda: refresh(two[0]), lambda: refresh(two[1]))
    assert any(came.is_set() for came in meeting.came)
    with two[0].database.read() as connection:
        assert len(connection.execute(select(golden)).all()) == 12
        assert len(connection.execute(select(reliability)).all()) == 4  # of two people, for a label and over all
        assert len(connection.execute(select(summaries)).all()) == 1


@pytest.mark.parametrize("text", ["text number {}", "a text that many people post"])
def test_what_two_make_golden_at_the_same_time_becomes_so_once(two: tuple[Service, Service], text: str) -> None:
    """An item, or two of one group."""
    made = agreed(two[0], 2, text)
    tasks = (made[0].task_id, made[0 if "{}" in text else 1].task_id)
    lead = make_actor(two[0], "lea", "lead")
    meeting = Meeting(two, "INSERT INTO golden")

    def add(service: Service, task_id: str) -> str:
        try:
            return golden_items.add(service, lead, task_id).golden_id
        except Conflict:
            return "refused"

    outcomes = at_once(lambda: add(two[0], tasks[0]), lambda: add(two[1], tasks[1]))
    assert any(came.is_set() for came in meeting.came)
    assert "refused" in outcomes
    with two[0].database.read() as connection:
        assert connection.execute(select(golden.c.golden_id)).scalars().all() == sorted(set(outcomes) - {"refused"})
