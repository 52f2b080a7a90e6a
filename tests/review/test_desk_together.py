import random
import threading
from collections import Counter
from collections.abc import Callable

import pytest

from human_review.database.tables import answers, seats, tasks
from human_review.desk.decide import decide, undo
from human_review.desk.take import release, take
from human_review.errors import Conflict
from human_review.permissions import Actor
from human_review.service import Service
from human_review.testing import make_review_task
from human_review.testing_desk import ALLOW, NO_GOLDEN, SHORT_LEASE, rows_of, waiting
from human_review.testing_quality import configured, make_actor, open_tasks

SOME_SECONDS = ("second_share: 0.05\n  labels: {self_harm: 0.2, threat: 0.2}", "second_share: 0.2\n  labels: {}")


class Person(threading.Thread):
    """Answers what comes, leaves some of it lying, gives some back, takes some answers back."""

    def __init__(self, service: Service, actor: Actor, seed: int) -> None:
        super().__init__()
        self._service, self._actor, self._random = service, actor, random.Random(seed)
        self.problem: Exception | None = None

    def run(self) -> None:
        try:
            while rows_of(self._service, tasks, state="open"):
                self._step()
        except Exception as problem:  # noqa: BLE001 - it is told by the thread that joins
            self.problem = problem

    def _step(self) -> None:
        try:
            card = take(self._service, self._actor)
        except Conflict:
            return
        if card is None:
            threading.Event().wait(0.05)
            return
        dice = self._random.random()
        try:
            if dice < 0.1:
                threading.Event().wait(2.05)
            elif dice < 0.2:
                release(self._service, self._actor, card.seat_id, card.token)
                return
            given = decide(self._service, self._actor, card.seat_id, card.token, ALLOW)
            if dice > 0.95:
                undo(self._service, self._actor, given.label_id)
        except Conflict:
            pass


def work(service: Service, people: int, number: int) -> None:
    open_tasks(service, *(make_review_task(each, priority=0.5 + each % 7 / 20) for each in range(number)))
    crowd = [Person(service, make_actor(service, f"person-{each}"), each) for each in range(people)]
    for person in crowd:
        person.start()
    for person in crowd:
        person.join()
    assert [person.problem for person in crowd if person.problem] == []
    check(service, number)


def check(service: Service, number: int) -> None:
    given = rows_of(service, answers, state="standing")
    labels = waiting(service)
    assert {row.state for row in rows_of(service, tasks)} == {"closed"}
    assert len(rows_of(service, tasks)) == number
    assert max(Counter((row.task_id, row.user_id) for row in given).values()) == 1
    assert max(Counter(row.seat_id for row in given).values()) == 1
    assert {row.seat_id for row in given} == {row.seat_id for row in rows_of(service, seats, state="answered")}
    assert {row.state for row in rows_of(service, seats)} <= {"answered", "closed"}
    by_people = [label.label_id for label in labels if label.reviewer_id != "panel"]
    assert sorted(by_people) == sorted(row.label_id for row in given)
    assert Counter(label.task.task_id for label in labels if label.final) == {
        row.task_id: 1 for row in rows_of(service, tasks)
    }
    panels = [label for label in labels if label.reviewer_id == "panel"]
    assert all(len(label.answers) >= 2 for label in panels)
    assert len(panels) == sum(row.wanted > 1 for row in rows_of(service, tasks))


@pytest.fixture
def hasty(new_service: Callable[..., Service]) -> Service:
    long_grace = ("undo_seconds: 10", "undo_seconds: 600")
    return new_service(config=configured(SOME_SECONDS, NO_GOLDEN, *SHORT_LEASE, long_grace))


def test_many_people_at_once_answer_every_seat_once(hasty: Service) -> None:
    work(hasty, people=8, number=40)


@pytest.mark.long
def test_many_more_people_at_once_answer_every_seat_once(hasty: Service) -> None:
    work(hasty, people=8, number=1600)
