"""Keeps a worker process running: a worker ends itself whenever its state is unknown, and a new one replays.

Losing nothing depends on it: whatever was not acknowledged is delivered again to the next process.
"""

import logging
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

from stream_app.telemetry import facts

log = logging.getLogger(__name__)

FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 30.0
HEALTHY_SECONDS = 60.0
# Wrong configuration does not mend itself; what Kafka refuses may. An end without a signal is no end, whatever its
# status.
NOT_RESTARTED = (2,)
GRACE_SECONDS = 5.0


class Supervisor:
    """Runs ``command`` and starts it anew when it ends by itself, after a wait that doubles up to 30 seconds.

    A process that lived for a minute resets the wait. SIGTERM and SIGINT are passed on; a process that is not gone
    ``shutdown_seconds`` after that is killed.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        shutdown_seconds: float,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self._command = list(command)
        self._shutdown_seconds = shutdown_seconds
        self._sleep = sleep or self._wait
        self._stopping = False
        self._process: subprocess.Popen[bytes] | None = None
        self.restarts = 0

    def run(self) -> int:
        """Return the exit status of the last process."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda caught, _frame: self.stop(caught))
        wait = FIRST_WAIT_SECONDS
        while True:
            started = time.monotonic()
            status = self._run_once()
            if self._stopping:
                return 0 if status in (0, -signal.SIGTERM, -signal.SIGINT) else status
            if status in NOT_RESTARTED:
                return status
            if time.monotonic() - started > HEALTHY_SECONDS:
                wait = FIRST_WAIT_SECONDS
            self.restarts += 1
            log.error("the worker ended and is started anew", extra=facts(status=status, wait_seconds=wait))
            self._sleep(wait)
            if self._stopping:
                return 0
            wait = min(2 * wait, LONGEST_WAIT_SECONDS)

    def stop(self, caught: int) -> None:
        """Pass a signal on and start no more processes."""
        self._stopping = True
        process = self._process
        if process is not None and process.poll() is None:
            process.send_signal(caught)

    def _wait(self, seconds: float) -> None:
        """Wait, but not on after a signal: ``time.sleep`` would go on with what was left."""
        end = time.monotonic() + seconds
        while not self._stopping and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, 0.2))

    def _run_once(self) -> int:
        self._process = subprocess.Popen(self._command)  # noqa: S603 - our own interpreter and module
        stop_at: float | None = None
        while True:
            try:
                return self._process.wait(0.2)
            except subprocess.TimeoutExpired:
                if self._stopping and stop_at is None:
                    stop_at = time.monotonic() + self._shutdown_seconds + GRACE_SECONDS
                if stop_at is not None and time.monotonic() > stop_at:
                    self._process.kill()


def worker_command() -> list[str]:
    """The command line of one worker process."""
    return [sys.executable, "-m", "stream_app.worker"]


def feedback_command() -> list[str]:
    """The command line of one feedback process."""
    return [sys.executable, "-m", "stream_app.feedback"]
