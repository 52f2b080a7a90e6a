"""A ledger that is restored holds for each item exactly the last value of its topic."""

import random
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from stream_app.adapters.partition import Partition
from stream_app.adapters.progress import Progress
from stream_app.adapters.trip import Trip
from stream_app.contracts.topics import DECISIONS
from stream_app.settings import Settings
from stream_app.telemetry import Telemetry
from stream_app.testing_checker import report
from stream_app.testing_faults import environment
from stream_app.testing_kafka import produce, read

pytestmark = pytest.mark.broker

KEYS = 20_000


def history(rng: random.Random) -> Iterator[tuple[str, bytes | None]]:
    """A value for each key, then more for some of them; one in twenty of the later ones forgets its key."""
    for number in range(KEYS):
        yield f"item-{number}", b"%d first %s" % (number, b"x" * rng.randrange(200))
    for turn in range(KEYS // 2):
        number = rng.randrange(KEYS)
        yield f"item-{number}", None if turn % 20 == 0 else b"%d turn %d" % (number, turn)


def open_partition(settings: Settings, number: int, folder: Path) -> Partition:
    return Partition(number, folder, settings, Telemetry(), Trip(), Progress())


def held(partition: Partition, names: list[str]) -> dict[str, bytes]:
    found = zip(names, partition.ledger.get_many(names), strict=True)
    return {name: value for name, value in found if value is not None}


def test_twenty_thousand_keys_come_back_as_they_were(topics: Settings, tmp_path: Path) -> None:
    settings = topics
    names = [f"item-{number}" for number in range(KEYS)]
    produce(settings, DECISIONS, history(random.Random(5)))
    expected: dict[int, dict[str, bytes]] = {number: {} for number in range(4)}
    for record in read(settings, DECISIONS):
        name = (record.key or b"").decode()
        expected[record.partition].pop(name, None)
        if record.value is not None:
            expected[record.partition][name] = record.value

    # The first restore is killed in its middle.
    program = textwrap.dedent(f"""
        from pathlib import Path
        from stream_app.adapters import partition
        from stream_app.adapters.progress import Progress
        from stream_app.adapters.trip import Trip
        from stream_app.settings import load
        from stream_app.telemetry import Telemetry
        settings = load()
        trip = Trip(settings.trip_point, settings.trip_after)
        partition.RESTORE_BATCH = 1000
        partition.Partition(0, Path({str(tmp_path / "partition-0")!r}), settings, Telemetry(), trip, Progress())
    """)
    env = environment(settings, trip_point="in-restore", trip_after="3")
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, timeout=60)
    assert done.returncode == -9, done.stderr

    for turn in ("first", "kept", "lost"):
        for number in range(4):
            folder = tmp_path / f"partition-{number}"
            if turn == "lost":
                shutil.rmtree(folder)
            partition = open_partition(settings, number, folder)
            assert held(partition, names) == expected[number]
            partition.close()

    # What was written since the copy was left is added to it; another worker has done that.
    copy = tmp_path / "copy"
    open_partition(settings, 1, copy).close()
    name = next(iter(expected[1]))
    produce(settings, DECISIONS, [(name, b"newer")], 1)
    partition = open_partition(settings, 1, copy)
    assert held(partition, names) == expected[1] | {name: b"newer"}
    partition.close()
    report("restore", keys=KEYS, held=sum(map(len, expected.values())))
