"""The demo's side of Kafka: it sends items like any producer and reads like any consumer of the answers."""

import time
from collections.abc import Callable
from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka import Message as Received

from stream_app.adapters import clients
from stream_app.contracts import codec
from stream_app.contracts.dead_letter import DeadLetter
from stream_app.contracts.decision import Decision, EnforcementAction
from stream_app.contracts.review import ReviewTask
from stream_app.contracts.topics import CONTENT, DEAD_LETTERS, DECISIONS, ENFORCEMENT, REVIEW_QUEUE
from stream_app.demo.samples import Message
from stream_app.demo.tally import Tally
from stream_app.settings import Settings

READ = (DECISIONS, DEAD_LETTERS, ENFORCEMENT, REVIEW_QUEUE)
KAFKA_SECONDS = 10.0
# At once, but never so long that the screen stands still.
BATCH = 500
TRACE = "traceparent"


class Sender:
    """Sends messages to ``content`` and enters them in the books."""

    def __init__(self, settings: Settings, tally: Tally) -> None:
        self._topic = settings.topic(CONTENT)
        self._tally = tally
        self._producer = clients.producer(settings, **{"linger.ms": 0, "compression.type": "none"})

    def send(self, message: Message) -> None:
        """Hand one message to Kafka."""
        at_ms = int(time.time() * 1000)
        self._tally.send(message.trace, message.text, at_ms)
        self._producer.produce(
            self._topic, message.value, message.key, timestamp=at_ms, headers=[(TRACE, message.trace.encode())]
        )
        self._producer.poll(0)

    def close(self) -> None:
        """Wait until everything is with the broker."""
        self._producer.flush(KAFKA_SECONDS)


class Reader:
    """Reads every answer from the start and enters it in the books."""

    def __init__(self, settings: Settings, tally: Tally) -> None:
        self._tally = tally
        self._take: dict[str, Callable[[Received], None]] = {
            settings.topic(DECISIONS): self._decision,
            settings.topic(DEAD_LETTERS): self._dead_letter,
            settings.topic(ENFORCEMENT): self._action,
            settings.topic(REVIEW_QUEUE): self._review,
        }
        self._consumer = clients.consumer(settings, "weir-demo", **{"fetch.wait.max.ms": 20})
        known = self._consumer.list_topics(timeout=KAFKA_SECONDS).topics
        self._consumer.assign(
            [TopicPartition(name, number, 0) for name in self._take for number in known[name].partitions]
        )

    def read(self, seconds: float) -> int:
        """Take in what has come, and wait for that long at most; how many records it was."""
        received = self._consumer.consume(BATCH, seconds)
        for message in received:
            problem = message.error()
            if problem is None:
                self._take[message.topic() or ""](message)
            elif problem.code() != KafkaError._PARTITION_EOF and not problem.retriable():
                raise KafkaException(problem)
        return len(received)

    def close(self) -> None:
        """Let go of the connection."""
        self._consumer.close()

    def _decision(self, message: Received) -> None:
        value = message.value()
        decision = None if value is None else codec.decode(value, Decision)
        self._tally.decision(_trace(message), decision, message.timestamp()[1], time.monotonic())

    def _dead_letter(self, message: Received) -> None:
        self._tally.dead_letter(_trace(message), codec.decode(message.value(), DeadLetter), time.monotonic())

    def _action(self, message: Received) -> None:
        self._tally.action(codec.decode(message.value(), EnforcementAction))

    def _review(self, message: Received) -> None:
        self._tally.review(codec.decode(message.value(), ReviewTask))


def _trace(message: Received) -> str:
    headers: Any = message.headers() or ()  # confluent-kafka's type names shapes that it never returns
    return next((value.decode() for name, value in headers if name == TRACE), "")
