"""A worker that stands still while messages wait is ended; one that has nothing to do is not."""

import json
import sys
from pathlib import Path

import pytest

from stream_app.adapters.progress import Progress
from stream_app.adapters.watch import EXIT_STALLED, Watch
from stream_app.contracts.topics import RULINGS
from stream_app.settings import Settings
from stream_app.telemetry import Telemetry
from stream_app.testing_faults import Crew
from stream_app.testing_kafka import produce


class Rig:
    """A watch over a progress whose past can be chosen, and the statuses that it left with."""

    def __init__(self, stall_seconds: int = 10) -> None:
        self.progress = Progress()
        self.left: list[int] = []
        settings = Settings(stall_seconds=stall_seconds)
        self.watch = Watch(settings, self.progress, Telemetry(), leave=self.left.append)

    def idle_for(self, seconds: float) -> None:
        self.progress.beat_at -= seconds
        if self.progress.waiting_since is not None:
            self.progress.waiting_since -= seconds


def test_waiting_messages_without_progress_end_the_process() -> None:
    rig = Rig()
    rig.watch.judge(5)
    rig.idle_for(9.5)
    rig.watch.judge(5)
    assert rig.left == []
    rig.idle_for(1)
    rig.watch.judge(5)
    assert rig.left == [EXIT_STALLED]


def test_idle_time_counts_from_the_first_message_that_waits() -> None:
    rig = Rig()
    rig.idle_for(1000)
    rig.watch.judge(0)
    rig.watch.judge(3)
    assert rig.left == []


def test_progress_starts_the_clock_anew() -> None:
    rig = Rig()
    rig.watch.judge(5)
    rig.idle_for(9)
    rig.progress.beat()
    rig.idle_for(9)
    rig.watch.judge(5)
    assert rig.left == []


def test_a_halted_worker_is_left_alone() -> None:
    rig = Rig()
    rig.progress.halted = "a flood"
    rig.watch.judge(5)
    rig.idle_for(100)
    rig.watch.judge(5)
    assert rig.left == []


@pytest.mark.broker
def test_a_worker_that_hangs_for_ever_ends_itself_also_when_only_a_ruling_waits(
    faulty: Settings, crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEIR_TEST_BREAK", "hang")
    crew.command = [sys.executable, str(Path(__file__).parent / "broken_worker.py")]
    produce(faulty, RULINGS, [("k", b"hangs before this is read")])
    worker = crew.start(stall_seconds=2, log_format="json")
    assert worker.wait(60) == EXIT_STALLED
    events = [json.loads(line)["event"] for line in worker.log.read_text().splitlines()]
    assert events[-1] == "no progress while messages wait"
