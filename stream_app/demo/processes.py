"""The real processes of the demo: each one command of weir in a process of its own, with its log in a file."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path

# What of the caller's settings also holds in the demo; the rest is the demo's own.
PASSED_ON = ("WEIR_POLICY", "WEIR_CASCADE", "WEIR_REGISTRY", "WEIR_DEVICE", "WEIR_REVIEW_CONFIG")
_PR_SET_PDEATHSIG = 1


class DemoProcess:
    """A process that can be started anew. ``/readyz`` on ``port`` says when it takes part."""

    def __init__(self, command: Sequence[str], environment: dict[str, str], log: Path, port: int) -> None:
        self.log = log
        self.port = port
        self._command = list(command)
        self._environment = environment
        self._process = self._start()

    @property
    def status(self) -> int | None:
        """The exit status; None while it runs."""
        return self._process.poll()

    @property
    def ready(self) -> bool:
        """Whether it takes part: its own ``/readyz`` says so."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=0.5)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == HTTPStatus.OK
        except OSError:
            return False
        finally:
            connection.close()

    @property
    def pid(self) -> int:
        """The id of the process that runs now."""
        return self._process.pid

    def restart(self) -> None:
        """Start it again after it ended."""
        self._process = self._start()

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
                self._command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C is for the demo, which then ends its processes in order.
                start_new_session=True,
                preexec_fn=_die_with_parent(),
            )


def weir(*arguments: str) -> list[str]:
    """The command ``weir …`` with the interpreter that runs now."""
    return [sys.executable, "-m", "stream_app", *arguments]


def environment(bootstrap: str, topic_prefix: str, folder: Path, **over: str) -> dict[str, str]:
    """The variables of a process of the demo; ``over`` names further settings without ``WEIR_``."""
    passed = {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith("WEIR_") or name.upper() in PASSED_ON
    }
    own = {
        "kafka_bootstrap": bootstrap,
        "topic_prefix": topic_prefix,
        "data_dir": str(folder / "data"),
        "log_format": "text",
        "transactions": "false",  # the embedded broker would accept them and fence nobody
        "session_timeout_seconds": "6",  # a killed worker's partitions wait for this long
    } | over
    return passed | {f"WEIR_{name.upper()}": value for name, value in own.items()}


def free_port() -> int:
    """A port of loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _die_with_parent() -> Callable[[], None] | None:
    """What the child calls so that Linux ends it with the demo, however that ends."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    return lambda: libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
