"""Messages per second and CPU-second, end to end, in rounds of the worker and what it is compared with.

The contenders take turns, and ratios are made within a round: on a machine with neighbours a round is alike for all.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import msgspec
from confluent_kafka import Consumer, KafkaError, TopicPartition

from stream_app.adapters import clients
from stream_app.bench.cluster import PARTITIONS, fresh_topics
from stream_app.bench.process import CONTENDERS, BenchFailed, Contender
from stream_app.bench.workload import Workload
from stream_app.contracts.topics import CONTENT, DECISIONS
from stream_app.settings import Settings
from stream_app.testing_kafka import produce

# The part of a run that is measured: a start and an end are no throughput.
WARM_UP = 0.15
END = 0.95
LOOK_SECONDS = 0.05
KAFKA_SECONDS = 10.0
STALL_SECONDS = 120.0


class _Decided(msgspec.Struct):
    """What of a decision says whether the run did its work."""

    item_id: str
    level: str = ""
    degraded: bool = False


@dataclass(frozen=True, slots=True)
class _Look:
    at: float
    cpu: float
    records: int


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one contender. ``degraded`` counts decisions that were made without a part of the path."""

    round: int
    contender: str
    messages: int
    seconds: float
    cpu_seconds: float
    decisions: int
    items: int
    degraded: int

    @property
    def per_cpu_second(self) -> float:
        """Messages for each second of processor time."""
        return self.messages / self.cpu_seconds

    @property
    def per_second(self) -> float:
        """Messages for each second on the clock."""
        return self.messages / self.seconds

    def row(self) -> dict[str, Any]:
        """As a line of JSON."""
        return {
            "bench": "throughput",
            "round": self.round,
            "contender": self.contender,
            "messages_measured": self.messages,
            "seconds": round(self.seconds, 2),
            "cpu_seconds": round(self.cpu_seconds, 2),
            "per_cpu_second": round(self.per_cpu_second),
            "per_second": round(self.per_second),
            "items": self.items,
            "decisions": self.decisions,
            "degraded": self.degraded,
        }


def rounds(settings: Settings, workload: Workload, count: int, note: Callable[[str], None]) -> Iterator[Run]:
    """Run every contender in turn, so many times."""
    for number in range(1, count + 1):
        for name in CONTENDERS:
            note(f"round {number} of {count}: {name}, {workload.items} items")
            with fresh_topics(settings) as own:
                yield _run(number, name, own, workload)


def summary(runs: list[Run]) -> dict[str, Any]:
    """Medians by contender, and the ratios of the worker to each other one within the rounds."""
    rows: dict[str, Any] = {"bench": "throughput-summary", "rounds": max(run.round for run in runs)}
    for name in CONTENDERS:
        own = [run for run in runs if run.contender == name]
        rows[name] = {
            "per_cpu_second": round(statistics.median(run.per_cpu_second for run in own)),
            "per_second": round(statistics.median(run.per_second for run in own)),
        }
    for other in ("plain faust", "bare aiokafka"):
        rows[f"ratio to {other}"] = round(statistics.median(_ratios(runs, other)), 2)
    return rows


def _ratios(runs: list[Run], other: str) -> list[float]:
    by_round = {(run.round, run.contender): run.per_cpu_second for run in runs}
    return [by_round[number, "weir"] / by_round[number, other] for number, name in by_round if name == "weir"]


def _run(number: int, name: str, settings: Settings, workload: Workload) -> Run:
    produce(settings, CONTENT, workload.rows())
    with Contender(name, settings) as contender:
        looks = _watch(contender, settings, workload.items)
    decided = _read(settings)
    items = {decision.item_id for decision in decided}
    if len(items) != workload.items:
        raise BenchFailed(f"{name}: {workload.items} items were sent and {len(items)} were answered")
    # Transactions leave markers between the records; they are no messages.
    share = len(decided) / looks[-1].records
    first = [look for look in looks if look.records <= WARM_UP * looks[-1].records][-1]
    last = next(look for look in looks if look.records >= END * looks[-1].records)
    if last.cpu <= first.cpu:
        raise BenchFailed(f"{name} was done too soon to be measured; use more --items")
    return Run(
        round=number,
        contender=name,
        messages=round((last.records - first.records) * share),
        seconds=last.at - first.at,
        cpu_seconds=last.cpu - first.cpu,
        decisions=len(decided),
        items=len(items),
        degraded=sum(decision.degraded for decision in decided),
    )


def _watch(contender: Contender, settings: Settings, items: int) -> list[_Look]:
    """Note time, processor time and the length of ``decisions`` until all is done."""
    looks: list[_Look] = []
    changed = time.monotonic()
    with closing(clients.consumer(settings, "weir-bench")) as consumer:
        while True:
            contender.check()
            records = _length(consumer, settings)
            looks.append(_Look(time.monotonic(), contender.cpu_seconds(), records))
            if len(looks) > 1 and records > looks[-2].records:
                changed = time.monotonic()
            # The length counts markers too, so it passes the number of items a little early; then it must rest.
            quiet = time.monotonic() - changed
            if records >= items and quiet > 2.0:
                return looks
            if quiet > STALL_SECONDS:
                raise BenchFailed(f"{contender.name} stands still at {records} of {items}")
            time.sleep(LOOK_SECONDS)


def _length(consumer: Consumer, settings: Settings) -> int:
    name = settings.topic(DECISIONS)
    parts = [TopicPartition(name, number) for number in range(PARTITIONS)]
    return sum(consumer.get_watermark_offsets(part, KAFKA_SECONDS)[1] for part in parts)


def _read(settings: Settings) -> list[_Decided]:
    """All decisions, in no order."""
    decoder = msgspec.json.Decoder(_Decided)
    found: list[_Decided] = []
    left = set(range(PARTITIONS))
    with closing(clients.consumer(settings, "weir-bench", **{"enable.partition.eof": True})) as consumer:
        consumer.assign([TopicPartition(settings.topic(DECISIONS), number, 0) for number in left])
        while left:
            for message in consumer.consume(10_000, 0.2):
                problem = message.error()
                if problem is None:
                    found.append(decoder.decode(message.value() or b""))
                elif problem.code() == KafkaError._PARTITION_EOF:
                    left.discard(message.partition())
    return found
