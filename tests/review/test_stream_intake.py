"""Messages come in exactly once, and one that cannot be read holds nobody up."""

import logging
from collections.abc import Callable, Sequence

import pytest
from sqlalchemy import Connection, select
from sqlalchemy.exc import OperationalError

from human_review.database.tables import offsets, skips, unread, webhooks
from human_review.service import Service
from human_review.stream import intake
from human_review.stream.intake import Arrived, Effect, Then, take_in
from stream_app.adapters.trip import Trip
from stream_app.contracts.metrics import REVIEW_READ
from stream_app.errors import BadMessage

SECRET = "canary-of-a-user"


def note(name: str) -> Effect:
    """An effect that can be seen in the database: a row with this name."""

    def effect(connection: Connection, _service: Service) -> None:
        connection.execute(webhooks.insert().values(
            webhook_id=name, url="", sealed_secret=b"", events="[]", created_ms=0
        ))  # fmt: skip

    return effect


def reader(service: Service, message: Arrived) -> Effect | None:
    """Messages say what becomes of them."""
    words = (message.value or b"").decode()
    if words == "unreadable":
        raise BadMessage("schema", f"Invalid enum value '{SECRET}' - at `$.verdict`")
    if words == "nothing":
        return None
    if words == "broken":
        return broken
    if words == "too many":
        return orphan
    return note(words)


def broken(connection: Connection, service: Service) -> None:
    note("half")(connection, service)
    raise RuntimeError(SECRET)


def orphan(connection: Connection, _service: Service) -> None:
    connection.execute(skips.insert().values(task_id="none", user_id="none", reason=SECRET, at_ms=0))


READERS = {"first": reader, "second": reader}


def messages(*words: str, topic: str = "first", start: int = 0, partition: int = 0) -> list[Arrived]:
    return [
        Arrived(topic, partition, number, b"key", word.encode()) for number, word in enumerate(words, start)
    ]  # fmt: skip


def effects(service: Service) -> list[str]:
    with service.database.read() as connection:
        return sorted(connection.execute(select(webhooks.c.webhook_id)).scalars())


def read_to(service: Service) -> dict[tuple[str, int], int]:
    with service.database.read() as connection:
        return {(row.topic, row.partition): row.next_offset for row in connection.execute(select(offsets))}


def noted(service: Service) -> list[tuple[str, int, int]]:
    with service.database.read() as connection:
        return sorted((row.topic, row.partition, row.position) for row in connection.execute(select(unread)))


def take(service: Service, *batches: Sequence[Arrived]) -> None:
    for batch in batches:
        take_in(service, READERS, batch, Trip())


def test_effects_and_offsets_are_stored_together(service: Service) -> None:
    take(service, [*messages("a", "b"), *messages("c", topic="second", start=7, partition=3)])
    assert effects(service) == ["a", "b", "c"]
    assert read_to(service) == {("first", 0): 2, ("second", 3): 8}


def test_what_was_taken_in_before_is_passed_over(service: Service) -> None:
    take(service, messages("a", "b"), messages("a", "b", "c"))
    assert effects(service) == ["a", "b", "c"]
    assert service.telemetry.value(REVIEW_READ, "first", "taken") == 3


def test_a_batch_that_was_not_committed_is_taken_in_whole_the_next_time(service: Service) -> None:
    class CrashInside(Trip):
        def __call__(self, point: str) -> None:
            if point == "in-intake":
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        take_in(service, READERS, messages("a", "b"), CrashInside())
    assert (effects(service), read_to(service)) == ([], {})
    take(service, messages("a", "b"))
    assert effects(service) == ["a", "b"]


@pytest.mark.parametrize("word", ["unreadable", "broken", "too many"])
def test_a_message_that_cannot_be_taken_in_is_noted_and_its_neighbors_are_taken_in(
    service: Service, word: str, caplog: pytest.LogCaptureFixture
) -> None:
    take(service, messages("a", word, "b"))
    assert effects(service) == ["a", "b"]
    assert noted(service) == [("first", 0, 1)]
    assert read_to(service) == {("first", 0): 3}
    assert service.telemetry.value(REVIEW_READ, "first", "unread") == 1


@pytest.mark.parametrize("word", ["unreadable", "broken", "too many"])
def test_what_is_noted_and_logged_holds_nothing_of_the_message(
    service: Service, word: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        take(service, messages(word))
    with service.database.read() as connection:
        problem = connection.execute(select(unread.c.problem)).scalar_one()
    assert problem
    assert SECRET not in problem + "".join(str(record.__dict__) for record in caplog.records)


def test_a_database_that_fails_makes_nothing_unread(service: Service) -> None:
    def down(connection: Connection, _service: Service) -> None:
        raise OperationalError("", {}, Exception("the connection is gone"))

    with pytest.raises(OperationalError):
        take_in(service, {"first": lambda _service, _message: down}, messages("a"), Trip())
    assert (noted(service), read_to(service)) == ([], {})


def test_a_long_batch_is_taken_in_by_several_transactions(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "TRANSACTION_SECONDS", 0.0)
    passed: list[str] = []

    class Counting(Trip):
        def __call__(self, point: str) -> None:
            passed.append(point)

    take_in(service, READERS, messages("a", "b", "c"), Counting())
    assert passed.count("after-intake") == 3
    assert effects(service) == ["a", "b", "c"]


def test_messages_that_cause_nothing_only_move_the_offset(service: Service) -> None:
    take(service, messages("nothing", "nothing"))
    assert (effects(service), noted(service), read_to(service)) == ([], [], {("first", 0): 2})
    assert service.telemetry.value(REVIEW_READ, "first", "skipped") == 2


def test_topics_are_taken_in_in_the_order_of_their_readers(service: Service) -> None:
    seen: list[str] = []

    def watching(_service: Service, message: Arrived) -> Effect:
        return lambda _connection, _service: seen.append(message.topic)

    readers: dict[str, Callable[[Service, Arrived], Effect | None]] = {"first": watching, "second": watching}
    take_in(service, readers, [*messages("a", topic="second"), *messages("b")], Trip())
    assert seen == ["first", "second"]


def test_two_that_read_the_same_partition_take_each_message_in_once(service: Service) -> None:
    old = messages("a", "b", "c")
    take(service, messages("a", "b"), messages("c", start=2), old)
    assert effects(service) == ["a", "b", "c"]


def test_what_is_left_for_the_end_comes_after_all_effects_and_after_the_commit(service: Service) -> None:
    order: list[str] = []

    def effect(connection: Connection, service: Service) -> Then:
        order.append("effect")
        return Then(
            last=lambda _connection: order.append("last"),
            committed=lambda: order.append(f"committed {sum(read_to(service).values())}"),
        )

    take_in(service, {"first": lambda _service, _message: effect}, messages("a", "b"), Trip())
    assert order == ["effect", "effect", "last", "last", "committed 2", "committed 2"]


def test_a_transaction_that_lost_a_deadlock_is_done_again_whole(service: Service) -> None:
    class Deadlock(Exception):
        sqlstate = "40P01"

    tries: list[str] = []

    def unlucky(connection: Connection, service: Service) -> None:
        tries.append("try")
        note("a")(connection, service)
        if len(tries) == 1:
            raise OperationalError("", {}, Deadlock())

    take_in(service, {"first": lambda _service, _message: unlucky}, messages("a"), Trip())
    assert (len(tries), effects(service), read_to(service)) == (2, ["a"], {("first", 0): 1})
    assert service.telemetry.value(REVIEW_READ, "first", "taken") == 1
