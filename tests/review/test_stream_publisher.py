"""The outbox reaches Kafka: each message exactly once by its id, wherever the publisher stops."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, update

from human_review.database.tables import audit, items, outbox
from human_review.outbox import put
from human_review.service import Service
from human_review.stream import batches
from human_review.stream.points import POINTS
from human_review.stream.publisher import Publisher
from stream_app.adapters.trip import Trip
from stream_app.contracts.content import Deletion
from stream_app.contracts.metrics import REVIEW_SENT
from stream_app.contracts.topics import AUDIT_HEADS, REVIEW_LABELS, Topic
from stream_app.errors import Fenced
from stream_app.settings import Settings
from stream_app.testing_kafka import create_topics, read

pytestmark = pytest.mark.broker
DAY_MS = 86_400_000
SENDING = [point for point in POINTS if "intake" not in point]


class Crashed(Exception):
    """The process ended here."""


class CrashAt(Trip):
    """Raises where a process under test would be killed."""

    def __init__(self, point: str) -> None:
        super().__init__()
        self.point = point

    def __call__(self, point: str) -> None:
        if point == self.point:
            raise Crashed


@pytest.fixture
def service(new_service: Callable[..., Service], kafka_settings: Settings) -> Service:
    create_topics(kafka_settings, [REVIEW_LABELS, AUDIT_HEADS], partitions=4)
    return new_service(
        kafka_bootstrap=kafka_settings.kafka_bootstrap,
        topic_prefix=kafka_settings.topic_prefix,
        consumer_group=kafka_settings.consumer_group,
    )


def waiting(service: Service, *names: str, topic: Topic = REVIEW_LABELS, not_before_ms: int = 0) -> None:
    """Put messages into the outbox, each sealed under an item of its own."""
    with service.database.write() as connection:
        for name in names:
            connection.execute(items.insert().values(item_id=name))
            put(
                connection, service, message_id=f"id-{name}", topic=topic, key=name, item_id=name,
                message=Deletion(item_id=name), not_before_ms=not_before_ms,
            )  # fmt: skip


def publish(service: Service) -> None:
    publisher = Publisher(service, Trip())
    try:
        steps(publisher)
    finally:
        publisher.close()


def sent(service: Service, topic: Topic = REVIEW_LABELS) -> Counter[str]:
    return Counter((record.key or b"").decode() for record in read(service.settings, topic))


def steps(publisher: Publisher) -> None:
    while publisher.step():
        pass


def crash(service: Service, point: str) -> None:
    publisher = Publisher(service, CrashAt(point))
    try:
        with pytest.raises(Crashed):
            steps(publisher)
    finally:
        publisher.close()


def test_what_is_due_goes_out_with_its_key_and_type_and_is_not_kept(service: Service) -> None:
    waiting(service, "a")
    publish(service)
    [record] = read(service.settings, REVIEW_LABELS)
    assert (record.key, record.value) == (b"a", b'{"item_id":"a"}')
    assert record.header("weir-schema") == b"Deletion.v1"
    with service.database.read() as connection:
        [row] = connection.execute(select(outbox)).all()
    assert row.value is None
    assert row.sent_ms is not None
    assert service.telemetry.value(REVIEW_SENT, "review-labels", "sent") == 1


def test_nothing_leaves_before_its_time(service: Service) -> None:
    waiting(service, "now")
    waiting(service, "later", not_before_ms=2**50)
    publish(service)
    assert sent(service) == {"now": 1}


def test_topics_of_one_batch_are_all_served(service: Service) -> None:
    waiting(service, "a")
    waiting(service, "b", topic=AUDIT_HEADS)
    publish(service)
    assert (sent(service), sent(service, AUDIT_HEADS)) == ({"a": 1}, {"b": 1})


def test_a_message_is_sent_once_wherever_the_publisher_ends(service: Service) -> None:
    for point in SENDING:
        waiting(service, f"1 {point}", f"2 {point}")
        crash(service, point)
    publish(service)
    assert sent(service) == {f"{number} {point}": 1 for point in SENDING for number in (1, 2)}


def test_a_predecessor_that_comes_back_sends_nothing(service: Service) -> None:
    old = Publisher(service, Trip())
    waiting(service, "a")
    new = Publisher(service, Trip())
    with pytest.raises(Fenced):
        old.step()
    steps(new)
    old.close()
    new.close()
    assert sent(service) == {"a": 1}


def test_a_message_of_an_erased_item_is_not_sent_and_the_audit_log_says_so(service: Service) -> None:
    waiting(service, "gone", "here")
    with service.database.write() as connection:
        connection.execute(update(items).where(items.c.item_id == "gone").values(erased_ms=1, wrapped_key=None))
    publish(service)
    assert sent(service) == {"here": 1}
    with service.database.read() as connection:
        assert connection.execute(select(audit.c.act, audit.c.subject)).all() == [("outbox-drop", "id-gone")]
        assert batches.backlog(connection).messages == 0
    assert service.telemetry.value(REVIEW_SENT, "review-labels", "dropped") == 1


def test_what_kafka_refuses_waits_and_its_neighbors_go_out(
    new_service: Callable[..., Service], kafka_settings: Settings
) -> None:
    create_topics(kafka_settings, [REVIEW_LABELS], partitions=4)
    create_topics(kafka_settings, [AUDIT_HEADS], config={"max.message.bytes": "100"})
    service = new_service(**kafka_settings.model_dump(include={"kafka_bootstrap", "topic_prefix", "consumer_group"}))
    waiting(service, "x" * 90, topic=AUDIT_HEADS)
    waiting(service, "a", "b")
    publish(service)
    assert sent(service) == {"a": 1, "b": 1}
    with service.database.read() as connection:
        [left] = connection.execute(select(outbox).where(outbox.c.sent_ms.is_(None))).all()
    assert (left.key, left.batch) == ("x" * 90, None)


def test_without_transactions_everything_is_sent(new_service: Callable[..., Service], topics: Settings) -> None:
    connection = topics.model_dump(include={"kafka_bootstrap", "topic_prefix", "consumer_group"})
    service = new_service(**connection, transactions=False)
    waiting(service, "a", "b")
    publish(service)
    waiting(service, "c")
    crash(service, "before-outbox-publish")
    publish(service)
    assert sent(service) == {"a": 1, "b": 1, "c": 1}


def test_without_transactions_what_kafka_did_not_confirm_is_sent_again(
    new_service: Callable[..., Service], kafka_settings: Settings
) -> None:
    create_topics(kafka_settings, [REVIEW_LABELS], partitions=4)
    create_topics(kafka_settings, [AUDIT_HEADS], config={"max.message.bytes": "100"})
    connection = kafka_settings.model_dump(include={"kafka_bootstrap", "topic_prefix", "consumer_group"})
    service = new_service(**connection, transactions=False)
    waiting(service, "x" * 90, topic=AUDIT_HEADS)
    waiting(service, "a", "b")
    publisher = Publisher(service, lambda _: None)
    publisher._producer = Losing(publisher._producer, "b")  # type: ignore[assignment] # as far as it is used
    publisher.step()
    publisher.close()
    assert sent(service) == {"a": 1}
    publish(service)
    assert sent(service) == {"a": 1, "b": 1}


class Losing:
    """A producer that never hears of one key's messages again."""

    def __init__(self, producer: Any, key: str) -> None:
        self._producer, self._key = producer, key.encode()

    def produce(self, topic: str, value: bytes, key: bytes, **more: Any) -> None:
        if key != self._key:
            self._producer.produce(topic, value, key, **more)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._producer, name)


def test_numbers_of_batches_are_above_all_that_kafka_or_the_database_know(service: Service) -> None:
    waiting(service, "a")
    with service.database.write() as connection:
        assert batches.fix(connection, committed=41) == 42
        batches.mark_sent(connection, batches.load(connection, service.sealer, 42))
    waiting(service, "b")
    with service.database.write() as connection:
        assert batches.fix(connection, committed=0) == 43


def test_a_batch_is_bounded_in_bytes(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "MOST_BYTES", 100)
    waiting(service, "a", "b", "c", "d")
    with service.database.write() as connection:
        number = batches.fix(connection, 0)
        assert number is not None
        assert 0 < len(batches.load(connection, service.sealer, number)) < 4


def test_what_was_sent_is_forgotten_after_a_week(service: Service) -> None:
    waiting(service, "old", "new", "unsent")
    with service.database.write() as connection:
        now = 100 * DAY_MS
        connection.execute(update(outbox).where(outbox.c.key == "old").values(sent_ms=now))
        connection.execute(update(outbox).where(outbox.c.key == "new").values(sent_ms=2**50))
        batches.forget_old(connection)
        assert set(connection.execute(select(outbox.c.key)).scalars()) == {"new", "unsent"}
