"""Work that goes on beside the web service, each piece in a thread that is started again when it dies."""

import logging
import threading
import time
from collections.abc import Callable

from human_review.stream.problems import described
from stream_app.contracts.metrics import REVIEW_JOB_UP
from stream_app.telemetry import Telemetry, facts

log = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 15.0
# A job that has not said anything for so long hangs; the longest call to Kafka takes half of it.
STALLED_SECONDS = 90.0
# A job that waits for its time says that it is there.
BEAT_SECONDS = 10.0

Work = Callable[[threading.Event, Callable[[], None]], None]
"""Runs until the event is set. Calls the second argument whenever it has got something done."""


class Job:
    """A piece of work and its thread; ``beat_at`` is when it last got something done, on the monotonic clock."""

    def __init__(self, name: str, work: Work, telemetry: Telemetry) -> None:
        self.name = name
        self._work = work
        self._telemetry = telemetry
        self._stop = threading.Event()
        self._failed = ""
        self.beat_at = time.monotonic()
        self._thread = threading.Thread(target=self._run, name=f"weir-{name}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Let the work end; ``join`` waits for it."""
        self._stop.set()

    def join(self, seconds: float) -> bool:
        """Wait for the end; whether it came."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def problem(self) -> str:
        """Why it does not work; empty where it does."""
        if self._failed:
            return self._failed
        if not self._thread.is_alive():
            return "does not run"
        silent = time.monotonic() - self.beat_at
        return f"has been silent for {silent:.0f} s" if silent > STALLED_SECONDS else ""

    def _beat(self) -> None:
        self.beat_at = time.monotonic()
        if self._failed:
            log.info("a job works again", extra=facts(job=self.name))
        self._failed = ""
        self._telemetry.set(REVIEW_JOB_UP, 1, self.name)

    def _run(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while not self._stop.is_set():
            started = time.monotonic()
            try:
                self._work(self._stop, self._beat)
            except Exception as error:  # noqa: BLE001 - whatever ended it, it must be started again
                self._fail(error)
            if time.monotonic() - started > LONGEST_PAUSE_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            self._stop.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    def _fail(self, error: Exception) -> None:
        self._failed = described(error)
        self._telemetry.set(REVIEW_JOB_UP, 0, self.name)
        log.error("a job failed and is started again", extra=facts(job=self.name, error=described(error)))


def every(seconds: float, do: Callable[[], object]) -> Work:
    """Work that does something again and again."""

    def work(stop: threading.Event, beat: Callable[[], None]) -> None:
        while not stop.is_set():
            do()
            end = time.monotonic() + seconds
            while not stop.is_set() and (left := end - time.monotonic()) > 0:
                beat()
                stop.wait(min(left, BEAT_SECONDS))

    return work
