"""A topic as it is now: every message from its start to the end that it had when reading began."""

import time
from collections.abc import Iterator
from contextlib import closing

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from stream_app.adapters import clients
from stream_app.contracts.topics import Topic
from stream_app.errors import ConfigError
from stream_app.settings import Settings

_SECONDS = 30.0
_SILENCE_SECONDS = 10.0


def messages_of(settings: Settings, topic: Topic, group: str) -> Iterator[Message]:
    """The messages, in order within each partition; the group commits nothing.

    Raises Unreachable, ConfigError where there is no such topic or Kafka refuses.
    """
    clients.probe(settings)
    name = settings.topic(topic)
    with closing(clients.consumer(settings, group, **{"enable.partition.eof": True})) as consumer:
        ends = _ends(settings, consumer, name)
        consumer.assign(
            [TopicPartition(name, partition, first) for partition, (first, end) in ends.items() if end > first]
        )
        left = {partition: end for partition, (first, end) in ends.items() if end > first}
        heard = time.monotonic()
        while left:
            messages = consumer.consume(200, 0.1)
            if messages:
                heard = time.monotonic()
            elif time.monotonic() - heard > _SILENCE_SECONDS:
                clients.probe(settings)
                heard = time.monotonic()
            for message in messages:
                problem = message.error()
                partition, offset = message.partition(), message.offset()
                if problem is not None and problem.code() != KafkaError._PARTITION_EOF:
                    raise clients.translated(settings, problem)
                if partition is None or offset is None or partition not in left:
                    continue
                if problem is None and offset < left[partition]:
                    yield message
                # At the end of a partition the offset is that of the message to come.
                if offset + (problem is None) >= left[partition]:
                    del left[partition]


def _ends(settings: Settings, consumer: Consumer, name: str) -> dict[int, tuple[int, int]]:
    try:
        found = consumer.list_topics(name, _SECONDS).topics[name]
        if found.error is not None:
            if found.error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
                problem = f"there is no topic {name}; `weir topics create` makes it"
                raise ConfigError("environment", "WEIR_TOPIC_PREFIX", problem)
            raise clients.translated(settings, found.error)
        return {
            partition: consumer.get_watermark_offsets(TopicPartition(name, partition), _SECONDS)
            for partition in found.partitions
        }
    except KafkaException as problem:
        raise clients.translated(settings, problem) from problem
