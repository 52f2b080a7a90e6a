from collections.abc import Callable

import pytest
from sqlalchemy import insert, select, update

from human_review.database.engine import now_ms
from human_review.database.tables import priors, reliability, seats, tasks
from human_review.errors import NotFound
from human_review.quality.overlap import Settled, settle
from human_review.quality.weights import weight_of
from human_review.service import Service
from human_review.testing import make_review_task
from human_review.testing_quality import answer_directly, configured, make_actor, open_tasks

ONE = ("second_share: 0.05\n  labels: {self_harm: 0.2, threat: 0.2}", "second_share: 0.0\n  labels: {}")
TWO = ("second_share: 0.05\n  labels: {self_harm: 0.2, threat: 0.2}", "second_share: 1.0\n  labels: {}")
TASK = make_review_task(1)


def answered(service: Service, *verdicts: str) -> list[Settled]:
    """What each answer settles, given by one person after the other."""
    found = []
    for verdict in verdicts:
        name = f"person-{len(found)}"
        make_actor(service, name)
        with service.database.write() as connection:
            labels = () if verdict == "allow" else ("toxicity",)
            answer_directly(connection, TASK.task_id, f"id-{name}", verdict, labels)
            found.append(settle(connection, service, TASK.task_id))
    return found


def trust(service: Service, name: str, label: str, sensitivity: float, specificity: float) -> None:
    with service.database.write() as connection:
        connection.execute(
            insert(reliability).values(
                user_id=f"id-{name}", label=label, answers=50, sensitivity=sensitivity, specificity=specificity,
                weight=0.0, computed_ms=now_ms(connection),
            )
        )  # fmt: skip


def numbers_of_seats(service: Service) -> list[tuple[int, str]]:
    with service.database.read() as connection:
        rows = connection.execute(select(seats.c.number, seats.c.state).order_by(seats.c.number))
        return [(row.number, row.state) for row in rows]


def test_one_answer_settles_a_task_that_one_was_wanted_of(new_service: Callable[..., Service]) -> None:
    service = new_service(config=configured(ONE))
    open_tasks(service, TASK)
    [settled] = answered(service, "remove")
    assert (settled.final, settled.verdict, settled.labels) == (True, "remove", ("toxicity",))
    assert settled.weight == pytest.approx(0.8)
    assert numbers_of_seats(service) == [(1, "answered")]


def test_people_who_agree_settle_it_and_people_who_do_not_get_a_third(new_service: Callable[..., Service]) -> None:
    service = new_service(config=configured(TWO))
    open_tasks(service, TASK)
    first, second, third = answered(service, "remove", "allow", "remove")
    assert (first.final, second.final, third.final) == (False, False, True)
    assert third.verdict == "remove"
    assert 0.9 < third.weight < 1.0
    assert numbers_of_seats(service) == [(1, "answered"), (2, "answered"), (3, "answered")]


def test_the_third_seat_is_in_the_place_of_the_task(new_service: Callable[..., Service]) -> None:
    service = new_service(config=configured(TWO))
    open_tasks(service, TASK)
    with service.database.write() as connection:
        moved = {"queue": "escalated", "tier": 1, "rank_ms": 17}
        connection.execute(update(tasks).values(**moved))
        connection.execute(update(seats).values(**moved))
    answered(service, "remove", "allow")
    with service.database.read() as connection:
        seat = connection.execute(select(seats).where(seats.c.number == 3)).one()
        task = connection.execute(select(tasks)).one()
    assert (seat.queue, seat.tier, seat.rank_ms, seat.state, seat.token) == ("escalated", 1, 17, "open", 0)
    assert (task.wanted, task.paired) == (3, True)


def test_two_who_agree_are_enough(new_service: Callable[..., Service]) -> None:
    service = new_service(config=configured(TWO))
    open_tasks(service, TASK)
    first, second = answered(service, "allow", "allow")
    assert (first.final, second.final, second.verdict) == (False, True, "allow")


def test_a_person_known_to_be_poor_gets_a_second_opinion(new_service: Callable[..., Service]) -> None:
    service = new_service(config=configured(ONE))
    open_tasks(service, TASK)
    make_actor(service, "poor")
    trust(service, "poor", "toxicity", 0.6, 0.5)
    with service.database.write() as connection:
        answer_directly(connection, TASK.task_id, "id-poor", "allow")
        assert not settle(connection, service, TASK.task_id).final
    assert numbers_of_seats(service) == [(1, "answered"), (2, "open")]


def test_settling_twice_opens_one_seat(new_service: Callable[..., Service]) -> None:
    service = new_service(config=configured(TWO))
    open_tasks(service, TASK)
    answered(service, "remove", "allow")
    with service.database.write() as connection:
        assert not settle(connection, service, TASK.task_id).final
    assert numbers_of_seats(service)[2:] == [(3, "open")]


def test_what_is_rare_for_the_label_wants_more(new_service: Callable[..., Service]) -> None:
    service = new_service(config=configured(ONE))
    open_tasks(service, TASK)
    with service.database.write() as connection:
        for verdict, share in (("allow", 0.9), ("limit", 0.05), ("remove", 0.05)):
            connection.execute(insert(priors).values(label="toxicity", verdict=verdict, share=share))
    first, second = answered(service, "remove", "remove")
    assert (first.final, second.final, second.verdict) == (False, False, "remove")
    with service.database.read() as connection:
        task = connection.execute(select(tasks)).one()
    assert (task.wanted, task.paired) == (3, False)  # the answers asked for more, not the draw


def test_a_task_without_an_answer_cannot_be_settled(service: Service) -> None:
    open_tasks(service, TASK)
    with service.database.write() as connection:
        for task_id in (TASK.task_id, "nothing"):
            with pytest.raises(NotFound):
                settle(connection, service, task_id)


def test_a_weight_is_of_the_label_else_of_all_labels_else_of_a_good_person(service: Service) -> None:
    make_actor(service, "ann")
    with service.database.write() as connection:
        assert weight_of(connection, service, "id-ann", "hate") == pytest.approx(0.8)
    trust(service, "ann", "*", 0.8, 0.7)
    trust(service, "ann", "spam", 1.0, 0.9)
    with service.database.write() as connection:
        assert weight_of(connection, service, "id-ann", "hate") == pytest.approx(0.5)
        assert weight_of(connection, service, "id-ann", None) == pytest.approx(0.5)
        assert weight_of(connection, service, "id-ann", "spam") == pytest.approx(0.9)
        assert weight_of(connection, service, "id-nobody", "spam") == pytest.approx(0.8)
