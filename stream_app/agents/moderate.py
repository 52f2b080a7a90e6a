"""The moderation agent: read a batch, decide it off the event loop, publish, and only then acknowledge.

What holds here was measured: an exception that leaves a Faust agent loses messages, so none does; the loop is never
blocked, so heartbeats go on; and acknowledgements come in order after every delivery.
"""

import asyncio
import logging
import os
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import faust

from stream_app.adapters.faust_driver import RawSchema
from stream_app.adapters.ownership import Ownership
from stream_app.adapters.progress import Progress
from stream_app.adapters.trip import Trip
from stream_app.contracts.metrics import (
    BATCH_ITEMS,
    DEAD_LETTERS,
    DECISION_SECONDS,
    DEGRADED,
    HALTED,
    LAG_SECONDS,
    LAST_ACK,
    MESSAGES,
    REVIEW_TASKS,
    VERDICTS,
    Metric,
)
from stream_app.contracts.origin import Origin
from stream_app.contracts.topics import CONTENT, RULINGS
from stream_app.errors import PoisonFlood
from stream_app.pipeline.history import Address, Ledger
from stream_app.pipeline.moderate import Moderator
from stream_app.pipeline.outcome import Outcome
from stream_app.pipeline.poison import PoisonBudget
from stream_app.pipeline.types import RawMessage
from stream_app.settings import Settings
from stream_app.telemetry import Telemetry, facts

log = logging.getLogger(__name__)

EXIT_FAILED = 70
ALERT_SECONDS = 60.0
DAY_SECONDS = 86_400
EPOCH_2000 = 946_684_800


class Desk:
    """Takes batches from raw messages to published outcomes. Everything here blocks and runs in one thread."""

    def __init__(
        self, moderator: Moderator, ownership: Ownership, poison: PoisonBudget, telemetry: Telemetry, trip: Trip
    ) -> None:
        self._moderator = moderator
        self._ownership = ownership
        self._poison = poison
        self._telemetry = telemetry
        self._trip = trip

    def handle(self, messages: Sequence[RawMessage]) -> None:
        """Decide and publish one batch. Raises PoisonFlood before anything of a flooded batch is published."""
        self._trip("after-poll")
        outcomes = self._moderator.moderate(messages, self._look_up)
        self._trip("after-decide")
        by_partition: defaultdict[int, list[Outcome]] = defaultdict(list)
        for message, outcome in zip(messages, outcomes, strict=True):
            by_partition[message.origin.partition].append(outcome)
        for number, some in by_partition.items():
            self._poison.spend(number, some)
        with self._telemetry.stage("publish"):
            self._ownership.publish(by_partition)
        self._note(messages, outcomes)

    def _look_up(self, addresses: Sequence[Address]) -> Ledger:
        found = self._ownership.lookup(addresses)
        self._trip("after-lookup")
        return found

    def _note(self, messages: Sequence[RawMessage], outcomes: Sequence[Outcome]) -> None:
        telemetry = self._telemetry
        telemetry.observe(BATCH_ITEMS, len(messages))
        now = time.time()
        for number, newest in {message.origin.partition: message.origin.timestamp for message in messages}.items():
            if newest > 0:
                telemetry.set(LAG_SECONDS, max(0.0, now - newest), str(number))
        tally: Counter[tuple[Metric, *tuple[str, ...]]] = Counter()  # counted per batch, which costs a tenth
        for outcome in outcomes:
            tally[MESSAGES, outcome.kind] += 1
            if outcome.decision is not None:
                decision = outcome.decision
                tally[VERDICTS, decision.verdict, decision.label or "none", decision.language] += 1
                telemetry.observe(DECISION_SECONDS, decision.latency_ms / 1000)
                if decision.degraded:
                    tally[DEGRADED, decision.level] += 1
            if outcome.why_review is not None:
                tally[REVIEW_TASKS, outcome.why_review] += 1
            if outcome.reason is not None:
                tally[DEAD_LETTERS, outcome.reason] += 1
        for (metric, *labels), number in tally.items():
            telemetry.count(metric, *labels, by=number)
        if buried := {labels[0]: number for (metric, *labels), number in tally.items() if metric is DEAD_LETTERS}:
            log.warning("messages were buried", extra=facts(**buried))


def attach(
    app: faust.App, desk: Desk, settings: Settings, progress: Progress, telemetry: Telemetry, trip: Trip,
    topic_ids: Mapping[str, str], leave: Callable[[int], None] = os._exit,
) -> None:  # fmt: skip
    """Register the agent. ``leave`` ends the process: after an unknown failure replaying is safe, going on is not."""
    source = app.topic(settings.topic(CONTENT), settings.topic(RULINGS), schema=RawSchema())
    # One thread: batches are decided in order, and the ledger has one writer.
    thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="moderate")

    @app.agent(source, name="moderate", concurrency=1)
    async def moderate(stream: Any) -> None:  # Faust types its streams without noack_take
        loop = asyncio.get_running_loop()
        async for events in stream.noack_take(settings.batch_items, within=settings.batch_wait_ms / 1000):
            try:
                await loop.run_in_executor(
                    thread, desk.handle, [raw_message(event.message, topic_ids) for event in events]
                )
            except PoisonFlood as flood:
                await halt(flood, progress, telemetry)
            except Exception:
                log.critical("a batch failed; the process ends and the batch is replayed", exc_info=True)
                leave(EXIT_FAILED)
            for event in events:
                event.ack()
            progress.beat()
            telemetry.set(LAST_ACK, time.time())
            trip("after-ack")


async def halt(flood: PoisonFlood, progress: Progress, telemetry: Telemetry) -> None:
    """Keep the partitions and do nothing with them, loudly, until somebody ends the process.

    Ending it here would only hand the flood to the next worker.
    """
    progress.halted = str(flood)
    telemetry.set(HALTED, 1)
    while True:
        log.critical("halted: too much input cannot be read", extra=facts(why=str(flood)))
        await asyncio.sleep(ALERT_SECONDS)


def raw_message(message: faust.types.Message, topic_ids: Mapping[str, str]) -> RawMessage:
    """Faust's message as the path takes it. ``topic_ids`` are Kafka's, by name; a broker without them has none."""
    return RawMessage(
        Origin(
            topic=message.topic,
            partition=message.partition,
            offset=message.offset,
            timestamp=_sane(message.timestamp),
            topic_id=topic_ids.get(message.topic, ""),
        ),
        message.key,
        message.value,
        _headers(message.headers),
    )


def _sane(timestamp: float | None) -> float:
    """A producer may stamp -1 or the year 9999: 0 stands for a time that says nothing."""
    return timestamp if timestamp and EPOCH_2000 < timestamp < time.time() + DAY_SECONDS else 0.0


def _headers(headers: object) -> tuple[tuple[str, bytes], ...]:
    """Faust hands on a list, a mapping or nothing."""
    if not headers:
        return ()
    pairs = headers.items() if isinstance(headers, dict) else headers
    return tuple((str(name), value or b"") for name, value in pairs)  # type: ignore[attr-defined] # Faust's type is a union of shapes
