"""One run of the demo, from its first process to its summary."""

import json
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from types import FrameType
from typing import Any

from rich.console import Console

from stream_app.cli import EXIT_BAD_INPUT
from stream_app.demo import samples
from stream_app.demo.broker import PARTITIONS, EmbeddedBroker
from stream_app.demo.console import ReviewConsole
from stream_app.demo.processes import free_port
from stream_app.demo.samples import Message
from stream_app.demo.stream import Reader, Sender
from stream_app.demo.tally import Tally
from stream_app.demo.view import Place, View, print_summary
from stream_app.demo.worker import WorkerFailed, WorkerProcess
from stream_app.settings import Settings

INTERRUPTED = 130
TOPIC_PREFIX = "moderation."
FRAME_SECONDS = 0.12
READ_SECONDS = 0.03
# For what is on its way when the sending ends: a killed worker may have to come back first.
DRAIN_SECONDS = 60.0
INTERRUPTED_DRAIN_SECONDS = 5.0
STOP_SECONDS = 10.0
START_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What was asked for. ``duration`` is in seconds, ``rate`` in items a second."""

    exit_when_done: bool
    duration: float | None
    rate: float
    items: Path | None

    def messages(self) -> tuple[Iterator[Message], int | None]:
        """What to send, and how much that is; None for without end."""
        first = samples.scripted() if self.items is None else samples.of_file(self.items)
        if self.exit_when_done:
            return iter(first), len(first)
        return chain(first, samples.endless()), None


@dataclass(slots=True)
class Result:
    """How a run ended. ``status`` is that of the command."""

    tally: Tally
    status: int = 0
    failure: str = ""
    log: str = ""
    review: str = ""
    started: float = field(default_factory=time.monotonic)
    first_decision_seconds: float | None = None
    seconds: float = 0.0
    worker_restarts: int = 0
    interrupted: bool = False

    def judge(self, plan: Plan) -> None:
        """Set the status: what was sent must have come back, unless somebody interrupted that."""
        if self.failure:
            self.status = EXIT_BAD_INPUT
        elif self.interrupted:
            self.status = INTERRUPTED if plan.exit_when_done else 0
        elif not self.tally.adds_up:
            self.status = EXIT_BAD_INPUT
            self.failure = (
                f"the books do not add up: {self.tally.equation()}, {self.tally.unanswered} unanswered; "
                f"the worker's log is {self.log}"
            )

    def json(self) -> str:
        """All of it for scripts."""
        facts: dict[str, Any] = {
            "status": self.status,
            "failure": self.failure,
            "first_decision_seconds": self.first_decision_seconds and round(self.first_decision_seconds, 2),
            "seconds": round(self.seconds, 2),
            "worker_restarts": self.worker_restarts,
            "interrupted": self.interrupted,
            "log": self.log,
            "review": self.review,
        }
        return json.dumps(self.tally.summary() | facts, ensure_ascii=False)

    def print(self, console: Console) -> None:
        """All of it for people."""
        first = self.first_decision_seconds
        facts = {
            "time": f"{'no decision' if first is None else f'first decision after {first:.1f} s'}, "
            f"{self.seconds:.1f} s in all",
        }
        if self.worker_restarts:
            again = self.tally.delivered_again
            facts["worker"] = (
                f"started anew {self.worker_restarts} times; {again} answers came twice, with the same ids"
            )
        if self.interrupted and self.tally.unanswered:
            facts["interrupted"] = f"{self.tally.unanswered} messages were still on their way"
        print_summary(console, self.tally, facts)
        if self.failure:
            console.print(
                f"\nweir demo: {self.failure}", style="bold red", markup=False, highlight=False, soft_wrap=True
            )


class _Stop:
    """Set by Ctrl-C and by SIGTERM; the second Ctrl-C does not wait any more."""

    def __init__(self) -> None:
        self.asked = False

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True


def run(plan: Plan, view: View) -> Result:
    """Start everything, send, read, and stop everything. Never leaves a process behind."""
    stop = _Stop()
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    result = Result(Tally())
    folder = Path(tempfile.mkdtemp(prefix="weir-demo-"))
    try:
        messages, total = plan.messages()
        with ExitStack() as stack:
            _run(plan, view, stop, result, folder, messages, total, stack)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        result.seconds = time.monotonic() - result.started
        result.judge(plan)
        if result.status == EXIT_BAD_INPUT and (folder / "worker.log").exists():
            shutil.rmtree(folder / "data", ignore_errors=True)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return result


def _run(
    plan: Plan,
    view: View,
    stop: _Stop,
    result: Result,
    folder: Path,
    messages: Iterator[Message],
    total: int | None,
    stack: ExitStack,
) -> None:
    view.step("starting the embedded broker")
    broker = EmbeddedBroker(TOPIC_PREFIX)
    stack.callback(broker.close)
    settings = Settings(kafka_bootstrap=broker.bootstrap, topic_prefix=TOPIC_PREFIX)
    port = free_port()
    view.step("starting the worker")
    worker = WorkerProcess(broker.bootstrap, TOPIC_PREFIX, folder, port)
    stack.callback(worker.stop, STOP_SECONDS)
    result.log = str(worker.log)
    sender, reader = Sender(settings, result.tally), Reader(settings, result.tally)
    stack.callback(reader.close)
    stack.callback(sender.close)
    view.begin(
        Place(
            broker="embedded broker (librdkafka's mock cluster, in memory) "
            f"at {broker.bootstrap}, {PARTITIONS} partitions",
            worker=f"worker: process {worker.pid}, python -m stream_app.worker; kill it and see what happens",
            metrics=f"http://127.0.0.1:{port}/metrics",
            log=str(worker.log),
            total=total,
        )
    )
    desk = _Desk(view, stop, result, worker, reader)
    try:
        desk.wait_ready()
        # Not earlier: the first decision should not wait for it.
        desk.console = ReviewConsole(broker.bootstrap, TOPIC_PREFIX, folder)
        stack.callback(desk.console.stop, STOP_SECONDS)
        desk.send_all(messages, sender, plan)
        sender.close()
        desk.drain()
    except WorkerFailed as failure:
        result.failure = str(failure)
    result.worker_restarts = worker.restarts
    result.interrupted = stop.asked
    view.step("stopping the worker")


class _Desk:
    """Sends at a rate, reads what comes back, and draws; all in one thread."""

    def __init__(self, view: View, stop: _Stop, result: Result, worker: WorkerProcess, reader: Reader) -> None:
        self._view = view
        self._stop = stop
        self._result = result
        self._worker = worker
        self._reader = reader
        self._drawn = 0.0
        self.console: ReviewConsole | None = None

    def wait_ready(self) -> None:
        """Wait until the worker takes part; what is sent before would only measure its start."""
        self._view.step("waiting for the worker, which loads the classifier and joins its group")
        ends = time.monotonic() + START_SECONDS
        while not (self._stop.asked or self._worker.ready or time.monotonic() > ends):
            self._look(READ_SECONDS)

    def send_all(self, messages: Iterator[Message], sender: Sender, plan: Plan) -> None:
        """Send at the rate that was asked for until there is nothing more, the time is over or somebody stops it."""
        ends = self._result.started + plan.duration if plan.duration else None
        began = time.monotonic()
        for number, message in enumerate(messages):
            due = began + number / plan.rate
            while (early := due - time.monotonic()) > 0 and not self._stop.asked:
                self._look(min(READ_SECONDS, early))
            if self._stop.asked or (ends is not None and time.monotonic() > ends):
                return
            sender.send(message)

    def drain(self) -> None:
        """Wait for what is on its way."""
        began = time.monotonic()
        while self._result.tally.unanswered:
            waited = time.monotonic() - began
            if waited > (INTERRUPTED_DRAIN_SECONDS if self._stop.asked else DRAIN_SECONDS):
                return
            self._look(READ_SECONDS)
        self._look(READ_SECONDS)  # actions and review tasks come with the last decision

    def _look(self, seconds: float) -> None:
        self._reader.read(seconds)
        now = time.monotonic()
        result = self._result
        if result.first_decision_seconds is None and result.tally.answered:
            result.first_decision_seconds = now - result.started
            self._drawn = 0.0
        if now - self._drawn < FRAME_SECONDS:
            return
        if self.console is not None and self.console.link and not self._result.review:
            self._result.review = self.console.link
            self._view.note(f"review console, signed in once by this address: {self.console.link}")
        happened = self._worker.watch()
        if happened is not None:
            self._view.note(happened)
        self._view.update(result.tally, now)
        self._drawn = now
