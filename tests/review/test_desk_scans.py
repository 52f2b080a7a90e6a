"""What is asked while somebody waits does not look at all that was ever decided."""

from collections.abc import Callable

import pytest
from sqlalchemy import insert, select, update

from human_review.database.tables import answers, tasks
from human_review.desk.groups import group
from human_review.desk.history import history
from human_review.desk.take import take
from human_review.permissions import Actor
from human_review.service import Service
from human_review.testing import make_review_task
from human_review.testing_desk import PLAIN
from human_review.testing_plans import Plans, analyze
from human_review.testing_quality import answer_directly, close_directly, make_actor, open_tasks

MANY = 3000  # enough for PostgreSQL's planner to prefer an index


@pytest.fixture
def old(new_service: Callable[..., Service]) -> tuple[Service, Actor]:
    """A campaign of which thousands are decided and two are open; ann has decided them."""
    service = new_service(config=PLAIN)
    open_tasks(service, *(make_review_task(number, text="the same text again") for number in range(3)))
    ann = make_actor(service, "ann")
    with service.database.write() as connection:
        one = connection.execute(select(tasks.c.task_id).order_by(tasks.c.task_id).limit(1)).scalar_one()
        answer_directly(connection, one, ann.user_id, "remove", ("toxicity",))
        close_directly(connection, one, "remove")
        task = dict(connection.execute(select(tasks).where(tasks.c.task_id == one)).one()._mapping)
        given = dict(connection.execute(select(answers)).one()._mapping)
        copies = [str(number) for number in range(MANY)]
        connection.execute(insert(tasks), [{**task, "task_id": each} for each in copies])
        connection.execute(insert(answers), [
            {**given, "label_id": each, "task_id": each, "seat_id": None, "decided_ms": given["decided_ms"] - number}
            for number, each in enumerate(copies)
        ])  # fmt: skip
        connection.execute(update(tasks).where(tasks.c.task_id == one).values(created_ms=task["created_ms"] - 1))
    analyze(service)
    return service, ann


def test_the_size_of_a_group_is_found_among_its_open_tasks(old: tuple[Service, Actor]) -> None:
    service, _ = old
    bob = make_actor(service, "bob")
    plans = Plans(service)
    card = take(service, bob)
    assert card is not None
    assert card.group == 2
    found = group(service, bob, card.seat_id, card.token)
    assert (found.size, found.left_out) == (2, 0)
    for words in (("count(*)", "LIMIT"), ("count(*)", "task_id !="), ("group_key =", "ORDER BY tasks.created_ms")):
        assert "ix_tasks_group_key_created_ms" in plans.of(*words)


def test_the_latest_answers_of_all_people_are_found_without_looking_at_the_others(old: tuple[Service, Actor]) -> None:
    service, _ = old
    plans = Plans(service)
    assert len(history(service, make_actor(service, "lea", "lead"), own=False)) == 50
    plan = plans.of("FROM answers", "ORDER BY answers.decided_ms DESC")
    assert "ix_answers_decided_ms" in plan
    assert "TEMP B-TREE" not in plan
    assert "Seq Scan on answers" not in plan
