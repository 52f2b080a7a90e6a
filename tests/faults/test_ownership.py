"""What was decided under partitions that were given back meanwhile is not published."""

from pathlib import Path
from typing import cast

import pytest

from stream_app.adapters.ownership import Ownership, Slot
from stream_app.adapters.partition import Partition
from stream_app.errors import Fenced
from stream_app.pipeline.outcome import Outcome
from stream_app.telemetry import Telemetry


class FakeLedger:
    def get_many(self, item_ids: list[str]) -> list[bytes | None]:
        return [b"decided" if item_id == "known" else None for item_id in item_ids]


class FakePartition:
    def __init__(self, number: int) -> None:
        self.number = number
        self.ledger = FakeLedger()
        self.published: list[Outcome] = []
        self.closed = False

    def publish(self, outcomes: list[Outcome]) -> None:
        self.published += outcomes

    def close(self) -> None:
        self.closed = True


class Rig:
    def __init__(self) -> None:
        self.opened: list[FakePartition] = []
        self.ownership = Ownership(self._open, Telemetry())

    def _open(self, number: int) -> Partition:
        self.opened.append(FakePartition(number))
        return cast("Partition", self.opened[-1])


def test_a_partition_is_opened_once_and_published_to() -> None:
    rig = Rig()
    assert rig.ownership.lookup([(2, "known"), (2, "new"), (0, "new")]) == {(2, "known"): b"decided"}
    outcome = Outcome("decided", "new")
    rig.ownership.publish({2: [outcome]})
    assert [partition.number for partition in rig.opened] == [2, 0]
    assert rig.opened[0].published == [outcome]


def test_a_batch_that_was_looked_up_before_a_release_is_not_published_after_it() -> None:
    rig = Rig()
    rig.ownership.lookup([(1, "new")])
    rig.ownership.release()
    assert rig.opened[0].closed
    with pytest.raises(Fenced, match="took the partitions back"):
        rig.ownership.publish({1: [Outcome("decided", "new")]})
    # Opening it again would have fenced the new owner out.
    assert len(rig.opened) == 1


def test_the_next_batch_opens_its_partitions_anew() -> None:
    rig = Rig()
    rig.ownership.lookup([(1, "new")])
    rig.ownership.release()
    rig.ownership.lookup([(1, "new")])
    rig.ownership.publish({1: [Outcome("decided", "new")]})
    assert len(rig.opened[1].published) == 1


def test_two_processes_never_share_a_slot(tmp_path: Path) -> None:
    first, second = Slot(tmp_path), Slot(tmp_path)
    assert first.folder != second.folder
    first.close()
    third = Slot(tmp_path)
    assert third.folder == first.folder
    second.close()
    third.close()
