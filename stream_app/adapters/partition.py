"""What a worker holds of one partition: the right to write, the ledger, and the way out.

Opening a partition goes in an order that makes "exactly one effective decision" hold also against a worker that was
stopped and comes back:

1. ``init_transactions`` under the partition's own transactional id. From here on Kafka refuses every write of an
   earlier owner, and what it left unfinished is rolled back.
2. The ledger takes in the partition of ``decisions`` to its end. Nobody else can write to it any more, so the
   ledger now knows every decision there is.
3. Only then is the first message decided.

All records of a batch are published in one transaction; the ledger is written after it was committed.
"""

import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from stream_app.adapters import clients
from stream_app.adapters.ledger import DiskLedger
from stream_app.adapters.progress import Progress
from stream_app.adapters.trip import Trip
from stream_app.contracts.metrics import LEDGER_RESTORED
from stream_app.contracts.topics import DECISIONS
from stream_app.errors import Fenced, Unreachable
from stream_app.pipeline.history import ORIGIN_HEADER, deletion_mark
from stream_app.pipeline.outcome import Outcome, Record
from stream_app.settings import Settings
from stream_app.telemetry import Telemetry, facts

log = logging.getLogger(__name__)

RESTORE_BATCH = 10_000
# A batch that does not fill waits this long: the end of a partition often holds nothing but a marker.
CONSUME_SECONDS = 0.05
KAFKA_SECONDS = 60.0
_FENCED = (KafkaError._FENCED, KafkaError.PRODUCER_FENCED, KafkaError.INVALID_PRODUCER_EPOCH)


