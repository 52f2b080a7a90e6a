from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from human_review.database.tables import golden, golden_results, tasks
from human_review.desk import decide, take
from human_review.desk.answer import Answer
from human_review.desk.closing import erase
from human_review.errors import NotFound
from human_review.permissions import Actor
from human_review.quality import golden as quality_golden
from human_review.quality.golden import answered, offer, propose, undone
from human_review.service import Service
from human_review.testing import make_review_task
from human_review.testing_quality import (
    answer_directly,
    close_directly,
    configured,
    make_actor,
    make_golden,
    open_tasks,
)

ALWAYS = ("golden: {share: 0.03, new_share: 0.1,", "golden: {share: 1.0, new_share: 1.0,")
NEVER_TWO = ("second_share: 0.05\n  labels: {self_harm: 0.2, threat: 0.2}", "second_share: 0.0\n  labels: {}")


@pytest.fixture
def eager(new_service: Callable[..., Service]) -> Service:
    """Every call draws a golden task where one is to be had."""
    return new_service(config=configured(ALWAYS, NEVER_TWO))


def offered(service: Service, actor: Actor, queue: str | None = None) -> str | None:
    with service.database.write() as connection:
        return offer(connection, service, actor, queue)


def test_a_copy_looks_like_the_tasks_around_it(eager: Service) -> None:
    [golden_id] = make_golden(eager, 1, 1)
    open_tasks(eager, make_review_task(100, due=timedelta(minutes=10)))
    task_id = offered(eager, make_actor(eager, "ann"))
    with eager.database.read() as connection:
        copy = connection.execute(select(tasks).where(tasks.c.task_id == task_id)).one()
        real = connection.execute(select(tasks).where(tasks.c.item_id == "item-100")).one()
        known = connection.execute(select(golden.c.views).where(golden.c.golden_id == golden_id)).scalar_one()
    same = ("queue", "label", "language", "surface", "severity", "why", "policy_version", "blind", "tier", "state",
            "wanted", "sampling_probability")  # fmt: skip
    assert {name: getattr(copy, name) for name in same} == {name: getattr(real, name) for name in same}
    assert len(copy.task_id) == len(real.task_id)
    assert abs(copy.due_ms - real.due_ms) <= 20_000
    assert abs(copy.created_ms - real.created_ms) <= 20_000
    assert copy.kind == "golden"
    assert known == 1


def test_nothing_is_offered_where_no_real_task_waits(eager: Service) -> None:
    make_golden(eager, 1, 3)
    assert offered(eager, make_actor(eager, "ann")) is None


def test_nothing_is_offered_beyond_a_persons_languages_and_queues(eager: Service) -> None:
    make_golden(eager, 1, 1, language="de")
    make_golden(eager, 2, 1, queue="other", label="spam")
    open_tasks(eager, make_review_task(100, language="de"), make_review_task(101, queue="other", label="spam"))
    assert offered(eager, make_actor(eager, "ann", languages=("en",), queues=("general",))) is None
    assert offered(eager, make_actor(eager, "bob", languages=("de",), queues=("general",))) is not None
    assert offered(eager, make_actor(eager, "cleo"), queue="other") is not None
    with eager.database.read() as connection:
        places = connection.execute(select(tasks.c.language, tasks.c.queue).where(tasks.c.kind == "golden")).all()
    assert sorted(tuple(place) for place in places) == [("de", "general"), ("en", "other")]


def test_nobody_gets_the_same_golden_item_twice(eager: Service) -> None:
    make_golden(eager, 1, 3)
    open_tasks(eager, make_review_task(100))
    ann = make_actor(eager, "ann")
    assert len({offered(eager, ann) for _ in range(3)} - {None}) == 3
    assert offered(eager, ann) is None
    with eager.database.read() as connection:
        given = connection.execute(select(golden_results.c.golden_id)).scalars().all()
    assert len(set(given)) == len(given) == 3


def test_an_item_that_the_person_decided_before_is_no_test_of_them(eager: Service) -> None:
    open_tasks(eager, make_review_task(1, text="decided by ann, then known to all"))
    ann = make_actor(eager, "ann")
    card = take.take(eager, ann)
    assert card is not None
    decide.decide(eager, ann, card.seat_id, card.token, Answer(verdict="remove", labels=("toxicity",)))
    with eager.database.write() as connection:
        propose(connection, eager, card.task_id, "remove", ("toxicity",), "lead")
        connection.execute(update(golden).values(state="active"))
    open_tasks(eager, make_review_task(100))
    assert offered(eager, ann) is None
    assert offered(eager, make_actor(eager, "bob")) is not None


def test_a_golden_item_is_retired_after_so_many_views(new_service: Callable[..., Service]) -> None:
    service = new_service(config=configured(ALWAYS, NEVER_TWO, ("retire_after_views: 200", "retire_after_views: 2")))
    make_golden(service, 1, 1)
    open_tasks(service, make_review_task(100))
    found = [offered(service, make_actor(service, name)) for name in ("ann", "bob", "cleo")]
    assert [task_id is None for task_id in found] == [False, False, True]
    with service.database.read() as connection:
        assert connection.execute(select(golden.c.state)).scalar_one() == "retired"


