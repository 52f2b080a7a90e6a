"""The supervisor on small programs: who is started again, how soon, and how it ends."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from stream_app.contracts import codec
from stream_app.contracts.content import ContentItem
from stream_app.contracts.topics import CONTENT
from stream_app.settings import Settings
from stream_app.supervisor import LONGEST_WAIT_SECONDS, Supervisor
from stream_app.testing_faults import Crew
from stream_app.testing_kafka import produce, wait_until
from stream_app.testing_load import effective


@pytest.fixture(autouse=True)
def _signals_as_before() -> object:
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def program(source: str) -> list[str]:
    return [sys.executable, "-c", textwrap.dedent(source)]


def counting(folder: Path, ends: str) -> list[str]:
    """A program that notes each start and ends as ``ends`` says for that start."""
    return program(f"""
        import os, signal, sys
        from pathlib import Path
        starts = Path({str(folder / "starts")!r})
        number = starts.stat().st_size if starts.exists() else 0
        starts.open("ab").write(b"x")
        end = ({ends})[number]
        if end < 0:
            os.kill(os.getpid(), -end)
        sys.exit(end)
    """)


def test_it_starts_a_worker_again_whatever_ended_it_and_waits_longer_each_time(tmp_path: Path) -> None:
    waits: list[float] = []
    command = counting(tmp_path, "(70, -9, 71, 1, 3, 72, 73, 70, 2)")
    supervisor = Supervisor(command, shutdown_seconds=1, sleep=waits.append)
    assert supervisor.run() == 2
    assert supervisor.restarts == 8
    assert waits == [0.5, 1, 2, 4, 8, 16, LONGEST_WAIT_SECONDS, LONGEST_WAIT_SECONDS]


def test_wrong_configuration_is_not_tried_again(tmp_path: Path) -> None:
    supervisor = Supervisor(counting(tmp_path, "(2, 0)"), shutdown_seconds=1, sleep=lambda _: None)
    assert supervisor.run() == 2
    assert supervisor.restarts == 0


def test_a_worker_that_ends_without_being_told_to_is_started_again(tmp_path: Path) -> None:
    supervisor = Supervisor(counting(tmp_path, "(0, 2)"), shutdown_seconds=1, sleep=lambda _: None)
    assert supervisor.run() == 2
    assert supervisor.restarts == 1


OUTER = """
    import sys
    from stream_app.supervisor import Supervisor
    print("up", flush=True)
    sys.exit(Supervisor([sys.executable, "-c", {inner!r}], shutdown_seconds={seconds}).run())
"""
INNER = """
    import signal, sys, time
    from pathlib import Path
    def note(number, _):
        Path({note!r}).write_text(str(number))
        {then}
    signal.signal(signal.SIGTERM, note)
    signal.signal(signal.SIGINT, note)
    Path({ready!r}).write_text(str(__import__("os").getpid()))
    time.sleep(600)
"""


def start(tmp_path: Path, then: str, seconds: float) -> "subprocess.Popen[bytes]":
    inner = textwrap.dedent(INNER.format(note=str(tmp_path / "note"), ready=str(tmp_path / "ready"), then=then))
    outer = program(OUTER.format(inner=inner, seconds=seconds))
    process = subprocess.Popen(outer, stdout=subprocess.DEVNULL, cwd=Path(__file__).resolve().parents[2])
    wait_until((tmp_path / "ready").exists, 30, "the worker's start")
    return process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_passed_on_and_nothing_is_started_after_it(tmp_path: Path, number: signal.Signals) -> None:
    process = start(tmp_path, "sys.exit(0)", 20)
    (tmp_path / "ready").unlink()
    process.send_signal(number)
    assert process.wait(20) == 0
    assert (tmp_path / "note").read_text() == str(number.value)
    assert not (tmp_path / "ready").exists()


def test_a_worker_that_does_not_end_is_killed_after_the_grace_time(tmp_path: Path) -> None:
    process = start(tmp_path, "pass", 0.5)
    pid = int((tmp_path / "ready").read_text())
    started = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == -signal.SIGKILL % 256
    assert 0.5 <= time.monotonic() - started < 12
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_signal_while_it_waits_ends_the_wait(tmp_path: Path) -> None:
    command = counting(tmp_path, "(70,) * 100")
    source = f"""
        import sys
        from stream_app.supervisor import Supervisor
        sys.exit(Supervisor({command!r}, shutdown_seconds=1).run())
    """
    process = subprocess.Popen(program(source), stderr=subprocess.DEVNULL, cwd=Path(__file__).resolve().parents[2])
    wait_until(
        lambda: (tmp_path / "starts").exists() and (tmp_path / "starts").stat().st_size >= 4, 30, "four starts"
    )
    # The next wait is four seconds and more.
    time.sleep(1)
    started = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    assert time.monotonic() - started < 1.5


@pytest.mark.broker
def test_weir_worker_goes_on_after_its_process_was_killed(faulty: Settings, crew: Crew) -> None:
    crew.command = [sys.executable, "-m", "stream_app", "worker"]
    supervisor = crew.start()
    for turn in range(2):
        item = ContentItem(item_id=f"i{turn}", text="Still there?")
        produce(faulty, CONTENT, [(item.item_id, codec.encode(item))])
        wait_until(lambda name=item.item_id: name in effective(faulty), 60, "a decision")
        if not turn:
            (child,) = Path(f"/proc/{supervisor.pid}/task/{supervisor.pid}/children").read_text().split()
            os.kill(int(child), signal.SIGKILL)
    assert crew.stop(supervisor) == 0
    assert "the worker ended and is started anew" in supervisor.tail()
