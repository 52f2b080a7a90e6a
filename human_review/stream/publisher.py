"""Outbox to Kafka: each message exactly once by its id, whenever this process or the database is killed.

1. A batch of messages gets its number in the database.
2. One Kafka transaction holds the messages and, as the committed offset of a group that serves for nothing else, the
   number. Either both are there or neither.
3. The database notes that the messages were sent.

Whoever starts first calls ``init_transactions``: Kafka rolls back what a predecessor left open and refuses it from
then on. The committed number then says whether an unfinished batch went out. Consumers of committed messages see
each once. Where ``WEIR_TRANSACTIONS`` is off, a message may be sent again after a crash, under the same id.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition

from human_review.audit import log as audit_log
from human_review.desk.again import again
from human_review.service import Service
from human_review.stream import batches
from human_review.stream.batches import Outgoing
from stream_app.adapters import clients
from stream_app.adapters.trip import Trip
from stream_app.contracts.metrics import REVIEW_SENT
from stream_app.contracts.topics import REVIEW_LABELS
from stream_app.telemetry import facts

log = logging.getLogger(__name__)

KAFKA_SECONDS = 30.0
DEFER_MS = 60_000
# What Kafka says about one message; its neighbors can go out without it.
_REFUSED = frozenset({
    KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.INVALID_MSG, KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.TOPIC_EXCEPTION, KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC,
    KafkaError._UNKNOWN_PARTITION,
})  # fmt: skip

Answer = TypeVar("Answer")


class Publisher:
    """Sends what is due. Not thread-safe; after an exception it must be closed and made anew.

    Every method that talks to Kafka raises Fenced where another publisher has taken over, Unreachable where Kafka
    does not answer, ConfigError where it refuses the credentials.
    """

    def __init__(self, service: Service, trip: Trip) -> None:
        self._service = service
        self._settings = service.settings
        self._trip = trip
        self._group = f"{self._settings.consumer_group}-review-outbox"
        self._place = self._settings.topic(REVIEW_LABELS)
        self._producer = clients.producer(self._settings, **self._transactional())
        self._numbers = clients.consumer(self._settings, self._group)
        self._committed = 0
        if self._settings.transactions:
            self._call(lambda: self._producer.init_transactions(KAFKA_SECONDS))
            self._committed = self._last_number()

    def step(self) -> int:
        """Send one batch, a new one or what was left of an old one; return how many messages it held."""
        database = self._service.database
        with database.read() as connection:
            if not batches.is_due(connection):
                return 0
        self._trip("after-label-commit")
        number = self._fix()
        if number is None:
            return 0
        with database.read() as connection:
            messages = batches.load(connection, self._service.sealer, number)
        if self._settings.transactions and number <= self._committed:
            log.info("a batch had gone out before the end of an earlier publisher", extra=facts(batch=number))
            self._mark(messages)
        else:
            self._deliver(number, messages)
        return len(messages)

    def close(self) -> None:
        """Release the connections; an open transaction is left to the successor, who rolls it back."""
        with suppress(KafkaException, SystemError):  # a producer that was fenced out says so once more
            self._producer.purge()
            self._producer.flush(1.0)
        self._numbers.close()

    def _deliver(self, number: int, messages: list[Outgoing]) -> None:
        refused, missing = self._send(number, [each for each in messages if each.value is not None])
        if refused:
            self._defer(refused)
        if not refused or not self._settings.transactions:
            self._trip("after-outbox-publish")
            self._mark([each for each in messages if each not in missing])
            self._trip("after-outbox-mark")

    def _send(self, number: int, messages: list[Outgoing]) -> tuple[list[Outgoing], list[Outgoing]]:
        """Send a batch. Returns what Kafka refused of it, and all that it does not have for certain.

        In a transaction nothing of the batch went out where anything was refused.
        """
        self._trip("before-outbox-publish")
        transactions = self._settings.transactions
        if transactions:
            self._call(self._producer.begin_transaction)
        refused, missing = self._produce(messages)
        self._trip("mid-outbox-publish")
        if transactions and refused:
            self._call(self._producer.abort_transaction, KAFKA_SECONDS)
        elif transactions:
            at = TopicPartition(self._place, 0, number)
            members = self._numbers.consumer_group_metadata()
            self._call(self._producer.send_offsets_to_transaction, [at], members, KAFKA_SECONDS)
            self._call(self._producer.commit_transaction, KAFKA_SECONDS)
            self._committed = number
        return refused, missing

    def _produce(self, messages: list[Outgoing]) -> tuple[list[Outgoing], list[Outgoing]]:
        told: dict[int, KafkaError | None] = {}  # by message: what became of it, None where all is well
        for message in messages:
            self._call(self._produce_one, message, told)
        self._call(self._producer.flush, KAFKA_SECONDS)
        late = KafkaError(KafkaError._MSG_TIMED_OUT)
        problems = {each.seq: problem for each in messages if (problem := told.get(each.seq, late)) is not None}
        missing = [each for each in messages if each.seq in problems]
        refused = [each for each in missing if problems[each.seq].code() in _REFUSED]
        if missing and not refused:
            raise clients.translated(self._settings, problems[missing[0].seq])
        return refused, missing

    def _produce_one(self, message: Outgoing, told: dict[int, KafkaError | None]) -> None:
        def delivered(problem: KafkaError | None, _: Message) -> None:
            told[message.seq] = problem

        try:
            self._producer.produce(
                self._settings.topic(message.topic), message.value, message.key.encode(),
                headers=[("weir-schema", message.schema.encode())], on_delivery=delivered,
            )  # fmt: skip
        except KafkaException as problem:
            if problem.args[0].code() not in _REFUSED:
                raise
            told[message.seq] = problem.args[0]

    @again
    def _fix(self) -> int | None:
        with self._service.database.write() as connection:
            return batches.fix(connection, self._committed)

    @again
    def _mark(self, messages: list[Outgoing]) -> None:
        """Note that messages went out. Those whose item was erased first did not, and the audit log says so."""
        dropped = [each for each in messages if each.value is None]
        with self._service.database.write() as connection:
            batches.mark_sent(connection, messages)
            for each in dropped:
                audit_log.append(connection, None, "outbox-drop", each.message_id, topic=each.topic)
        for each in messages:
            outcome = "dropped" if each.value is None else "sent"
            self._service.telemetry.count(REVIEW_SENT, each.topic, outcome)

    @again
    def _defer(self, refused: list[Outgoing]) -> None:
        with self._service.database.write() as connection:
            batches.defer(connection, refused, DEFER_MS)
        for each in refused:
            self._service.telemetry.count(REVIEW_SENT, each.topic, "deferred")
            log.error("Kafka refused a message; it is tried again later",
                      extra=facts(message=each.message_id, topic=each.topic))  # fmt: skip

    def _transactional(self) -> dict[str, Any]:
        if not self._settings.transactions:
            return {}
        return {
            "transactional.id": f"{self._group}-{self._place}",
            "transaction.timeout.ms": int(KAFKA_SECONDS * 1000),
        }

    def _last_number(self) -> int:
        """The number of the last batch that Kafka committed; 0 where there is none."""
        [found] = self._call(self._numbers.committed, [TopicPartition(self._place, 0)], KAFKA_SECONDS)
        return max(0, found.offset)

    def _call(self, request: Callable[..., Answer], *arguments: Any) -> Answer:
        return clients.call(self._settings, lambda: request(*arguments))
