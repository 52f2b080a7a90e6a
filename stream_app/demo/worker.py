"""The real worker as a process of its own, started anew when it ends by itself."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path

from stream_app.supervisor import worker_command

# What of the caller's settings also holds in the demo; the rest is the demo's own.
PASSED_ON = ("WEIR_POLICY", "WEIR_CASCADE", "WEIR_REGISTRY", "WEIR_DEVICE")
MAX_RESTARTS = 3
WRONG = 2
_PR_SET_PDEATHSIG = 1


class WorkerFailed(Exception):
    """The worker ended and starting it again does not help."""


class WorkerProcess:
    """``python -m stream_app.worker`` with its log in a file.

    ``watch`` starts it anew when it ended by itself, as its supervisor would: nothing is lost by that, which the demo
    shows whenever somebody kills it.
    """

    def __init__(self, bootstrap: str, topic_prefix: str, folder: Path, metrics_port: int) -> None:
        self.log = folder / "worker.log"
        self.restarts = 0
        self._port = metrics_port
        self._environment = {
            name: value
            for name, value in os.environ.items()
            if not name.upper().startswith("WEIR_") or name.upper() in PASSED_ON
        } | {
            "WEIR_KAFKA_BOOTSTRAP": bootstrap,
            "WEIR_TOPIC_PREFIX": topic_prefix,
            "WEIR_DATA_DIR": str(folder / "data"),
            "WEIR_METRICS_PORT": str(metrics_port),
            "WEIR_LOG_FORMAT": "text",
            "WEIR_TRANSACTIONS": "false",  # the embedded broker would accept them and fence nobody
            # A killed worker's partitions wait for this long.
            "WEIR_SESSION_TIMEOUT_SECONDS": "6",
        }
        self._process = self._start()

    @property
    def ready(self) -> bool:
        """Whether it takes part: its own ``/readyz`` says so."""
        connection = HTTPConnection("127.0.0.1", self._port, timeout=0.5)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == HTTPStatus.OK
        except OSError:
            return False
        finally:
            connection.close()

    @property
    def pid(self) -> int:
        """The process id of the worker that runs now."""
        return self._process.pid

    def watch(self) -> str | None:
        """What happened to the worker since the last look; None while it runs.

        Raises WorkerFailed, which names the log, where it ends over and over.
        """
        status = self._process.poll()
        if status is None:
            return None
        if status == WRONG or self.restarts >= MAX_RESTARTS:
            raise WorkerFailed(
                f"the worker {_how(status)}; its log is {self.log} and ends with:\n{self.end_of_log()}"
            )
        self.restarts += 1
        self._process = self._start()
        return f"the worker {_how(status)} and was started anew; what it had not answered is delivered again"

    def stop(self, seconds: float) -> None:
        """Ask it to end, and kill it where it does not."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def end_of_log(self, lines: int = 8) -> str:
        """The last lines of its log."""
        with suppress(OSError):
            return "\n".join(line[:300] for line in self.log.read_text(errors="replace").splitlines()[-lines:])
        return ""

    def _start(self) -> "subprocess.Popen[bytes]":
        with self.log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - our own interpreter and module
                worker_command(),
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C is for the demo, which then ends the worker in order.
                start_new_session=True,
                preexec_fn=_die_with_parent(),
            )


def free_port() -> int:
    """A port of loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _how(status: int) -> str:
    if status < 0:
        return f"was killed by {signal.Signals(-status).name}"
    return f"ended with status {status}"


def _die_with_parent() -> Callable[[], None] | None:
    """What the child calls so that Linux ends it with the demo, however that ends."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    return lambda: libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
