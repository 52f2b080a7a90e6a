"""The way out of one partition that is read: what follows from a message is sent exactly once.

A batch's records and the offset after it are committed in one transaction; the offset belongs to a group that has no
members and serves for nothing else. Whoever opens the partition fences earlier owners out first, so that the offset
which it then reads is the last word: what lies before it has been followed, whatever the consumer's own group says.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition

from stream_app.adapters import clients
from stream_app.adapters.trip import Trip
from stream_app.contracts.topics import Topic
from stream_app.errors import Fenced, Unreachable
from stream_app.settings import Settings

KAFKA_SECONDS = 60.0
_FENCED = (KafkaError._FENCED, KafkaError.PRODUCER_FENCED, KafkaError.INVALID_PRODUCER_EPOCH)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One record. ``partition`` is -1 where the key decides."""

    topic: Topic
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    partition: int = -1


class Outlet:
    """Not thread-safe; every method blocks. Raises Fenced where somebody else has opened the partition since.

    ``next_offset`` is that of the first message that was not followed yet. Without transactions it starts at 0, and
    what was sent may be sent again after a crash.
    """

    def __init__(self, topic: Topic, number: int, settings: Settings, trip: Trip) -> None:
        self._settings = settings
        self._trip = trip
        self._part = TopicPartition(settings.topic(topic), number)
        self._undelivered: KafkaError | None = None
        self._producer = clients.producer(settings, **self._transactional())
        # Only its name is used: an offset is committed for a group, and read from it.
        self._group = clients.consumer(settings, f"{settings.consumer_group}-sent")
        self.next_offset = 0
        if settings.transactions:
            try:
                self._producer.init_transactions(KAFKA_SECONDS)
                self.next_offset = max(0, self._group.committed([self._part], KAFKA_SECONDS)[0].offset)
            except KafkaException as problem:
                raise _fate(problem) from problem
        trip("after-fence")

    def send(self, records: Sequence[Outgoing], next_offset: int) -> None:
        """Send what follows from the messages before ``next_offset``, all or nothing."""
        self._trip("before-publish")
        try:
            self._send(records, next_offset)
        except KafkaException as problem:
            raise _fate(problem) from problem
        self.next_offset = next_offset
        self._trip("after-publish")

    def close(self) -> None:
        """Let the connections go; what was not committed is rolled back by whoever is next."""
        with suppress(KafkaException, SystemError):  # a producer that was fenced out says so once more
            self._producer.purge()
            self._producer.flush(1.0)
        self._group.close()

    def _send(self, records: Sequence[Outgoing], next_offset: int) -> None:
        transactions = self._settings.transactions
        if transactions:
            self._producer.begin_transaction()
        for record in records:
            self._producer.produce(
                self._settings.topic(record.topic), record.value, record.key, record.partition,
                headers=list(record.headers), on_delivery=self._delivered,
            )  # fmt: skip
        self._trip("mid-publish")
        if transactions:
            done = TopicPartition(self._part.topic, self._part.partition, next_offset)
            self._producer.send_offsets_to_transaction([done], self._group.consumer_group_metadata(), KAFKA_SECONDS)
            self._producer.commit_transaction(KAFKA_SECONDS)
        elif self._producer.flush(KAFKA_SECONDS):
            raise Unreachable(f"Kafka did not take all records within {KAFKA_SECONDS:g} s")
        if self._undelivered is not None:
            raise KafkaException(self._undelivered)

    def _delivered(self, problem: KafkaError | None, _: Message) -> None:
        if problem is not None:
            self._undelivered = problem

    def _transactional(self) -> dict[str, Any]:
        if not self._settings.transactions:
            return {}
        name = f"{self._settings.consumer_group}-{self._part.topic}-{self._part.partition}"
        return {"transactional.id": name, "transaction.timeout.ms": int(KAFKA_SECONDS * 1000)}


def _fate(problem: KafkaException) -> Exception:
    cause = problem.args[0]
    if cause.code() in _FENCED:
        return Fenced(f"another process has opened the partition: {cause.str()}")
    return Unreachable(f"Kafka: {cause.str()}")
