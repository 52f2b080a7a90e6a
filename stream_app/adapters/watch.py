"""Watches from outside the event loop: how much waits in Kafka, and whether the worker still gets on with it."""

import logging
import os
import threading
import time
from collections.abc import Callable
from typing import Any

from confluent_kafka import Consumer, KafkaException, TopicPartition

from stream_app.adapters import clients
from stream_app.adapters.progress import Progress
from stream_app.contracts.metrics import LAG_RECORDS
from stream_app.contracts.topics import CONTENT, RULINGS, Topic
from stream_app.settings import Settings
from stream_app.telemetry import Telemetry, facts

log = logging.getLogger(__name__)

EXIT_STALLED = 71
LOOK_SECONDS = 2.0
KAFKA_SECONDS = 5.0


class Watch(threading.Thread):
    """Measures the lag every two seconds and ends the process when it does not get on while work waits.

    The lag is what Kafka says, not what the worker believes: its own consumer may be what is stuck. ``leave`` ends
    the process; the supervisor starts a new one. ``topics`` are what the group reads.
    """

    def __init__(
        self,
        settings: Settings,
        progress: Progress,
        telemetry: Telemetry,
        leave: Callable[[int], None] = os._exit,
        topics: tuple[Topic, ...] = (CONTENT, RULINGS),
    ) -> None:
        super().__init__(name="watch", daemon=True)
        self._settings = settings
        self._progress = progress
        self._telemetry = telemetry
        self._leave = leave
        self._topics = [settings.topic(topic) for topic in topics]

    def run(self) -> None:
        """Look until the process ends."""
        over: dict[str, Any] = {"enable.partition.eof": True}
        consumer = clients.consumer(self._settings, **over)
        while not self._progress.stopping:
            time.sleep(LOOK_SECONDS)
            try:
                behind = self._behind(consumer)
                if self._progress.idle_seconds() > self._settings.stall_seconds / 2:
                    behind = {part: lag for part, lag in behind.items() if _holds_a_message(consumer, part)}
                waiting = sum(behind.values())
            except KafkaException as error:
                # Kafka is away: nobody can get on, and starting anew would not help.
                log.warning("the lag cannot be measured", extra=facts(error=str(error)[:200]))
                self._progress.waiting_since = None
                continue
            self.judge(waiting)

    def judge(self, waiting: int) -> None:
        """Take note of how many messages wait; end the process if that has gone on for too long."""
        progress = self._progress
        if not waiting:
            progress.waiting_since = None
        elif progress.waiting_since is None:
            progress.waiting_since = time.monotonic()
        idle = progress.idle_seconds()
        if idle > self._settings.stall_seconds and not progress.halted:
            log.critical("no progress while messages wait", extra=facts(seconds=round(idle), waiting=waiting))
            self._leave(EXIT_STALLED)

    def _behind(self, consumer: Consumer) -> dict[TopicPartition, int]:
        """How far each partition of the topics is behind, in offsets; the gauge is of the first topic alone."""
        numbers = sorted(self._progress.assigned)
        parts = [TopicPartition(topic, number) for topic in self._topics for number in numbers]
        behind = {}
        for part in consumer.committed(parts, KAFKA_SECONDS) if parts else []:
            low, high = consumer.get_watermark_offsets(part, KAFKA_SECONDS)
            lag = max(0, high - max(low, part.offset))
            if part.topic == self._topics[0]:
                self._telemetry.set(LAG_RECORDS, lag, str(part.partition))
            if lag:
                behind[TopicPartition(part.topic, part.partition, max(low, part.offset))] = lag
        return behind


def _holds_a_message(consumer: Consumer, part: TopicPartition) -> bool:
    """Whether there is anything to read: the marks of transactions take offsets and are no messages."""
    consumer.assign([part])
    try:
        found = consumer.consume(1, KAFKA_SECONDS)
    finally:
        consumer.unassign()
    return any(message.error() is None for message in found)
