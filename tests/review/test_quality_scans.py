"""What is computed every few minutes beside the page: in the database, from what is recent, and holding nobody up."""

import json
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event, insert, select, update

from human_review.database.engine import now_ms
from human_review.database.tables import answers, golden, tasks
from human_review.quality import backlog, candidates, sampled
from human_review.quality.candidates import Window
from human_review.quality.refresh import refresh
from human_review.quality.sampled import Audit
from human_review.quality.summary import summarize
from human_review.service import Service
from human_review.testing import make_review_task
from human_review.testing_desk import NO_GOLDEN, TWO_ANSWERS
from human_review.testing_plans import Plans, analyze
from human_review.testing_quality import answer_directly, close_directly, configured, make_actor, open_tasks
from stream_app.contracts.review import ReviewTask

DAY_MS = 86_400_000
MANY = 3000  # enough for PostgreSQL's planner to prefer an index
PEOPLE = ("ann", "bob", "cleo")


@pytest.fixture
def service(new_service: Callable[..., Service]) -> Service:
    made = new_service(config=configured(TWO_ANSWERS, NO_GOLDEN))
    for name in PEOPLE:
        make_actor(made, name)
    return made


def agreed(service: Service, *made: ReviewTask) -> None:
    """Tasks that two people have removed."""
    open_tasks(service, *made)
    with service.database.write() as connection:
        for task in made:
            for name in ("ann", "bob"):
                answer_directly(connection, task.task_id, f"id-{name}", "remove", ("toxicity",))
            close_directly(connection, task.task_id, "remove")


def age(service: Service, days: float) -> None:
    """Let everything have happened that long ago."""
    back = round(days * DAY_MS)
    with service.database.write() as connection:
        connection.execute(update(tasks).values(
            created_ms=tasks.c.created_ms - back, closed_ms=tasks.c.closed_ms - back
        ))  # fmt: skip
        connection.execute(update(answers).values(decided_ms=answers.c.decided_ms - back))


def much_that_is_old(service: Service) -> None:
    """Thousands of tasks of last year beside ten of today."""
    agreed(service, make_review_task(0))
    age(service, 200)
    with service.database.write() as connection:
        task = dict(connection.execute(select(tasks)).one()._mapping)
        given = dict(connection.execute(select(answers).limit(1)).one()._mapping)
        copies = [str(number) for number in range(MANY)]
        connection.execute(insert(tasks), [{**task, "task_id": each} for each in copies])
        connection.execute(insert(answers), [
            {**given, "label_id": each, "task_id": each, "seat_id": None} for each in copies
        ])  # fmt: skip
    agreed(service, *(make_review_task(number, text=f"text number {number}") for number in range(1, 11)))
    analyze(service)


def test_what_the_page_shows_is_found_without_looking_at_what_is_old(service: Service) -> None:
    much_that_is_old(service)
    plans = Plans(service)
    with service.database.read() as connection:
        row = summarize(connection, ()).rows[0]
        since = now_ms(connection) - DAY_MS
        assert (row.decided, [one.tasks for one in backlog.drawn(connection, since)]) == (10, [10])
        assert len(candidates.agreed(connection, service, Window(since, now_ms(connection)))) == 10
    found = plans.every()
    assert sum("answers" in statement for statement in found) >= 3
    for statement, plan in found.items():
        for table in ("tasks", "answers"):
            assert f"SCAN {table}" not in plan, (statement, plan)
            assert f"Seq Scan on {table}" not in plan, (statement, plan)


def some_answers(service: Service, dice: random.Random) -> None:
    """Tasks that up to three people answer, of every kind that an audit tells apart."""
    labels = ("hate", "spam", "threat")
    made = [
        make_review_task(
            number, text=f"text number {number}", why=dice.choice(("sampled", "unsure", "report")),
            label=dice.choice((None, *labels)), language=dice.choice(("en", "de")),
            sampling_probability=dice.choice((0.1, 0.5)),
        )
        for number in range(60)
    ]  # fmt: skip
    open_tasks(service, *made)
    with service.database.write() as connection:
        for task in made:
            verdicts = []
            for name in PEOPLE[: dice.randint(1, 2)]:
                verdicts.append(dice.choice(("allow", "remove")))
                named = dice.sample(labels, dice.randint(0, 3)) if verdicts[-1] == "remove" else ()
                answer_directly(connection, task.task_id, f"id-{name}", verdicts[-1], tuple(named))
            if dice.random() < 0.9:
                close_directly(
                    connection, task.task_id, dice.choice(verdicts), why=dice.choice(["decided"] * 5 + ["superseded"])
                )
        some = select(answers.c.label_id).order_by(answers.c.label_id).limit(5)
        connection.execute(update(answers).where(answers.c.label_id.in_(some)).values(state="undone"))


