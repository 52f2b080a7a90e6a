"""What tests of the review service are made with: a real PostgreSQL, services in a folder, tasks."""

import atexit
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from human_review.database.tables import metadata
from human_review.service import Service, open_service
from stream_app.contracts.content import ContentItem
from stream_app.contracts.decision import Decision, Reason
from stream_app.contracts.ids import digest, text_digest
from stream_app.contracts.origin import Origin
from stream_app.contracts.review import ReviewTask
from stream_app.settings import Settings
from stream_app.testing_kafka import free_ports, wait_until

_BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def make_review_task(
    number: int = 1,
    *,
    text: str = "you are a donkey",
    why: str = "unsure",
    label: str | None = "toxicity",
    language: str = "en",
    queue: str = "general",
    priority: float = 0.5,
    item_id: str | None = None,
    due: timedelta = timedelta(hours=1),
    **over: Any,
) -> ReviewTask:
    """A task as the worker sends it; ``over`` replaces fields of the task."""
    now = datetime.now(UTC)
    name = item_id or f"item-{number}"
    decision_id = digest("decision", name, text)
    origin = Origin(topic="moderation.content", partition=number % 4, offset=number)
    decision = Decision(
        decision_id=decision_id, item_id=name, verdict="allow" if why == "sampled" else "review", label=label,
        scores={label: 0.6} if label else {}, thresholds={label: (0.25, 0.99)} if label else {},
        reasons=(Reason(kind="score", detail="between the thresholds", label=label, spans=((8, 16),)),),
        level="ensemble", artifacts={"ensemble": "0123456789abcdef"}, policy_version="1.1.0", language=language,
        decided_at=now, latency_ms=12.0, text_digest=text_digest(text), based_on=decision_id, origin=origin,
    )  # fmt: skip
    task = ReviewTask(
        task_id=digest("task", decision_id), decision=decision, item=ContentItem(item_id=name, text=text),
        origin=origin, folded_text=text.casefold(), queue=queue, priority=priority, why=why,  # type: ignore[arg-type] # tests pass words
        due_at=now + due,
    )  # fmt: skip
    return msgspec.structs.replace(task, **over)


def make_service(folder: Path, url: str | None = None, config: str | None = None, **over: Any) -> Service:
    """A service with empty tables. ``config`` is the text of a review file; ``over`` are further settings."""
    if config is not None:
        (folder / "review.yaml").write_text(config, encoding="utf-8")
        over["review_config"] = folder / "review.yaml"
    values: dict[str, Any] = {"data_dir": folder, "database_url": url, "review_kafka": False} | over
    service = open_service(Settings(**values))
    metadata.drop_all(service.database.engine)
    metadata.create_all(service.database.engine)
    return service


class Postgres:
    """A PostgreSQL server on loopback with its data in a folder of its own; ended and removed with the process.

    ``durable`` waits for the disk as a real one does; without it tests take less long.
    """

    def __init__(self, *, durable: bool = False) -> None:
        if not _BINARIES:
            raise RuntimeError("PostgreSQL is not installed; Debian's package is called postgresql")
        self.folder = Path(tempfile.mkdtemp(prefix="weir-postgres-"))
        [self.port] = free_ports(1)
        self._user = "postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
        if os.getuid() == 0:  # the server refuses to run as root
            shutil.chown(self.folder, "postgres", "postgres")
        self._do("initdb", "-D", str(self.folder / "data"), "-U", "weir", "--auth=trust", "-E", "UTF8", "--no-sync")
        self._number = 0
        self._fsync = "on" if durable else "off"
        self.start()
        atexit.register(self.close)

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c max_connections=200"
        options += f" -c fsync={self._fsync}"
        self._do(
            "pg_ctl", "-D", str(self.folder / "data"), "-w", "-o", options, "-l", str(self.folder / "log"), "start"
        )

    def stop(self, *, hard: bool = False) -> None:
        """Stop the server; ``hard`` is ``kill -9`` of all its processes, and it recovers with the next start."""
        if hard:
            self._kill()
        else:
            self._do("pg_ctl", "-D", str(self.folder / "data"), "-w", "-m", "fast", "stop")

    def fresh(self) -> str:
        """The address of a new, empty database."""
        self._number += 1
        name = f"weir_{self._number}"
        self._do("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "weir", name)
        return f"postgresql://weir@127.0.0.1:{self.port}/{name}"

    def close(self) -> None:
        """End the server and remove its data."""
        if self.folder.exists():
            self._do("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "stop", check=False)
            shutil.rmtree(self.folder, ignore_errors=True)

    def _kill(self) -> None:
        """The first process dies first: it would start the others anew."""
        noted = self.folder / "data" / "postmaster.pid"
        first = int(noted.read_text(encoding="utf-8").split()[0])
        os.kill(first, signal.SIGSTOP)
        family = [first, *_children_of(first)]
        for process in family:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        wait_until(lambda: not any(_is_alive(process) for process in family), 30, "the end of PostgreSQL")
        for lock in (noted, self.folder / f".s.PGSQL.{self.port}.lock"):
            lock.unlink()  # a process that is dead and still listed would be taken for alive by the next start

    def _do(self, program: str, *arguments: str, check: bool = True) -> None:
        command = [str(_BINARIES[0] / program), *arguments]
        if os.getuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")  # noqa: S603 - our own fixed programs
        if check and done.returncode:
            log = self.folder / "log"
            said = log.read_text(encoding="utf-8", errors="replace")[-2000:] if log.exists() else ""
            raise RuntimeError(f"{program} failed:\n{done.stdout}{done.stderr}{said}")


def _children_of(parent: int) -> list[int]:
    """The ids of its child processes (Linux)."""
    listed = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii")
    return [int(word) for word in listed.split()]


def _is_alive(process: int) -> bool:
    """Whether it runs; what waits for its parent to notice its end does not."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"
