"""Topics are read from where the database stands, whatever Kafka has as committed."""

from collections.abc import Callable
from contextlib import closing

import pytest
from sqlalchemy import select

from human_review.database.tables import offsets, unread
from human_review.service import Service
from human_review.stream.consumer import Intake
from human_review.stream.intake import Arrived, Effect, Readers
from stream_app.adapters import clients
from stream_app.adapters.trip import Trip
from stream_app.contracts.topics import CONTENT, REPORTS
from stream_app.errors import Unreachable
from stream_app.settings import Settings
from stream_app.testing_kafka import committed, create_topics, free_ports, produce, wait_until

pytestmark = pytest.mark.broker


@pytest.fixture
def service(new_service: Callable[..., Service], kafka_settings: Settings) -> Service:
    return new_service(
        kafka_bootstrap=kafka_settings.kafka_bootstrap,
        topic_prefix=kafka_settings.topic_prefix,
        consumer_group=kafka_settings.consumer_group,
    )


def listening(seen: list[str], *topics: str) -> Readers:
    """Readers that say what arrived."""

    def reader(_service: Service, message: Arrived) -> Effect:
        return lambda _connection, _service: seen.append((message.value or b"").decode())

    return dict.fromkeys(topics or (REPORTS.name,), reader)


def read_all(service: Service, seen: list[str], *topics: str, count: int) -> None:
    with closing(Intake(service, listening(seen, *topics), Trip())) as intake:
        wait_until(lambda: intake.step(0.2) * 0 + len(seen) >= count, 30, f"{count} messages")


def send(service: Service, *values: str) -> None:
    produce(service.settings, REPORTS, [(b"key", value.encode()) for value in values])


def test_a_topic_is_read_from_its_start_and_then_goes_on(service: Service) -> None:
    create_topics(service.settings, [REPORTS])
    seen: list[str] = []
    send(service, "a", "b")
    read_all(service, seen, count=2)
    send(service, "c")
    read_all(service, seen, count=3)
    assert seen == ["a", "b", "c"]


def test_the_database_says_where_to_go_on_and_kafka_is_told(service: Service) -> None:
    create_topics(service.settings, [REPORTS])
    seen: list[str] = []
    send(service, "a", "b")
    read_all(service, seen, count=2)
    group = f"{service.settings.consumer_group}-review"
    wait_until(lambda: committed(service.settings, REPORTS, group) == {0: 2}, 20, "the commit")
    with service.database.write() as connection:
        connection.execute(offsets.update().values(next_offset=1))
    read_all(service, seen, count=3)
    assert seen == ["a", "b", "b"]


def test_a_topic_that_was_made_anew_is_read_from_its_start(service: Service) -> None:
    create_topics(service.settings, [REPORTS])
    seen: list[str] = []
    send(service, "a", "b")
    read_all(service, seen, count=2)
    name, admin = service.settings.topic(REPORTS), clients.admin(service.settings)
    admin.delete_topics([name])[name].result(20)
    wait_until(lambda: name not in admin.list_topics(timeout=5).topics, 20, "the deletion")
    create_topics(service.settings, [REPORTS])
    send(service, "c")
    read_all(service, seen, count=3)
    assert seen == ["a", "b", "c"]


def test_a_topic_that_is_not_there_leaves_the_others_readable(service: Service) -> None:
    create_topics(service.settings, [REPORTS])
    seen: list[str] = []
    send(service, "a")
    read_all(service, seen, CONTENT.name, REPORTS.name, count=1)
    assert seen == ["a"]
    with service.database.read() as connection:
        assert connection.execute(select(unread)).all() == []


def test_a_kafka_that_is_gone_is_not_waited_for_in_silence(
    new_service: Callable[..., Service], kafka_settings: Settings
) -> None:
    [port] = free_ports(1)
    service = new_service(kafka_bootstrap=f"127.0.0.1:{port}", consumer_group=kafka_settings.consumer_group)

    def steps() -> None:
        with closing(Intake(service, listening([]), Trip())) as intake:
            for _ in range(60):
                intake.step(0.5)

    with pytest.raises(Unreachable, match=f"127.0.0.1:{port} does not answer"):
        steps()