class Partition:
    """One owned partition. Not thread-safe; every method blocks, so it is used off the event loop."""

    def __init__(
        self, number: int, folder: Path, settings: Settings, telemetry: Telemetry, trip: Trip, progress: Progress
    ) -> None:
        self.number = number
        self._settings = settings
        self._telemetry = telemetry
        self._trip = trip
        self._progress = progress
        self._decisions = settings.topic(DECISIONS)
        self._undelivered: KafkaError | None = None
        self._last_offset = -1
        self._producer = self._fence()
        trip("after-fence")
        self.ledger = DiskLedger(folder, retention_days=settings.ledger_retention_days)
        self._catch_up()

    def publish(self, outcomes: Sequence[Outcome]) -> None:
        """Publish all records of some outcomes, all or nothing, then store their ledger entries.

        Raises Fenced if another worker owns the partition now, Unreachable if Kafka does not take them.
        """
        self._trip("before-publish")
        records = [record for outcome in outcomes for record in outcome.records]
        if records:
            try:
                self._transact(records)
            except KafkaException as error:
                raise _fate(error) from error
        self._trip("after-publish")
        entries = [(entry[0].encode(), entry[1]) for entry in (outcome.entry for outcome in outcomes) if entry]
        self.ledger.write(entries, next_offset=max(self._last_offset + 1, self.ledger.next_offset))
        self._trip("after-ledger")

    def close(self) -> None:
        """Release the files and the connection."""
        self.ledger.close()
        self._producer.flush(1.0)

    def _transact(self, records: list[Record]) -> None:
        if self._settings.transactions:
            self._producer.begin_transaction()
        for record in records:
            self._produce(record)
        self._trip("mid-publish")
        if self._settings.transactions:
            self._producer.commit_transaction(KAFKA_SECONDS)
        elif self._producer.flush(KAFKA_SECONDS):
            raise Unreachable(f"Kafka did not take all records within {KAFKA_SECONDS:g} s")
        if self._undelivered is not None:
            raise KafkaException(self._undelivered)

    def _produce(self, record: Record) -> None:
        for attempt in range(2):
            try:
                self._producer.produce(
                    self._settings.topic(record.topic),
                    record.value,
                    record.key,
                    headers=list(record.headers),
                    on_delivery=self._delivered,
                    partition=self.number if record.same_partition else -1,
                )
            except BufferError:
                if attempt:
                    raise
                self._producer.flush(KAFKA_SECONDS)
            else:
                return

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self._undelivered = error
        elif message.topic() == self._decisions:
            self._last_offset = max(self._last_offset, message.offset() or 0)

    def _fence(self) -> Producer:
        over: dict[str, object] = {"linger.ms": 5}
        if self._settings.transactions:
            over["transactional.id"] = f"{self._settings.consumer_group}-{self._decisions}-{self.number}"
            over["transaction.timeout.ms"] = int(KAFKA_SECONDS * 1000)
        producer = clients.producer(self._settings, **over)
        if self._settings.transactions:
            try:
                producer.init_transactions(KAFKA_SECONDS)
            except KafkaException as error:
                raise _fate(error) from error
        return producer

    def _catch_up(self) -> None:
        """Take in what the ledger has not seen of the decisions topic."""
        started = time.monotonic()
        # The broker would keep a reader at the end waiting for half a second: longer than most partitions take.
        over: dict[str, Any] = {
            "enable.partition.eof": True,
            "queued.min.messages": 50_000,
            "fetch.wait.max.ms": 20,
        }
        consumer = clients.consumer(self._settings, **over)
        try:
            restored = self._read_to_end(consumer)
        except KafkaException as error:
            raise _fate(error) from error
        finally:
            consumer.close()
        self._telemetry.count(LEDGER_RESTORED, str(self.number), by=restored)
        seconds = round(time.monotonic() - started, 3)
        log.info("a partition is open", extra=facts(partition=self.number, restored=restored, seconds=seconds))

    def _read_to_end(self, consumer: Consumer) -> int:
        low, high = consumer.get_watermark_offsets(TopicPartition(self._decisions, self.number), KAFKA_SECONDS)
        if self.ledger.next_offset > high:
            # The topic is not the one that this copy was made from.
            log.warning("the ledger is ahead of its topic and starts anew", extra=facts(partition=self.number))
            self.ledger.clear()
        position = max(low, self.ledger.next_offset)
        if position >= high:
            return 0
        consumer.assign([TopicPartition(self._decisions, self.number, position)])
        restored = 0
        deadline = time.monotonic() + KAFKA_SECONDS
        while True:
            messages = consumer.consume(RESTORE_BATCH, CONSUME_SECONDS)
            entries, end = _entries(messages)
            if entries:
                self._trip("in-restore")
                self.ledger.write(entries, next_offset=_following(messages))
                restored += len(entries)
                self._progress.beat()
                deadline = time.monotonic() + KAFKA_SECONDS
            if end is not None and end >= high:
                self.ledger.write((), next_offset=end)
                return restored
            if time.monotonic() > deadline:
                raise Unreachable(f"{self._decisions} could not be read to its end within {KAFKA_SECONDS:g} s")


def _entries(messages: list[Message]) -> tuple[list[tuple[bytes, bytes | None]], int | None]:
    """The entries of some consumed messages, and the end of the partition if it was reached."""
    entries: list[tuple[bytes, bytes | None]] = []
    end = None
    for message in messages:
        error = message.error()
        if error is None:
            entries.append((message.key() or b"", _entry(message)))
        elif error.code() == KafkaError._PARTITION_EOF:
            end = message.offset()
        else:
            raise KafkaException(error)
    return entries, end


def _entry(message: Message) -> bytes | None:
    """A decision as it is; a tombstone as the mark of a deletion, if it says where that was read."""
    value = message.value()
    if value is None:
        origin = dict(message.headers() or ()).get(ORIGIN_HEADER)
        value = None if origin is None else deletion_mark(_bytes(origin))
    return value


def _bytes(value: str | bytes | None) -> bytes:
    return value.encode() if isinstance(value, str) else value or b""


def _following(messages: list[Message]) -> int:
    """The offset that follows the last record of some consumed messages."""
    return max(message.offset() or 0 for message in messages if message.error() is None) + 1


def _fate(error: KafkaException) -> Exception:
    cause = error.args[0]
    if cause.code() in _FENCED:
        return Fenced(f"another worker owns the partition: {cause.str()}")
    return Unreachable(f"Kafka: {cause.str()}")
