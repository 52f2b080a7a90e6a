"""The partitions that this process owns, and the batch that is decided and published for them."""

import fcntl
import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import IO

from stream_app.adapters.partition import Partition
from stream_app.contracts.metrics import PARTITIONS_OWNED
from stream_app.errors import Fenced
from stream_app.pipeline.history import Address, Ledger
from stream_app.pipeline.outcome import Outcome
from stream_app.telemetry import Telemetry

log = logging.getLogger(__name__)

MAX_SLOTS = 256


class Slot:
    """A folder of this process alone below the data folder: the first that no living process holds."""

    def __init__(self, data_dir: Path) -> None:
        data_dir.mkdir(parents=True, exist_ok=True)
        for number in range(MAX_SLOTS):
            folder = data_dir / f"slot-{number}"
            folder.mkdir(exist_ok=True)
            lock = _try_lock(folder / "lock")
            if lock is not None:
                self.folder = folder
                self._lock = lock  # held until the process ends
                return
        raise OSError(f"all {MAX_SLOTS} slots below {data_dir} are taken")

    def close(self) -> None:
        """Let another process have the folder."""
        self._lock.close()


def _try_lock(path: Path) -> IO[bytes] | None:
    file = path.open("wb")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file


class Ownership:
    """Opens partitions when their first message comes and lets go of all of them when Kafka revokes them.

    ``open_partition`` fences, restores and returns a partition. Called from the batch thread, except ``release``.
    What was decided before a release is never published after it: another worker may have decided since, and opening
    the partition again would fence that worker out instead of this one.
    """

    def __init__(self, open_partition: Callable[[int], Partition], telemetry: Telemetry) -> None:
        self._open_partition = open_partition
        self._telemetry = telemetry
        self._owned: dict[int, Partition] = {}
        self._term = 0  # rises with each release
        self._batch_term = 0
        self._lock = Lock()
        self._publishers = ThreadPoolExecutor(max_workers=8, thread_name_prefix="publish")

    def lookup(self, addresses: Sequence[Address]) -> Ledger:
        """The ledger entries of a batch's items, from the ledgers of their partitions."""
        self._batch_term = self._term
        by_partition: defaultdict[int, list[str]] = defaultdict(list)
        for partition, item_id in addresses:
            by_partition[partition].append(item_id)
        found: dict[Address, bytes] = {}
        for number, item_ids in by_partition.items():
            entries = self._get(number).ledger.get_many(item_ids)
            for item_id, value in zip(item_ids, entries, strict=True):
                if value is not None:
                    found[number, item_id] = value
        return found

    def publish(self, outcomes: dict[int, list[Outcome]]) -> None:
        """Publish the outcomes of each partition in a transaction of its own, side by side.

        Raises Fenced if the partitions were released since the batch was looked up.
        """
        jobs = [self._publishers.submit(self._get(number).publish, some) for number, some in outcomes.items()]
        for job in jobs:
            job.result()

    def release(self) -> None:
        """Let go of every partition; whoever gets it next fences this process out."""
        with self._lock:
            owned, self._owned = self._owned, {}
            self._term += 1
        for partition in owned.values():
            partition.close()
        self._telemetry.set(PARTITIONS_OWNED, 0)

    def _get(self, number: int) -> Partition:
        with self._lock:
            if self._term != self._batch_term:
                raise Fenced("Kafka took the partitions back while a batch was being decided")
            partition = self._owned.get(number)
            if partition is None:
                partition = self._owned[number] = self._open_partition(number)
                self._telemetry.set(PARTITIONS_OWNED, len(self._owned))
            return partition
