"""From produce to decision at a fixed rate.

The generator is an open loop: it sends by the clock, whatever comes back, and stamps every item with the time at
which it was due. An item that is sent late or waits behind a slow one counts with all of its delay, so nothing is
hidden by the system under test slowing its own load down (coordinated omission).
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import TopicPartition

from stream_app.adapters import clients
from stream_app.bench.cluster import PARTITIONS, fresh_topics
from stream_app.bench.process import BenchFailed, Contender
from stream_app.bench.workload import Workload
from stream_app.contracts.topics import CONTENT, DECISIONS
from stream_app.settings import Settings

SHARES = (0.1, 0.5, 0.8)
WARM_UP_ITEMS = 2000
WARM_UP_PER_SECOND = 200.0
DRAIN_SECONDS = 60.0
TICK_SECONDS = 0.001
KAFKA_SECONDS = 10.0


@dataclass(slots=True)
class Level:
    """The latencies at one rate, in milliseconds."""

    share: float
    rate: float
    decided: list[float] = field(default_factory=list)
    readable: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    unanswered: int = 0

    def row(self) -> dict[str, Any]:
        """As a line of JSON.

        ``generator_late_ms`` is how late the load itself was, which the latency includes; ``load_average`` is the
        machine's, with all its neighbours.
        """
        return {
            "bench": "latency",
            "share_of_load": self.share,
            "items_per_second": round(self.rate, 1),
            "items": len(self.decided),
            "unanswered": self.unanswered,
            "decided_ms": _percentiles(self.decided),
            "readable_ms": _percentiles(self.readable),
            "generator_late_ms": _percentiles(self.late),
            "load_average": round(os.getloadavg()[0], 2),
        }


def levels(settings: Settings, load: float, seconds: float, note: Callable[[str], None]) -> Iterator[Level]:
    """Measure at shares of a load in messages per second, each for so long, with one worker that is warm."""
    with fresh_topics(settings) as own, Contender("weir", own) as worker:
        note("latency: warming up")
        _measure(own, worker, Level(0.0, WARM_UP_PER_SECOND), WARM_UP_ITEMS)
        for share in SHARES:
            level = Level(share, load * share)
            note(f"latency: {level.rate:.0f} items a second for {seconds:g} s")
            _measure(own, worker, level, max(20, round(level.rate * seconds)))
            yield level


def _measure(settings: Settings, worker: Contender, level: Level, items: int) -> None:
    workload = Workload(items, name=f"at-{level.share}")
    rows = list(workload.rows())
    name = settings.topic(DECISIONS)
    due: dict[bytes, float] = {}
    with closing(clients.consumer(settings, "weir-bench", **{"fetch.wait.max.ms": 10})) as consumer:
        parts = [TopicPartition(name, number) for number in range(PARTITIONS)]
        for part in parts:
            part.offset = consumer.get_watermark_offsets(part, KAFKA_SECONDS)[1]
        consumer.assign(parts)
        generator = threading.Thread(target=_generate, args=(settings, rows, level, due), daemon=True)
        generator.start()
        last = time.monotonic()
        while len(level.decided) < items:
            worker.check()
            received = consumer.consume(1000, 0.05)
            now = time.time() * 1000
            for message in received:
                key = message.key()
                if message.error() is None and isinstance(key, bytes) and (sent := due.pop(key, None)) is not None:
                    level.decided.append(message.timestamp()[1] - int(sent))
                    level.readable.append(now - sent)
            if received or generator.is_alive():
                last = time.monotonic()
            if time.monotonic() - last > DRAIN_SECONDS:
                level.unanswered = items - len(level.decided)
                raise BenchFailed(f"{level.unanswered} of {items} items were not answered within {DRAIN_SECONDS:g} s")
        generator.join()


def _generate(settings: Settings, rows: list[tuple[str, bytes]], level: Level, due: dict[bytes, float]) -> None:
    """Send by the clock."""
    producer = clients.producer(settings, **{"linger.ms": 1})
    topic = settings.topic(CONTENT)
    began = time.time() + 0.1
    for number, (item_id, value) in enumerate(rows):
        at = began + number / level.rate
        while (early := at - time.time()) > 0:
            time.sleep(max(TICK_SECONDS, early))
        key = item_id.encode()
        due[key] = at * 1000
        producer.produce(topic, value, key, timestamp=int(at * 1000))
        producer.poll(0)
        level.late.append(max(0.0, (time.time() - at) * 1000))
    producer.flush(30)


def _percentiles(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    if not ordered:
        return {}
    shares = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999, "max": 1.0}
    return {name: round(ordered[int(share * (len(ordered) - 1))], 1) for name, share in shares.items()}
