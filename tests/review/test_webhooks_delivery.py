import hmac
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import func, select, update

from human_review.database.tables import deliveries
from human_review.database.tables import webhooks as rows
from human_review.errors import Forbidden, Invalid, NotFound
from human_review.permissions import Actor
from human_review.service import Service
from human_review.testing_webhooks import CONFIG, Receiver
from human_review.webhooks import events as webhooks
from human_review.webhooks import registry
from human_review.webhooks.due import wait_ms

ADMIN = Actor("u", "r-1", "admin")
FACTS = {"appeal_id": "a-1", "outcome": "upheld"}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as made:
        yield made


@pytest.fixture
def home(new_service: Callable[..., Service]) -> Service:
    """A service that may call this machine."""
    return new_service(config=CONFIG)


def announce(service: Service, **over: Any) -> int:
    with service.database.write() as connection:
        return webhooks.announce(connection, service, webhooks.APPEAL_DECIDED, **(FACTS | over))


def make_due(service: Service) -> None:
    with service.database.write() as connection:
        connection.execute(update(deliveries).values(due_ms=0))
        connection.execute(update(rows).values(not_before_ms=0))


def states(service: Service) -> list[tuple[str, int, str | None]]:
    with service.database.read() as connection:
        found = connection.execute(select(deliveries.c.state, deliveries.c.attempts, deliveries.c.last_error)).all()
    return [(row.state, row.attempts, row.last_error) for row in found]


