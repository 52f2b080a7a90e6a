"""The process that the benchmark works with and kills: ``weir review`` as it is run in production."""

import os
import subprocess
import sys
import time
from pathlib import Path

import httpx

from stream_app.bench.process import BenchFailed
from stream_app.settings import Settings
from stream_app.testing_kafka import die_with_parent

START_SECONDS = 120.0
SETTLE_SECONDS = 5.0
_LOG_CHARS = 3000


class ServiceProcess:
    """One service at a fixed address; killed and started again over the same data.

    ``down`` holds when it could not answer: from each start or kill until it was ready, in seconds of the wall clock.
    """

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.url = f"http://{settings.review_bind}"
        self.kills = 0
        self.down: list[tuple[float, float]] = []
        self._settings = settings
        self._log = folder / "service.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it is ready. Raises BenchFailed where it does not come up."""
        since = time.time()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "stream_app", "review"],
                env=_environment(self._settings),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent(),
            )
        self._wait_ready()
        self.down.append((since, time.time()))

    def kill(self) -> None:
        """End it like ``kill -9`` and start it again."""
        since = time.time()
        self.end()
        self.kills += 1
        self.start()
        self.down[-1] = (since, self.down[-1][1])

    def end(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def down_between(self, start: float, end: float) -> float:
        """For how many of these seconds it could not answer."""
        return sum(max(0.0, min(end, until) - max(start, since)) for since, until in self.down)

    def disturbed(self, at: float) -> bool:
        """Whether it was down then or had only just come up, so that everybody came at once."""
        return any(since <= at <= until + SETTLE_SECONDS for since, until in self.down)

    def _wait_ready(self) -> None:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if self._process is None or self._process.poll() is not None:
                break
            try:
                if httpx.get(f"{self.url}/healthz", timeout=5.0).status_code == httpx.codes.OK:
                    return
            except httpx.HTTPError:
                time.sleep(0.05)
        raise BenchFailed(f"weir review did not come up:\n{self._log.read_text(errors='replace')[-_LOG_CHARS:]}")


def _environment(settings: Settings) -> dict[str, str]:
    url = settings.database_url
    return {name: value for name, value in os.environ.items() if not name.upper().startswith("WEIR_")} | {
        "WEIR_KAFKA_BOOTSTRAP": settings.kafka_bootstrap,
        "WEIR_TOPIC_PREFIX": settings.topic_prefix,
        "WEIR_CONSUMER_GROUP": settings.consumer_group,
        "WEIR_SESSION_TIMEOUT_SECONDS": str(settings.session_timeout_seconds),
        "WEIR_DATA_DIR": str(settings.data_dir),
        "WEIR_REVIEW_BIND": settings.review_bind,
        "WEIR_REVIEW_CONFIG": str(settings.review_config),
        "WEIR_LOG_FORMAT": "text",
        "WEIR_LOG_LEVEL": "WARNING",
    } | ({"WEIR_DATABASE_URL": url.get_secret_value()} if url else {})  # fmt: skip
