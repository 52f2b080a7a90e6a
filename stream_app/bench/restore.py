"""How fast a partition's ledger comes back from the topic ``decisions`` when the local copy is lost."""

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from stream_app.adapters.memory import NoCache
from stream_app.adapters.partition import Partition
from stream_app.adapters.progress import Progress
from stream_app.adapters.trip import Trip
from stream_app.bench.cluster import PARTITIONS, fresh_topics
from stream_app.bench.workload import Workload
from stream_app.build import build_moderator
from stream_app.contracts import codec
from stream_app.contracts.decision import Decision
from stream_app.contracts.origin import Origin
from stream_app.contracts.topics import CONTENT, DECISIONS
from stream_app.pipeline.types import RawMessage
from stream_app.settings import Settings
from stream_app.telemetry import Telemetry
from stream_app.testing_kafka import produce

PATTERNS = 512


def restore(settings: Settings, keys: int, rounds: int, note: Callable[[str], None]) -> Iterator[dict[str, Any]]:
    """Fill ``decisions`` with so many items, then open its partitions with empty ledgers, so many times."""
    with fresh_topics(settings) as own:
        note(f"restore: {keys} decisions are made and sent")
        size = _fill(own, keys)
        for number in range(1, rounds + 1):
            note(f"restore: round {number} of {rounds}")
            yield {"bench": "restore", "round": number, "value_bytes": size, **_restore(own, keys)}


def _fill(settings: Settings, keys: int) -> int:
    """Send real decisions under as many ids; their mean size in bytes."""
    patterns = _decisions(settings)
    sizes: list[int] = []

    def rows() -> Iterator[tuple[str, bytes]]:
        for number in range(keys):
            item_id = f"item-{number:08d}"
            value = codec.encode(msgspec.structs.replace(patterns[number % len(patterns)], item_id=item_id))
            sizes.append(len(value))
            yield item_id, value

    produce(settings, DECISIONS, rows())
    return round(sum(sizes) / len(sizes))


def _decisions(settings: Settings) -> list[Decision]:
    moderator = build_moderator(settings, Telemetry(), NoCache())
    origin = Origin(topic=settings.topic(CONTENT), partition=0, offset=0, timestamp=time.time())
    messages = [
        RawMessage(msgspec.structs.replace(origin, offset=offset), key.encode(), value, ())
        for offset, (key, value) in enumerate(Workload(PATTERNS).rows())
    ]
    outcomes = moderator.moderate(messages, lambda _: {})
    return [outcome.decision for outcome in outcomes if outcome.decision is not None]


def _restore(settings: Settings, keys: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="weir-bench-") as folder:
        started, cpu = time.monotonic(), time.process_time()
        partitions = [
            Partition(number, Path(folder) / str(number), settings, Telemetry(), Trip(), Progress())
            for number in range(PARTITIONS)
        ]
        seconds, cpu = time.monotonic() - started, time.process_time() - cpu
        found = sum(
            entry is not None
            for partition in partitions
            for entry in partition.ledger.get_many([f"item-{number:08d}" for number in range(keys)])
        )
        for partition in partitions:
            partition.close()
    return {
        "keys": found,
        "complete": found == keys,
        "seconds": round(seconds, 2),
        "cpu_seconds": round(cpu, 2),
        "keys_per_cpu_second": round(found / cpu),
        "keys_per_second": round(found / seconds),
    }