def signed_by(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """As a receiver checks it, from the documentation alone."""
    at, *given = (part.partition("=")[2] for part in headers["Weir-Signature"].split(","))
    wanted = hmac.new(secret.encode(), at.encode() + b"." + body, "sha256").hexdigest()
    return abs(time.time() - int(at)) < 300 and wanted in given


def test_an_event_is_told_once_and_signed(home: Service, receiver: Receiver) -> None:
    made = registry.register(home, ADMIN, receiver.url, ["appeal.decided"])
    assert [announce(home), announce(home)] == [1, 0]
    assert [webhooks.deliver_due(home), webhooks.deliver_due(home)] == [1, 0]
    [(headers, body)] = receiver.told
    assert signed_by(made.secret, headers, body)
    assert not signed_by("another", headers, body)
    said = json.loads(body)
    assert (said["event"], said["facts"]) == ("appeal.decided", FACTS)
    assert headers["Host"] == receiver.url.split("/")[2]
    assert states(home) == [("done", 1, None)]


def test_only_those_who_want_an_event_are_told(home: Service, receiver: Receiver) -> None:
    registry.register(home, ADMIN, receiver.url, ["task.escalated"])
    assert announce(home) == 0


def test_what_is_announced_and_not_committed_is_not_told(home: Service, receiver: Receiver) -> None:
    registry.register(home, ADMIN, receiver.url, ["appeal.decided"])
    with home.database.engine.connect() as connection, connection.begin() as transaction:
        webhooks.announce(connection, home, "appeal.decided", **FACTS)
        transaction.rollback()
    assert webhooks.deliver_due(home) == 0


def test_what_waits_for_its_time_can_be_withdrawn(home: Service, receiver: Receiver) -> None:
    registry.register(home, ADMIN, receiver.url, ["appeal.decided"])
    announce(home, not_before_ms=2**42)
    assert webhooks.deliver_due(home) == 0
    with home.database.write() as connection:
        assert webhooks.withdraw(connection, "appeal.decided", **(FACTS | {"outcome": "overturned"})) == 0
        assert webhooks.withdraw(connection, "appeal.decided", **FACTS) == 1
    make_due(home)
    assert webhooks.deliver_due(home) == 0


def test_old_and_new_secret_sign_while_they_are_changed_and_then_the_new_alone(
    home: Service, receiver: Receiver
) -> None:
    old = registry.register(home, ADMIN, receiver.url, ["appeal.decided"])
    new = registry.rotate(home, ADMIN, old.webhook_id)
    announce(home)
    webhooks.deliver_due(home)
    with home.database.write() as connection:
        connection.execute(update(rows).values(rotated_ms=rows.c.rotated_ms - 25 * 3_600_000))
    announce(home, outcome="overturned")
    webhooks.deliver_due(home)
    during, after = receiver.told
    assert signed_by(old.secret, *during)
    assert signed_by(new.secret, *during)
    assert signed_by(new.secret, *after)
    assert not signed_by(old.secret, *after)


def test_what_fails_is_tried_again_later_with_the_same_id(home: Service, receiver: Receiver) -> None:
    registry.register(home, ADMIN, receiver.url, ["appeal.decided"])
    receiver.answers = [500, 204]
    announce(home)
    webhooks.deliver_due(home)
    assert webhooks.deliver_due(home) == 0
    assert states(home) == [("waiting", 1, "answered 500")]
    make_due(home)
    webhooks.deliver_due(home)
    assert states(home) == [("done", 2, None)]
    assert len({json.loads(body)["id"] for _, body in receiver.told}) == 1


def test_a_redirect_is_a_failure_and_is_not_followed(home: Service, receiver: Receiver) -> None:
    registry.register(home, ADMIN, receiver.url, ["appeal.decided"])
    receiver.answers, receiver.location = [307], receiver.url + "/elsewhere"
    announce(home)
    webhooks.deliver_due(home)
    assert len(receiver.told) == 1
    assert states(home) == [("waiting", 1, "answered 307")]


def test_a_receiver_that_does_not_answer_in_time_has_failed(home: Service, receiver: Receiver) -> None:
    registry.register(home, ADMIN, receiver.url, ["appeal.decided"])
    receiver.wait = 2.0
    announce(home)
    webhooks.deliver_due(home)
    assert states(home) == [("waiting", 1, "no answer within 1 s")]


def test_after_a_day_nobody_tries_any_more(home: Service, receiver: Receiver) -> None:
    registry.register(home, ADMIN, receiver.url, ["appeal.decided"])
    receiver.answers = [503]
    announce(home)
    with home.database.write() as connection:
        connection.execute(update(deliveries).values(created_ms=deliveries.c.created_ms - 24 * 3_600_000))
    webhooks.deliver_due(home)
    assert [state for state, _, _ in states(home)] == ["given-up"]
    [listed] = registry.listed(home, ADMIN)
    assert (listed.waiting, listed.given_up) == (0, 1)


def test_where_private_addresses_are_not_allowed_none_is_called(
    home: Service, new_service: Callable[..., Service], receiver: Receiver
) -> None:
    strict = new_service()
    with pytest.raises(Invalid):
        registry.register(strict, ADMIN, receiver.url, ["appeal.decided"])
    with strict.database.write() as connection:  # as if it had been registered when that was allowed
        connection.execute(rows.insert().values(
            webhook_id="wh", url="https://localhost:1/", events='["appeal.decided"]', created_ms=0,
            sealed_secret=strict.sealer.seal_for_service(b"s"),
        ))  # fmt: skip
    announce(strict)
    webhooks.deliver_due(strict)
    [(state, _, problem)] = states(strict)
    assert (state, receiver.told) == ("waiting", [])
    assert "not public" in (problem or "")


def test_waits_grow_to_an_hour_and_differ(service: Service) -> None:
    waits = [wait_ms(service, "d", attempt) for attempt in range(1, 40)]
    for attempt, wait in enumerate(waits, 1):
        longest = min(3_600_000, 10_000 * 2 ** (attempt - 1))
        assert longest / 2 <= wait <= longest
    assert len({wait_ms(service, f"d{number}", 5) for number in range(20)}) > 10


def test_a_webhook_is_removed_with_what_waits_for_it(home: Service, receiver: Receiver) -> None:
    made = registry.register(home, ADMIN, receiver.url, ["appeal.decided"])
    announce(home)
    registry.remove(home, ADMIN, made.webhook_id)
    with home.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(deliveries)).scalar_one() == 0
    with pytest.raises(NotFound):
        registry.rotate(home, ADMIN, made.webhook_id)


def test_no_secret_lies_open_in_the_database(home: Service, receiver: Receiver) -> None:
    made = registry.register(home, ADMIN, receiver.url, ["appeal.decided"])
    with home.database.read() as connection:
        row = connection.execute(select(rows)).one()
    assert made.secret.encode() not in row.sealed_secret


def test_events_that_do_not_exist_and_people_who_may_not_are_refused(home: Service, receiver: Receiver) -> None:
    for events in ([], ["label.final", "made.up"]):
        with pytest.raises(Invalid, match="events"):
            registry.register(home, ADMIN, receiver.url, events)
    lead = Actor("u", "r-2", "lead")
    with pytest.raises(Forbidden):
        registry.register(home, lead, receiver.url, ["label.final"])
    with pytest.raises(Forbidden):
        registry.listed(home, lead)
