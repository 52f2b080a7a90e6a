"""What goes on beside the web service: topics come in, the outbox goes out, and what is due now and then."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from human_review.audit import heads
from human_review.desk.again import again
from human_review.desk.traces import checkpoint
from human_review.quality import refresh as quality
from human_review.service import Service
from human_review.stream import batches
from human_review.stream.consumer import Intake
from human_review.stream.jobs import Job, Work, every
from human_review.stream.points import review_trip
from human_review.stream.publisher import Publisher
from human_review.stream.readers import readers
from human_review.stream.waiting import Waiting
from human_review.webhooks import delivering, due
from stream_app.adapters.trip import Trip
from stream_app.contracts.metrics import OUTBOX_AGE, OUTBOX_WAITING
from stream_app.errors import Fenced

ERASURE_SECONDS = 5.0
# PostgreSQL writes a whole table anew for it, for which nobody else can use it.
REWRITE_SECONDS = 3600.0
OUTBOX_SECONDS = 0.25
BACKLOG_SECONDS = 5.0
HEADS_SECONDS = 5.0
WEBHOOK_SECONDS = 2.0
QUALITY_SECONDS = 120.0
FORGET_SECONDS = 3600.0
# Another publisher is at work as long as nothing that is due waits for longer.
STANDBY_MS = 15_000


@dataclass(frozen=True, slots=True)
class Stream:
    """The jobs of one process."""

    jobs: tuple[Job, ...]

    def healthy(self) -> bool:
        """Whether every job works."""
        return not self.problems()

    def problems(self) -> list[str]:
        """What is wrong with the jobs that do not work."""
        return [f"{job.name}: {problem}" for job in self.jobs if (problem := job.problem())]

    def stop(self, seconds: float = 10.0) -> bool:
        """Ask all jobs to end and wait that long for them; whether all did. What is unfinished is finished later."""
        for job in self.jobs:
            job.ask_to_stop()
        end = time.monotonic() + seconds
        ended = [job.join(max(0.0, end - time.monotonic())) for job in self.jobs]
        return all(ended)


def start(service: Service) -> Stream:
    """Start all jobs. Without Kafka (``WEIR_REVIEW_KAFKA`` off) nothing comes in and the outbox waits."""
    trip = review_trip(service.settings)
    waiting = Waiting(service)
    work: dict[str, Work] = {
        "backlog": every(BACKLOG_SECONDS, lambda: _measure(service, waiting)),
        "forget": every(FORGET_SECONDS, lambda: _forget(service)),
        "audit-heads": every(HEADS_SECONDS, lambda: heads.announce(service)),
        "webhooks": lambda stop, beat: delivering.keep_delivering(service, stop, beat, WEBHOOK_SECONDS),
        "quality": every(QUALITY_SECONDS, lambda: quality.refresh(service)),
    }
    if service.settings.review_kafka:
        erased = threading.Event()
        erased.set()  # the process before may have ended between an erasure and its checkpoint
        work |= {
            "intake": _intake(service, trip, erased),
            "erasure": every(ERASURE_SECONDS, _Traces(service, erased)),
            "publisher": _Publishing(service, trip),
        }
    jobs = tuple(Job(name, each, service.telemetry) for name, each in work.items())
    for job in jobs:
        job.start()
    return Stream(jobs)


def _intake(service: Service, trip: Trip, erased: threading.Event) -> Work:
    def work(stop: threading.Event, beat: Callable[[], None]) -> None:
        with service.database.read():
            pass  # raises while the database is away: nothing is worth reading then
        intake = Intake(service, readers(erased), trip)
        try:
            while not stop.is_set():
                intake.step()
                beat()
        finally:
            intake.close()

    return work


class _Publishing:
    """Publishes; once it was fenced out, only where its successor lets messages wait."""

    def __init__(self, service: Service, trip: Trip) -> None:
        self._service = service
        self._trip = trip
        self._standby = False

    def __call__(self, stop: threading.Event, beat: Callable[[], None]) -> None:
        while self._standby and not stop.is_set() and _age_ms(self._service) < STANDBY_MS:
            beat()
            stop.wait(1.0)
        if stop.is_set():
            return
        publisher = Publisher(self._service, self._trip)
        self._standby = False
        try:
            self._publish(publisher, stop, beat)
        except Fenced:
            self._standby = True
        finally:
            publisher.close()

    def _publish(self, publisher: Publisher, stop: threading.Event, beat: Callable[[], None]) -> None:
        while not stop.is_set():
            sent = publisher.step()
            beat()
            if not sent:
                stop.wait(OUTBOX_SECONDS)


def _age_ms(service: Service) -> int:
    with service.database.read() as connection:
        return batches.backlog(connection).age_ms


def _measure(service: Service, waiting: Waiting) -> None:
    with service.database.read() as connection:
        found = batches.backlog(connection)
    service.telemetry.set(OUTBOX_WAITING, found.messages)
    service.telemetry.set(OUTBOX_AGE, found.age_ms / 1000)
    waiting.measure()


@again
def _forget(service: Service) -> None:
    with service.database.write() as connection:
        batches.forget_old(connection)
        due.forget_old(connection)


class _Traces:
    """Leaves nothing of erased items in the database's files; tried again soon where others are in the way."""

    def __init__(self, service: Service, erased: threading.Event) -> None:
        self._service = service
        self._erased = erased
        self._not_before = 0.0

    def __call__(self) -> None:
        if not self._erased.is_set() or time.monotonic() < self._not_before:
            return
        self._erased.clear()
        if not checkpoint(self._service):
            self._erased.set()
        elif not self._service.database.is_sqlite:
            self._not_before = time.monotonic() + REWRITE_SECONDS
