"""The Kafka that a benchmark runs on, and fresh topics in it for every run."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from confluent_kafka import KafkaException

from stream_app.adapters import clients
from stream_app.contracts.topics import (
    CONTENT,
    DEAD_LETTERS,
    DECISIONS,
    ENFORCEMENT,
    RETRAINING,
    REVIEW_QUEUE,
    RULINGS,
)
from stream_app.errors import Unreachable
from stream_app.settings import Settings
from stream_app.testing_kafka import KafkaBroker, create_topics, missing

PARTITIONS = 4
USED = (CONTENT, DECISIONS, ENFORCEMENT, REVIEW_QUEUE, RETRAINING, DEAD_LETTERS, RULINGS)


@contextmanager
def kafka(settings: Settings, *, own: bool) -> Iterator[Settings]:
    """Settings for a Kafka that answers; with ``own`` it is started here and ends with the benchmark."""
    if not own:
        clients.probe(settings)
        yield settings
        return
    why = missing()
    if why is not None:
        raise Unreachable(f"a real Kafka is needed. {why}. Or name a running one: --bootstrap host:9092")
    with KafkaBroker(heap="768m") as broker:
        yield settings.model_copy(update={"kafka_bootstrap": broker.bootstrap})


@contextmanager
def fresh_topics(settings: Settings) -> Iterator[Settings]:
    """Settings with a prefix and a group of their own, topics included; they are deleted afterwards."""
    name = f"bench-{uuid.uuid4().hex[:8]}"
    own = settings.model_copy(update={"topic_prefix": f"{name}.", "consumer_group": name})
    create_topics(own, USED, PARTITIONS)
    try:
        yield own
    finally:
        with suppress(KafkaException):
            for future in clients.admin(own).delete_topics([own.topic(topic) for topic in USED]).values():
                future.result(10)
