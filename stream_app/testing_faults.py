"""Faults for tests: workers to break and local stores to damage."""

import os
import random
import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition

from stream_app.adapters import clients
from stream_app.config_files import shipped
from stream_app.contracts.topics import (
    CONTENT,
    RULINGS,
    Topic,
)  # fmt: skip
from stream_app.settings import Settings, env_name
from stream_app.supervisor import worker_command
from stream_app.testing_kafka import die_with_parent, lag, wait_until, watermarks


def environment(settings: Settings, **over: str) -> dict[str, str]:
    """The environment that gives a process these settings; ``over`` names fields of its own.

    Unless the settings name a cascade the linear one decides: what is tested is that nothing is lost, and workers
    that start in a second are killed more often than workers that load a network.
    """
    own = {
        key: value for key, value in os.environ.items() if not key.startswith("WEIR_") or key.startswith("WEIR_TEST_")
    }
    values = {"cascade": shipped("cascade-linear.yaml")}
    values |= {name: getattr(settings, name) for name in settings.model_fields_set} | over
    shown = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in values.items()}
    return own | {env_name(name): value for name, value in shown.items()}


class Worker:
    """One worker process, or whatever else ``command`` starts."""

    def __init__(
        self,
        settings: Settings,
        log: Path,
        command: Sequence[str],
        *,
        trip: str = "",
        trip_after: int = 1,
    ) -> None:
        self.trip = trip
        self.log = log
        env = environment(settings, trip_point=trip, trip_after=str(trip_after))
        with log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=env,
                start_new_session=True,
                preexec_fn=die_with_parent(),
            )
        self.pid = self._process.pid

    @property
    def status(self) -> int | None:
        """The exit status, negative for a signal; None while it lives."""
        return self._process.poll()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; nothing happens to a process that is gone."""
        with suppress(ProcessLookupError):
            self._process.send_signal(number)

    def kill(self) -> None:
        """``kill -9``."""
        self.signal(signal.SIGKILL)
        self._process.wait()

    def wait(self, timeout: float) -> int:
        """Wait for its end and return the exit status; raises TimeoutError."""
        try:
            return self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"worker {self.pid} did not end within {timeout:g} s:\n{self.tail()}") from None

    def stop(self, timeout: float = 60.0) -> int:
        """SIGTERM, and wait for the end."""
        self.signal(signal.SIGTERM)
        return self.wait(timeout)

    def wait_stopped(self, timeout: float = 60.0) -> None:
        """Wait until the process is stopped by a signal, as by a trip point with ``!stop``."""
        wait_until(lambda: self.state() in "TZX", timeout, f"the stop of worker {self.pid}")
        if self.state() != "T":
            raise AssertionError(f"worker {self.pid} ended instead of stopping:\n{self.tail()}")

    def state(self) -> str:
        """The letter that Linux gives to the state of the process; X once it is gone."""
        try:
            return Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            return "X"

    def tail(self) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-3000:]


class Crew:
    """Workers of one group; counts how each came to its end, and starts others in the place of the dead."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings = settings
        self.folder = folder
        self.workers: list[Worker] = []
        self.ends: Counter[str] = Counter()
        self.started = 0
        self.command = worker_command()

    def start(self, *, trip: str = "", trip_after: int = 1, **settings: Any) -> Worker:
        """Start one more worker; ``settings`` are of this one alone."""
        self.started += 1
        own = self.settings.model_copy(update=settings)
        log = self.folder / f"worker-{self.started}.log"
        worker = Worker(own, log, self.command, trip=trip, trip_after=trip_after)
        self.workers.append(worker)
        return worker

    def keep(self, number: int) -> None:
        """Bury the dead and start new workers until so many live."""
        for worker in self.workers:
            if (status := worker.status) is not None:
                self.ends[f"exit {status}"] += 1
        self.workers = [worker for worker in self.workers if worker.status is None]
        while len(self.workers) < number:
            self.start()

    def kill(self, worker: Worker, how: str = "kill -9") -> None:
        """``kill -9``, counted as ``how``."""
        if worker.status is not None:
            return
        worker.kill()
        self.bury(worker, how)

    def stop(self, worker: Worker, timeout: float = 60.0) -> int:
        """SIGTERM, counted together with the exit status."""
        status = worker.stop(timeout)
        self.bury(worker, f"SIGTERM, exit {status}")
        return status

    def trip(self, worker: Worker, timeout: float = 60.0) -> None:
        """Wait until an armed worker has killed itself."""
        status = worker.wait(timeout)
        if status != -signal.SIGKILL:
            raise AssertionError(f"armed with {worker.trip}, the worker ended with {status}:\n{worker.tail()}")
        self.bury(worker, f"trip {worker.trip}")

    def bury(self, worker: Worker, how: str) -> None:
        """Note the end of a worker."""
        self.workers.remove(worker)
        self.ends[how] += 1

    def drained(self, timeout: float, workers: int = 1) -> None:
        """Wait until everything sent has been acknowledged by the group, with so many workers kept alive."""

        def done() -> bool:
            self.keep(workers)
            return is_drained(self.settings)

        wait_until(done, timeout, "the end of the backlog", every=0.5)

    def logs(self) -> str:
        """What all workers said."""
        return "".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("worker-*.log")))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for worker in self.workers:
            worker.kill()


def is_drained(settings: Settings) -> bool:
    """Whether the group has committed all of ``content`` and ``rulings``; False while Kafka cannot say."""
    try:
        return lag(settings, CONTENT) == 0 and lag(settings, RULINGS) == 0
    except Exception:  # noqa: BLE001 - the broker may be away at this moment
        return False


def rewind(settings: Settings, *topics: Topic) -> None:
    """Set the group's offsets back to the beginning. No worker may live."""
    client = clients.admin(settings)
    parts = [TopicPartition(settings.topic(topic), n, 0) for topic in topics for n in watermarks(settings, topic)]
    request = [ConsumerGroupTopicPartitions(settings.consumer_group, parts)]
    for future in client.alter_consumer_group_offsets(request).values():
        future.result(30)


Damage = Literal["deleted", "truncated", "flipped", "emptied"]
DAMAGES: tuple[Damage, ...] = ("deleted", "truncated", "flipped", "emptied")


def damage(file: Path, how: Damage, rng: random.Random) -> None:
    """Do something to a file that disks and people do."""
    if how == "deleted":
        file.unlink()
    elif how == "emptied":
        file.write_bytes(b"")
    elif how == "truncated":
        os.truncate(file, rng.randrange(max(1, file.stat().st_size)))
    else:
        content = bytearray(file.read_bytes())
        for _ in range(3):
            if content:
                content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
        file.write_bytes(content)


def damage_stores(data_dir: Path, rng: random.Random, how: Damage | Literal["wiped"]) -> int:
    """Damage the ledgers below a data folder, or delete them all; returns how many files or folders were hit."""
    ledgers = sorted(data_dir.glob("slot-*/partition-*"))
    if how == "wiped":
        for each in ledgers:
            shutil.rmtree(each)
        return len(ledgers)
    hit = 0
    for each in ledgers:
        files = [
            file for file in sorted(each.iterdir()) if file.suffix in (".sst", ".log") or "MANIFEST" in file.name
        ]
        for file in rng.sample(files, min(2, len(files))):
            damage(file, how, rng)
            hit += 1
    return hit
