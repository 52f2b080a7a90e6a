"""Background jobs are started again when they die, and say what is wrong with them."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from human_review.outbox import put
from human_review.service import Service
from human_review.stream import batches, jobs
from human_review.stream.jobs import Job, every
from human_review.stream.problems import described, is_of_the_database
from human_review.stream.run import start
from stream_app.contracts.content import Deletion
from stream_app.contracts.metrics import OUTBOX_WAITING, REVIEW_JOB_UP
from stream_app.contracts.topics import REVIEW_LABELS
from stream_app.errors import BadMessage, Unreachable
from stream_app.telemetry import Telemetry
from stream_app.testing_kafka import wait_until

SECRET = "canary-of-a-user"


@contextmanager
def running(work: jobs.Work) -> Iterator[tuple[Job, Telemetry]]:
    telemetry = Telemetry()
    job = Job("work", work, telemetry)
    job.start()
    yield job, telemetry
    job.ask_to_stop()
    assert job.join(10.0)


def test_a_job_that_dies_is_unhealthy_until_it_works_again() -> None:
    let_it_work = threading.Event()

    def work(stop: threading.Event, beat: Callable[[], None]) -> None:
        if not let_it_work.is_set():
            raise Unreachable("Kafka is away")
        beat()
        stop.wait(60)

    with running(work) as (job, telemetry):
        assert wait_until(job.problem, 10) == "Kafka is away"
        assert telemetry.value(REVIEW_JOB_UP, "work") == 0
        let_it_work.set()
        wait_until(lambda: not job.problem(), 10)
        assert telemetry.value(REVIEW_JOB_UP, "work") == 1


def test_a_job_that_hangs_is_unhealthy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "STALLED_SECONDS", 0.0)
    with running(lambda stop, _beat: stop.wait(60) and None) as (job, _):
        assert "silent" in wait_until(job.problem, 10)


def test_a_job_that_waits_for_its_time_is_healthy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "BEAT_SECONDS", 0.01)
    with running(every(3600, lambda: None)) as (job, _):
        began = job.beat_at
        wait_until(lambda: job.beat_at > began + 0.1, 10)
        assert not job.problem()


def test_a_job_that_was_stopped_says_so() -> None:
    with running(every(60, lambda: None)) as (job, _):
        pass
    assert job.problem() == "does not run"


def test_work_is_done_again_and_again() -> None:
    done: list[int] = []
    with running(every(0.01, lambda: done.append(1))):
        wait_until(lambda: len(done) > 2, 10)


def test_without_kafka_the_other_jobs_run_and_the_outbox_waits(service: Service) -> None:
    with service.database.write() as connection:
        put(connection, service, message_id="id", topic=REVIEW_LABELS, key="key", item_id=None,
            message=Deletion(item_id="item"))  # fmt: skip
    stream = start(service)
    try:
        wait_until(lambda: service.telemetry.value(OUTBOX_WAITING) == 1, 10)
        assert stream.problems() == []
        assert stream.healthy()
        assert {"audit-heads", "webhooks", "quality"} < {job.name for job in stream.jobs}
    finally:
        assert stream.stop(20.0)
    assert not stream.healthy()
    with service.database.read() as connection:
        assert batches.backlog(connection).messages == 1


@pytest.mark.parametrize(
    "problem",
    [
        ValueError(SECRET),
        IntegrityError("INSERT", {"text": SECRET}, Exception(SECRET)),
        OperationalError("INSERT", {"text": SECRET}, Exception("the server went away")),
        BadMessage("schema", f"Invalid enum value '{SECRET}' - at `$.verdict`"),
    ],
)
def test_a_problem_is_told_without_content(problem: Exception) -> None:
    words = described(problem)
    assert words
    assert SECRET not in words


def test_a_message_that_the_database_refuses_is_not_taken_for_a_database_that_is_away() -> None:
    assert is_of_the_database(OperationalError("", {}, Exception()))
    assert not is_of_the_database(IntegrityError("", {}, Exception()))