def test_candidates_and_retired_items_are_not_given_out(eager: Service) -> None:
    make_golden(eager, 1, 2)
    with eager.database.write() as connection:
        first = connection.execute(select(func.min(golden.c.golden_id))).scalar_one()
        connection.execute(update(golden).values(state="retired"))
        connection.execute(update(golden).where(golden.c.golden_id == first).values(state="candidate"))
    open_tasks(eager, make_review_task(100))
    assert offered(eager, make_actor(eager, "ann")) is None


def test_an_erased_item_is_golden_no_more(eager: Service) -> None:
    make_golden(eager, 1, 1)
    open_tasks(eager, make_review_task(100))
    with eager.database.write() as connection:
        erase(connection, eager, "item-1")
    assert offered(eager, make_actor(eager, "ann")) is None


def test_new_people_get_their_own_share(new_service: Callable[..., Service]) -> None:
    only_new = ("share: 0.03, new_share: 0.1, new_answers: 50", "share: 0.0, new_share: 1.0, new_answers: 1")
    service = new_service(config=configured(only_new, NEVER_TWO))
    make_golden(service, 1, 2)
    open_tasks(service, make_review_task(100), make_review_task(101))
    ann = make_actor(service, "ann")
    assert offered(service, ann) is not None
    with service.database.write() as connection:
        answer_directly(connection, make_review_task(100).task_id, ann.user_id, "allow")
    assert offered(service, ann) is None


def test_asking_again_without_an_answer_draws_nothing_new(new_service: Callable[..., Service]) -> None:
    service = new_service(config=configured(NEVER_TWO))
    make_golden(service, 1, 5)
    open_tasks(service, make_review_task(100))
    actors = [make_actor(service, f"person-{number}") for number in range(200)]
    first = [offered(service, actor) is not None for actor in actors]
    assert 0 < sum(first) < 60
    missed = [actor for actor, hit in zip(actors, first, strict=True) if not hit]
    assert not any(offered(service, actor) for actor in missed for _ in range(3))


@pytest.mark.parametrize(
    ("verdict", "labels", "right"),
    [
        ("remove", ("toxicity",), True),
        ("remove", ("toxicity", "hate"), True),
        ("remove", ("hate",), False),
        ("limit", ("toxicity",), False),
        ("allow", (), False),
    ],
)
def test_right_is_the_known_verdict_with_one_of_its_labels(
    eager: Service, verdict: str, labels: tuple[str, ...], right: bool
) -> None:
    make_golden(eager, 1, 1)
    open_tasks(eager, make_review_task(100))
    task_id = offered(eager, make_actor(eager, "ann"))
    assert task_id is not None
    with eager.database.write() as connection:
        answered(connection, eager, task_id, "id-ann", verdict, labels)
        assert connection.execute(select(golden_results.c.right)).scalar_one() is right
        undone(connection, eager, task_id)
        assert connection.execute(select(golden_results.c.right)).scalar_one() is None


def test_a_golden_task_goes_through_the_desk_like_any_other_and_leaves_no_label(eager: Service) -> None:
    make_golden(eager, 1, 1, verdict="allow")
    open_tasks(eager, make_review_task(100))
    ann = make_actor(eager, "ann")
    card = take.take(eager, ann)
    assert card is not None
    assert card.text == "golden text 1"
    decide.decide(eager, ann, card.seat_id, card.token, Answer(verdict="allow"))
    with eager.database.read() as connection:
        assert connection.execute(select(golden_results.c.right)).scalar_one() is True
    card = take.take(eager, ann)
    assert card is not None
    assert card.item_id == "item-100"


def test_one_candidate_an_item_a_group_and_a_batch(service: Service) -> None:
    alike = "the same text in two items, long enough to group"
    made = [
        make_review_task(1, text=alike),
        make_review_task(2, text=alike),
        make_review_task(3),
        make_review_task(4),
    ]
    open_tasks(service, *made)
    with service.database.write() as connection:
        for task in made:
            close_directly(connection, task.task_id, "remove")
        first = propose(connection, service, made[0].task_id, "remove", ("toxicity",), "consensus", batch_id="b")
        assert first is not None
        assert propose(connection, service, made[0].task_id, "remove", ("toxicity",), "consensus") is None
        assert propose(connection, service, made[1].task_id, "remove", ("toxicity",), "consensus") is None
        assert propose(connection, service, made[2].task_id, "remove", (), "consensus", batch_id="b") is None
        assert propose(connection, service, made[3].task_id, "remove", (), "appeal") is not None
        assert set(connection.execute(select(golden.c.state)).scalars()) == {"candidate"}
        with pytest.raises(NotFound):
            propose(connection, service, "nothing", "remove", (), "lead")


def test_an_item_that_is_erased_while_it_is_picked_is_not_copied(
    eager: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_golden(eager, 1, 1)
    open_tasks(eager, make_review_task(100))
    with eager.database.read() as connection:
        stale = list(connection.execute(select(golden)))
    with eager.database.write() as connection:
        erase(connection, eager, "item-1")
    monkeypatch.setattr(quality_golden, "_candidates", lambda *_: stale)
    assert offered(eager, make_actor(eager, "ann")) is None


def test_a_person_is_never_tested_with_an_item_from_a_queue_that_is_not_theirs(eager: Service) -> None:
    """The copy would be in the queue that it hides in, and show a text from the other one."""
    make_golden(eager, 1, 1, queue="urgent")
    open_tasks(eager, make_review_task(100, queue="general"))
    assert offered(eager, make_actor(eager, "ann", queues=("general",))) is None
    assert offered(eager, make_actor(eager, "bob", queues=("general", "urgent"))) is not None
