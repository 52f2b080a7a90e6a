"""The process that is measured: one of the contenders, in an environment that names its topics."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from stream_app.settings import Settings

CONTENDERS = {
    "weir": "stream_app.worker",
    "plain faust": "stream_app.bench.plain_faust",
    "bare aiokafka": "stream_app.bench.bare_loop",
}
# What of the caller's settings holds here too.
_KEPT = ("WEIR_POLICY", "WEIR_CASCADE", "WEIR_DEVICE", "WEIR_REGISTRY", "WEIR_KAFKA_S", "WEIR_BATCH_")


class BenchFailed(Exception):
    """A run did not come to its end; there is no figure."""


class Contender:
    """One process at work on the topics that ``settings`` names."""

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self._folder = tempfile.TemporaryDirectory(prefix="weir-bench-")
        self._log = Path(self._folder.name) / "log"
        environment = {
            key: value
            for key, value in os.environ.items()
            if not key.upper().startswith("WEIR_") or key.upper().startswith(_KEPT)
        } | {
            "WEIR_KAFKA_BOOTSTRAP": settings.kafka_bootstrap,
            "WEIR_TOPIC_PREFIX": settings.topic_prefix,
            "WEIR_CONSUMER_GROUP": settings.consumer_group,
            "WEIR_DATA_DIR": f"{self._folder.name}/data",
            "WEIR_METRICS_PORT": "0",
            "WEIR_LOG_LEVEL": "WARNING",
            "WEIR_LOG_FORMAT": "text",
        }
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and modules
                [sys.executable, "-m", CONTENDERS[name]],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def check(self) -> None:
        """Raise BenchFailed where it ended by itself."""
        status = self._process.poll()
        if status is not None:
            raise BenchFailed(
                f"{self.name} ended with status {status}:\n{self._log.read_text(errors='replace')[-2000:]}"
            )

    def cpu_seconds(self) -> float:
        """Processor time of all its threads since it started, to the nanosecond.

        By the clock that Linux keeps for every process (clock_getcpuclockid(3)): the ticks of /proc are 10 ms, in
        which the bare loop reads a thousand messages.
        """
        return time.clock_gettime((~self.pid << 3) | 2)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._process.send_signal(signal.SIGTERM)
        end = time.monotonic() + 10
        while self._process.poll() is None and time.monotonic() < end:
            time.sleep(0.05)
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._folder.cleanup()
