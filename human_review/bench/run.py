"""Many people at one desk, over HTTP, while the service is killed again and again; then everything is counted."""

import random
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import SecretStr
from sqlalchemy import func, select

from human_review.bench.count import count
from human_review.bench.reviewer import Reviewer, password
from human_review.bench.service import ServiceProcess
from human_review.database.migrate import upgrade
from human_review.database.tables import tasks
from human_review.people import accounts
from human_review.service import Service, open_service
from human_review.stream import batches
from human_review.testing import Postgres, make_review_task
from stream_app.bench.process import BenchFailed
from stream_app.config_files import shipped
from stream_app.contracts.codec import encode
from stream_app.contracts.topics import REVIEW_QUEUE, TOPICS
from stream_app.settings import Settings
from stream_app.testing_kafka import create_topics, free_ports, produce, wait_until

LEASE_SECONDS = 5.0
UNDO_SECONDS = 2.0
IDLE_SECONDS = 0.2
FINISH_SECONDS = 300.0
# Kills come while this part of the tasks is being decided.
_KILLS_FROM, _KILLS_TO = 0.03, 0.9

Note = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Size:
    """How much is done; ``think_seconds`` is how long a person looks at a task, on average."""

    reviewers: int
    tasks: int
    kills: int
    think_seconds: float
    seconds: float  # after this much time there is no figure
    seed: int


def review(settings: Settings, database: str, size: Size, note: Note) -> dict[str, Any]:
    """One run on ``sqlite`` or ``postgresql``; the figures. Raises BenchFailed where there are none."""
    with _service(settings, database) as (service, folder):
        note(f"{database}: {size.reviewers} accounts, {size.tasks} tasks")
        people = _people(service, size)
        _ask(service.settings, size.tasks)
        process = ServiceProcess(service.settings, folder)
        try:
            process.start()
            started = time.monotonic()
            note(f"{database}: at work")
            _work(service, process, people, size, note)
            seconds = time.monotonic() - started
            _wait_sent(service)
        finally:
            process.end()
            for person in people:
                person.close()
        if process.kills < size.kills or not process.kills:
            raise BenchFailed(f"only {process.kills} of {size.kills} kills happened: the run says nothing")
        return {
            "bench": "review", "database": database, "reviewers": size.reviewers, "tasks": size.tasks,
            "kills": process.kills, "seed": size.seed, "think_seconds": size.think_seconds,
            "lease_seconds": LEASE_SECONDS, "seconds": round(seconds, 1),
        } | count(service, process, [person.found for person in people])  # fmt: skip


def _work(service: Service, process: ServiceProcess, people: Sequence[Reviewer], size: Size, note: Note) -> None:
    with ThreadPoolExecutor(len(people)) as pool:
        list(pool.map(Reviewer.sign_in, people))
    rng = random.Random(size.seed)  # noqa: S311 - moments, not secrets
    moments = sorted(rng.uniform(_KILLS_FROM, _KILLS_TO) * size.tasks for _ in range(size.kills))
    end = time.monotonic() + size.seconds

    def disturb() -> None:
        if time.monotonic() > end:
            raise BenchFailed(f"{_open(service, size.tasks)} tasks were open after {size.seconds:g} s")
        if moments and size.tasks - _open(service, size.tasks) >= moments[0]:
            del moments[0]
            time.sleep(rng.uniform(0.0, 0.5))
            process.kill()
            note(f"killed and started again, {_open(service, size.tasks)} tasks are open")

    _until_decided(service, people, size.tasks, disturb)
    for person in people:  # what was undone at the very end is decided as well
        person.calm = True
    _until_decided(service, people, size.tasks, disturb)


def _until_decided(service: Service, people: Sequence[Reviewer], count: int, disturb: Callable[[], None]) -> None:
    stop = threading.Event()
    with ThreadPoolExecutor(len(people)) as pool:
        working = [pool.submit(_keep_working, person, stop) for person in people]
        try:
            while _open(service, count):
                disturb()
                failed = [each for each in working if each.done()]
                if failed:
                    raise BenchFailed("a reviewer gave up") from failed[0].exception()
                time.sleep(0.1)
        finally:
            stop.set()
    for each in working:
        each.result()


def _keep_working(person: Reviewer, stop: threading.Event) -> None:
    while not stop.is_set():
        if not person.work():
            stop.wait(IDLE_SECONDS)


def _open(service: Service, count: int) -> int:
    """Tasks that have no decision yet, those included that have not come in."""
    with service.database.read() as connection:
        closed = connection.execute(
            select(func.count()).select_from(tasks).where(tasks.c.state == "closed")
        ).scalar_one()
    return count - int(closed)


def _wait_sent(service: Service) -> None:
    def sent() -> bool:
        with service.database.read() as connection:
            return not batches.unsent(connection)

    wait_until(sent, FINISH_SECONDS, "the last message of the outbox")


def _people(service: Service, size: Size) -> list[Reviewer]:
    people = []
    for number in range(size.reviewers):
        name = f"reviewer-{number}"
        accounts.create(service, None, name=name, role="reviewer", password=password())
        url = f"http://{service.settings.review_bind}"
        people.append(Reviewer(url, name, size.seed + number, size.think_seconds))
    return people


def _ask(settings: Settings, count: int) -> None:
    made = (make_review_task(number, text=f"text number {number} of many") for number in range(count))
    produce(settings, REVIEW_QUEUE, [(task.item.item_id, encode(task)) for task in made])


@contextmanager
def _service(settings: Settings, database: str) -> Iterator[tuple[Service, Path]]:
    """A service with empty tables and topics of its own; all of it is gone afterwards."""
    server = Postgres(durable=True) if database == "postgresql" else None
    with tempfile.TemporaryDirectory(prefix="weir-bench-review-") as name:
        folder = Path(name)
        [port] = free_ports(1)
        own = f"bench-{uuid.uuid4().hex[:8]}"
        found = settings.model_copy(update={
            "topic_prefix": f"{own}.", "consumer_group": own, "data_dir": folder / "data",
            "database_url": SecretStr(server.fresh()) if server else None, "review_bind": f"127.0.0.1:{port}",
            "review_config": _config(folder), "session_timeout_seconds": 6,
        })  # fmt: skip
        create_topics(found, TOPICS, partitions=4)
        service = open_service(found)
        try:
            upgrade(service.database)
            yield service, folder
        finally:
            service.database.close()
            if server is not None:
                server.close()


def _config(folder: Path) -> Path:
    """The shipped file with a short lease and grace, so that a run of minutes sees many of them end."""
    values = yaml.safe_load(shipped("review.yaml").read_text(encoding="utf-8"))
    values["lease"] = {"seconds": LEASE_SECONDS, "heartbeat_seconds": LEASE_SECONDS / 2}
    values["undo_seconds"] = UNDO_SECONDS
    values["sign_in"]["per_address"] = 1_000_000  # all of them sit at one machine
    file = folder / "review.yaml"
    file.write_text(yaml.safe_dump(values), encoding="utf-8")
    return file
