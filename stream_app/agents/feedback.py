"""The feedback agent: labels in, rulings and training examples out. The rules of the moderation agent hold here too.

No join and no table: a label carries its task, and the task its decision.
"""

import asyncio
import logging
import os
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Lock
from typing import Any

import faust

from stream_app.adapters.faust_driver import RawSchema
from stream_app.adapters.outlet import Outgoing, Outlet
from stream_app.adapters.progress import Progress
from stream_app.adapters.trip import Trip
from stream_app.agents.moderate import EXIT_FAILED, raw_message
from stream_app.contracts.codec import encode, schema_of
from stream_app.contracts.dead_letter import DeadLetter
from stream_app.contracts.metrics import BATCH_ITEMS, DEAD_LETTERS, FEEDBACK, LAG_SECONDS, LAST_ACK
from stream_app.contracts.topics import DEAD_LETTERS as DEAD_LETTERS_TOPIC
from stream_app.contracts.topics import REVIEW_LABELS, RULINGS
from stream_app.errors import BadMessage, Fenced
from stream_app.pipeline.dead_letter import HEAD_BYTES, bury
from stream_app.pipeline.feedback import Sent, follow, read_label
from stream_app.pipeline.types import RawMessage
from stream_app.settings import Settings
from stream_app.telemetry import Telemetry, facts

log = logging.getLogger(__name__)


class Clerk:
    """Takes batches from raw messages to what was sent. Everything here blocks and runs in one thread.

    ``open_outlet`` opens the way out of a partition; ``partitions`` is how many ``rulings`` has.
    """

    def __init__(
        self, open_outlet: Callable[[int], Outlet], partitions: int, telemetry: Telemetry, trip: Trip
    ) -> None:
        self._open_outlet = open_outlet
        self._partitions = partitions
        self._telemetry = telemetry
        self._trip = trip
        self._outlets: dict[int, Outlet] = {}
        self._lock = Lock()
        self._term = 0  # rises with each release

    def handle(self, messages: Sequence[RawMessage]) -> None:
        """Follow one batch. Raises Fenced, before more is sent, where its partitions were released meanwhile."""
        term = self._term
        self._trip("after-poll")
        by_partition: defaultdict[int, list[RawMessage]] = defaultdict(list)
        for message in messages:
            by_partition[message.origin.partition].append(message)
        for number, some in by_partition.items():
            outlet = self._outlet(number, term)
            new = [message for message in some if message.origin.offset >= outlet.next_offset]
            records = [record for message in new for record in self._follow(message)]
            self._trip("after-decide")
            if new:
                outlet.send(records, new[-1].origin.offset + 1)
            self._note(number, some[-1])
        self._telemetry.observe(BATCH_ITEMS, len(messages))

    def release(self) -> None:
        """Let go of every partition; whoever gets it next fences this process out."""
        with self._lock:
            outlets, self._outlets = self._outlets, {}
            self._term += 1
        for outlet in outlets.values():
            outlet.close()

    def _outlet(self, number: int, term: int) -> Outlet:
        with self._lock:
            if self._term != term:
                raise Fenced("Kafka took the partitions back while a batch was being followed")
            if number not in self._outlets:
                self._outlets[number] = self._open_outlet(number)
            return self._outlets[number]

    def _follow(self, message: RawMessage) -> list[Outgoing]:
        try:
            sent = follow(read_label(message.value, message.headers), self._partitions)
        except BadMessage as problem:
            return [self._buried(message, problem)]
        except Exception as problem:  # noqa: BLE001 - one label's trouble must not become its neighbors'
            return [self._buried(message, BadMessage("internal", type(problem).__name__, stage="label"))]
        for each in sent:
            outcome = "erased" if each.value is None else "ruling" if each.topic is RULINGS else "example"
            self._telemetry.count(FEEDBACK, outcome)
        if not sent:
            self._telemetry.count(FEEDBACK, "nothing")
        return [_outgoing(each, message) for each in sent]

    def _buried(self, message: RawMessage, problem: BadMessage) -> Outgoing:
        letter = bury(message, problem, now=datetime.now(UTC))
        self._telemetry.count(FEEDBACK, "buried")
        self._telemetry.count(DEAD_LETTERS, problem.reason)
        log.warning("a label was buried", extra=facts(reason=problem.reason, offset=message.origin.offset))
        key = message.key and message.key[:HEAD_BYTES]
        return Outgoing(DEAD_LETTERS_TOPIC, key, encode(letter), (("weir-schema", schema_of(DeadLetter).encode()),))

    def _note(self, number: int, newest: RawMessage) -> None:
        if newest.origin.timestamp > 0:
            self._telemetry.set(LAG_SECONDS, max(0.0, time.time() - newest.origin.timestamp), str(number))


def attach(
    app: faust.App, clerk: Clerk, settings: Settings, progress: Progress, telemetry: Telemetry, trip: Trip,
    leave: Callable[[int], None] = os._exit,
) -> None:  # fmt: skip
    """Register the agent. ``leave`` ends the process: after an unknown failure replaying is safe, going on is not."""
    source = app.topic(settings.topic(REVIEW_LABELS), schema=RawSchema())
    thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="feedback")

    @app.agent(source, name="feedback", concurrency=1)
    async def feedback(stream: Any) -> None:  # Faust types its streams without noack_take
        loop = asyncio.get_running_loop()
        async for events in stream.noack_take(settings.batch_items, within=settings.batch_wait_ms / 1000):
            try:
                await loop.run_in_executor(thread, clerk.handle, [raw_message(event.message, {}) for event in events])
            except Exception:
                log.critical("a batch failed; the process ends and the batch is replayed", exc_info=True)
                leave(EXIT_FAILED)
            for event in events:
                event.ack()
            progress.beat()
            telemetry.set(LAST_ACK, time.time())
            trip("after-ack")


def _outgoing(sent: Sent, message: RawMessage) -> Outgoing:
    headers = [("weir-schema", sent.schema.encode())]
    headers += [(name, value) for name, value in message.headers if name == "traceparent" and len(value) <= 64]
    return Outgoing(sent.topic, sent.key.encode(), sent.value, tuple(headers), sent.partition)
