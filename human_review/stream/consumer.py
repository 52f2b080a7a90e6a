"""Kafka to database: one consumer for all topics that the review service reads.

Where it goes on is what the database says; what Kafka has as committed is for those who watch the lag. A topic that
the database does not know yet is read from its start.
"""

import logging
from collections.abc import Sequence

from confluent_kafka import OFFSET_BEGINNING as BEGINNING
from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from human_review.service import Service
from human_review.stream import offsets
from human_review.stream.intake import Arrived, Readers, take_in
from stream_app.adapters import clients
from stream_app.adapters.trip import Trip
from stream_app.telemetry import facts

log = logging.getLogger(__name__)

MOST_MESSAGES = 500
POLL_SECONDS = 0.5
KAFKA_SECONDS = 30.0
# A topic that does not exist yet, or that this service may not read, leaves the others readable.
_MISSING = frozenset({
    KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC, KafkaError._UNKNOWN_PARTITION,
})  # fmt: skip


class Intake:
    """Reads and takes in. Not thread-safe; after an exception it must be closed and made anew."""

    def __init__(self, service: Service, readers: Readers, trip: Trip) -> None:
        self._service = service
        self._settings = service.settings
        self._readers = readers
        self._trip = trip
        self._names = {self._settings.topic(topic): topic for topic in readers}
        self._away: KafkaError | None = None
        self._consumer = clients.consumer(
            self._settings,
            f"{self._settings.consumer_group}-review",
            **{"fetch.wait.max.ms": 100, "error_cb": self._note},
        )
        self._consumer.subscribe(list(self._names), on_assign=self._seek)

    def step(self, seconds: float = POLL_SECONDS) -> int:
        """Wait for messages and take them in; return how many there were.

        Raises what the database raises where it is away, and Unreachable or ConfigError for Kafka.
        """
        arrived = self._arrived(clients.call(self._settings, lambda: self._consumer.consume(MOST_MESSAGES, seconds)))
        if self._away is not None:
            raise clients.translated(self._settings, self._away)
        if arrived:
            take_in(self._service, self._readers, arrived, self._trip)
            self._commit(arrived)
        return len(arrived)

    def close(self) -> None:
        """Leave the group."""
        self._consumer.close()

    def _arrived(self, messages: Sequence[Message]) -> list[Arrived]:
        found = []
        for message in messages:
            problem = message.error()
            if problem is None:
                found.append(Arrived(
                    self._names[str(message.topic())], message.partition() or 0, message.offset() or 0,
                    _bytes(message.key()), _bytes(message.value()),
                ))  # fmt: skip
            elif problem.code() in _MISSING:
                log.warning("a topic is not there", extra=facts(topic=message.topic()))
            else:
                raise clients.translated(self._settings, problem)
        return found

    def _note(self, problem: KafkaError) -> None:
        """Told by the client in passing. Without this a consumer waits in silence for brokers that are gone."""
        clients.logger.warning("%s", problem.str())
        if problem.code() == KafkaError._ALL_BROKERS_DOWN or clients.refusal(self._settings, problem):
            self._away = problem

    def _seek(self, consumer: Consumer, assigned: list[TopicPartition]) -> None:
        """Begin where the database says. A topic that ends before that is a new one, and is read from its start."""
        database = self._service.database
        places = {(each.topic, each.partition): (self._names[each.topic], each.partition) for each in assigned}
        with database.read() as connection:
            known = offsets.stored(connection, places.values())
        for each in assigned:
            place = places[each.topic, each.partition]
            each.offset = known.get(place, BEGINNING)
            if each.offset > self._end(consumer, each):
                log.warning("a topic was made anew", extra=facts(topic=place[0], partition=place[1]))
                with database.write() as connection:
                    offsets.forget(connection, place)
                each.offset = BEGINNING
        consumer.assign(assigned)

    def _end(self, consumer: Consumer, at: TopicPartition) -> int:
        _, end = consumer.get_watermark_offsets(TopicPartition(at.topic, at.partition), KAFKA_SECONDS)
        return int(end)

    def _commit(self, arrived: Sequence[Arrived]) -> None:
        following = {each.place: each.offset + 1 for each in sorted(arrived, key=lambda each: each.offset)}
        places = [
            TopicPartition(self._settings.topic(topic), partition, offset)
            for (topic, partition), offset in following.items()
        ]
        clients.call(self._settings, lambda: self._consumer.commit(offsets=places, asynchronous=True))


def _bytes(value: str | bytes | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value