def one_by_one(service: Service) -> Counter[tuple[Any, ...]]:
    """The audits of all decided tasks, as the definition says."""
    found: Counter[tuple[Any, ...]] = Counter()
    with service.database.read() as connection:
        for task in connection.execute(select(tasks).where(tasks.c.closed_why == "decided", tasks.c.why != "report")):
            behind = connection.execute(select(answers.c.labels).where(
                answers.c.task_id == task.task_id, answers.c.state == "standing", answers.c.verdict == task.verdict
            )).scalars().all()  # fmt: skip
            said = [json.loads(labels) for labels in behind]
            named = {
                label for labels in said for label in labels if 2 * sum(label in one for one in said) >= len(said)
            }
            if said:
                kind = task.machine_verdict, task.label, task.language, task.sampling_probability, task.verdict
                found[*kind, frozenset(named)] += 1
    return found


@pytest.mark.parametrize("seed", range(3))
def test_the_database_counts_audits_as_they_are_one_by_one(service: Service, seed: int) -> None:
    some_answers(service, random.Random(seed))
    with service.database.read() as connection:
        found = sampled.audits(connection, 0)
    assert len(
        {(one.machine, one.label, one.language, one.probability, one.human, one.labels) for one in found}
    ) == len(found)
    counted = {
        (one.machine, one.label, one.language, one.probability, one.human, one.labels): one.times for one in found
    }
    assert counted == one_by_one(service)
    assert max(counted.values()) > 1
    assert any(len(named) > 1 for *_, named in counted)


def test_a_kind_of_audit_counts_as_often_as_there_are_of_it() -> None:
    bad, good = (Audit("allow", None, "en", 0.1, human, frozenset()) for human in ("remove", "allow"))
    apart = [bad] * 3 + [good] * 97
    together = [
        Audit("allow", None, "en", 0.1, "remove", frozenset(), 3),
        Audit("allow", None, "en", 0.1, "allow", frozenset(), 97),
    ]
    drawn = [backlog.Drawn("allow", None, "en", 120, 5)]
    for estimator in (sampled.miss_rate, sampled.missed):
        assert estimator(apart, "*", drawn) == estimator(together, "*", drawn)
    assert sampled.prevalence(apart, "*", {"allow": 900}, drawn) == sampled.prevalence(
        together, "*", {"allow": 900}, drawn
    )
    assert sampled.prevalence(together, "*", {"allow": 900}, drawn).n == 100


class Writing:
    """What is asked while nobody else may write."""

    def __init__(self, service: Service) -> None:
        self.asked: list[str] = []
        event.listen(service.database.engine, "before_cursor_execute", self._note)

    def _note(self, connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if connection.get_execution_options().get("weir_writes"):
            self.asked.append(statement)


def test_nobody_who_writes_waits_while_candidates_are_looked_for(service: Service) -> None:
    agreed(service, *(make_review_task(number, text=f"text number {number}") for number in range(5)))
    refresh(service)
    writing = Writing(service)
    refresh(service)
    assert any("INSERT INTO reliability" in statement for statement in writing.asked)
    assert not any("FROM answers" in statement or "FROM tasks" in statement for statement in writing.asked)


def test_a_task_of_a_group_that_has_a_golden_item_takes_no_other_s_place(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(candidates, "_MOST", 1)
    agreed(service, make_review_task(1, text="a text by itself"))
    age(service, 1)
    agreed(service, *(make_review_task(number, text="a text that many post") for number in (2, 3)))
    refresh(service)
    refresh(service)
    with service.database.read() as connection:
        found = connection.execute(select(golden.c.item_id)).scalars().all()
    assert "item-1" in found
    assert len(found) == 2


def test_what_was_taken_back_since_it_was_looked_at_is_no_candidate(service: Service) -> None:
    first, second = (make_review_task(number, text=f"text number {number}") for number in (1, 2))
    agreed(service, first, second)
    with service.database.read() as connection:
        window = Window(0, now_ms(connection))
        found = candidates.agreed(connection, service, window)
    assert {one.task_id for one in found} == {first.task_id, second.task_id}
    with service.database.write() as connection:
        reopened = {"state": "open", "closed_why": None, "closed_ms": None}
        connection.execute(update(tasks).where(tasks.c.task_id == first.task_id).values(**reopened))
        assert candidates.propose_agreed(connection, service, found, window) == 1
        assert connection.execute(select(golden.c.item_id)).scalars().all() == [second.item.item_id]
