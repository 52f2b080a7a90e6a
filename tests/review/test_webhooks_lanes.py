"""A receiver that is slow, dead or unwilling keeps nobody else waiting, and is told things in their order."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import select, update

from human_review.database.engine import now_ms
from human_review.database.tables import deliveries
from human_review.database.tables import webhooks as rows
from human_review.permissions import Actor
from human_review.service import Service
from human_review.stream.jobs import Job
from human_review.testing_webhooks import CONFIG, Receiver
from human_review.webhooks import due, registry
from human_review.webhooks.delivering import deliver_due, keep_delivering
from human_review.webhooks.events import announce
from stream_app.testing_kafka import wait_until

ADMIN = Actor("u", "r-1", "admin")
DAY_MS = 24 * 3_600_000


@pytest.fixture
def home(new_service: Callable[..., Service]) -> Service:
    """A service that may call this machine, and waits a second for an answer."""
    return new_service(config=CONFIG)


@pytest.fixture
def receivers() -> Iterator[tuple[Receiver, Receiver]]:
    with Receiver() as first, Receiver() as second:
        yield first, second


def register(service: Service, *urls: str) -> list[str]:
    return [registry.register(service, ADMIN, url, ["label.final"]).webhook_id for url in urls]


def tell(service: Service, *names: str) -> None:
    """One event after the other, each at a moment of its own."""
    for name in names:
        with service.database.write() as connection:
            announce(connection, service, "label.final", label_id=name)
        time.sleep(0.003)


def rest_is_over(service: Service) -> None:
    with service.database.write() as connection:
        connection.execute(update(rows).values(not_before_ms=0))


def told(receiver: Receiver) -> list[str]:
    return [json.loads(body)["facts"]["label_id"] for _, body in receiver.told]


def states(service: Service, webhook_id: str) -> list[tuple[str, int]]:
    its = select(deliveries.c.state, deliveries.c.attempts).where(deliveries.c.webhook_id == webhook_id)
    with service.database.read() as connection:
        return [(row.state, row.attempts) for row in connection.execute(its.order_by(deliveries.c.due_ms))]


@contextmanager
def at_work(service: Service) -> Iterator[Job]:
    job = Job("webhooks", lambda stop, beat: keep_delivering(service, stop, beat, 0.05), service.telemetry)
    job.start()
    yield job
    job.ask_to_stop()
    assert job.join(10.0)


def test_a_receiver_that_does_not_answer_keeps_nobody_else_waiting(
    home: Service, receivers: tuple[Receiver, Receiver]
) -> None:
    dead, good = receivers
    dead.wait = 5.0
    its, _ = register(home, dead.url, good.url)
    names = [str(number) for number in range(40)]
    tell(home, *names)
    began = time.monotonic()
    deliver_due(home)
    assert time.monotonic() - began < 3.0  # one attempt of the dead one takes 1 s
    assert told(good) == names
    assert states(home, its) == [("waiting", 1), *[("waiting", 0)] * 39]


def test_what_happens_while_a_receiver_is_waited_for_is_told_to_the_others(
    new_service: Callable[..., Service], receivers: tuple[Receiver, Receiver]
) -> None:
    service = new_service(config=CONFIG.replace("seconds: 1", "seconds: 30"))
    slow, good = receivers
    slow.wait = 2.5
    register(service, slow.url, good.url)
    with at_work(service) as job:
        tell(service, "first")
        wait_until(lambda: slow.told, 10)
        tell(service, "second")
        wait_until(lambda: told(good) == ["first", "second"], 2)
        assert told(slow) == ["first"]
        slow.wait = 0.0
        assert job.problem() == ""
        wait_until(lambda: told(slow) == ["first", "second"], 10)


def test_a_receiver_is_told_things_in_their_order_also_after_a_failure(
    home: Service, receivers: tuple[Receiver, Receiver]
) -> None:
    receiver, _ = receivers
    receiver.answers = [204, 500, 204]
    register(home, receiver.url)
    tell(home, "a", "b", "c")
    assert [deliver_due(home), deliver_due(home)] == [2, 0]
    tell(home, "d")
    assert deliver_due(home) == 0
    rest_is_over(home)
    assert deliver_due(home) == 3
    assert told(receiver) == ["a", "b", "b", "c", "d"]


def test_only_one_at_a_time_calls_a_receiver(home: Service) -> None:
    [webhook_id] = register(home, "https://localhost:1/")
    tell(home, "a", "b")
    first = due.take_up(home, webhook_id)
    assert first is not None
    assert due.take_up(home, webhook_id) is None
    assert due.receivers(home) == []
    due.end(home, first, due.Tried())
    second = due.take_up(home, webhook_id)
    assert second is not None
    assert second.delivery_id != first.delivery_id


def test_who_comes_back_after_another_has_begun_changes_nothing(home: Service) -> None:
    [webhook_id] = register(home, "https://localhost:1/")
    tell(home, "a")
    late = due.take_up(home, webhook_id)
    rest_is_over(home)
    again = due.take_up(home, webhook_id)
    assert late is not None
    assert again is not None
    due.end(home, late, due.Tried("answered 500"))
    assert due.receivers(home) == []
    due.end(home, again, due.Tried())
    assert states(home, webhook_id) == [("done", 2)]


def test_a_name_that_nobody_answers_for_takes_no_longer_than_an_answer_may(
    home: Service, receivers: tuple[Receiver, Receiver], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, good = receivers
    system = socket.getaddrinfo
    over = threading.Event()

    def slow(host: str, *arguments: Any, **more: Any) -> Any:
        if host == "slow.example.org":
            over.wait(20)
        return system(host, *arguments, **more)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    its, _ = register(home, "https://slow.example.org/", good.url)
    tell(home, "a", "b")
    began = time.monotonic()
    deliver_due(home)
    over.set()
    assert time.monotonic() - began < 3.0
    assert told(good) == ["a", "b"]
    with home.database.read() as connection:
        problem = connection.execute(
            select(deliveries.c.last_error).where(deliveries.c.webhook_id == its, deliveries.c.attempts == 1)
        ).scalar_one()
    assert problem == "no answer within 1 s"


def make_old(service: Service, ms: int, *columns: str) -> None:
    with service.database.write() as connection:
        connection.execute(update(deliveries).values({name: deliveries.c[name] - ms for name in columns}))


def test_what_waited_for_a_receiver_that_is_away_for_a_day_is_given_up_with_what_was_tried(home: Service) -> None:
    [webhook_id] = register(home, "http://localhost:1/")  # nobody listens there
    tell(home, "a", "b")
    make_old(home, DAY_MS, "created_ms", "due_ms")
    tell(home, "new")
    assert deliver_due(home) == 2
    assert states(home, webhook_id) == [("given-up", 1), ("given-up", 0), ("waiting", 1)]


def test_what_a_receiver_refuses_for_a_day_is_given_up_and_what_waited_for_it_is_told(
    home: Service, receivers: tuple[Receiver, Receiver]
) -> None:
    receiver, _ = receivers
    receiver.answers = [500, 204]
    [webhook_id] = register(home, receiver.url)
    tell(home, "a", "b")
    make_old(home, DAY_MS, "created_ms", "due_ms")
    assert deliver_due(home) == 2
    assert states(home, webhook_id) == [("given-up", 1), ("done", 1)]


def test_what_was_told_is_forgotten_after_a_week(home: Service, receivers: tuple[Receiver, Receiver]) -> None:
    receiver, _ = receivers
    register(home, receiver.url)
    tell(home, "told")
    deliver_due(home)
    tell(home, "waits")
    with home.database.write() as connection:
        assert due.forget_old(connection) == 0
    make_old(home, 7 * DAY_MS + 1000, "due_ms")
    with home.database.write() as connection:
        assert due.forget_old(connection) == 1
        left = connection.execute(select(deliveries.c.state, deliveries.c.due_ms)).one()
        assert (left.state, left.due_ms < now_ms(connection)) == ("waiting", True)
