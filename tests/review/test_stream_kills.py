"""From task to label over a real Kafka while the service, and its database, are killed.

Every label that a person was told is taken is in ``review-labels`` exactly once, and every task is answered once.
"""

import os
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from random import Random

import pytest

from human_review.people.accounts import Issued, create
from human_review.service import Service
from human_review.stream import batches
from human_review.stream.points import POINTS
from human_review.testing import Postgres, make_review_task
from human_review.testing_desk import in_force
from stream_app.config_files import shipped
from stream_app.contracts.codec import decode, encode
from stream_app.contracts.review import ReviewDecision
from stream_app.contracts.topics import REVIEW_LABELS, REVIEW_QUEUE, TOPICS
from stream_app.settings import Settings
from stream_app.testing_kafka import create_topics, produce, read, wait_until

pytestmark = pytest.mark.broker
CHILD = Path(__file__).with_name("stream_child.py")
# In the suite each database takes some of the points; the long test takes all of them several times on both.
SHORT = {True: ("in-intake", "after-outbox-publish"), False: ("after-intake", "mid-outbox-publish")}


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    """A server of this file's own, which waits for its disk: it is killed here."""
    server = Postgres(durable=True)
    yield server
    server.close()


class Desk:
    """A service on a real Kafka, and the processes of it that are killed one after the other."""

    def __init__(self, service: Service, url: str, folder: Path) -> None:
        self.service = service
        self._url = url
        self._log = folder / "log"
        self._said = folder / "said"
        self._process: subprocess.Popen[bytes] | None = None
        self.late_undo = False
        self.tasks: list[str] = []

    def start(self, trip: str = "", after: int = 1) -> None:
        settings = self.service.settings
        environment = {name: value for name, value in os.environ.items() if not name.startswith("WEIR_")} | {
            "WEIR_KAFKA_BOOTSTRAP": settings.kafka_bootstrap,
            "WEIR_TOPIC_PREFIX": settings.topic_prefix,
            "WEIR_CONSUMER_GROUP": settings.consumer_group,
            "WEIR_SESSION_TIMEOUT_SECONDS": "2",
            "WEIR_DATABASE_URL": self._url,
            "WEIR_DATA_DIR": str(settings.data_dir),
            "WEIR_REVIEW_CONFIG": str(settings.review_config),
            "WEIR_TRIP_POINT": trip,
            "WEIR_TRIP_AFTER": str(after),
        }
        with self._said.open("ab") as said, self._log.open("ab") as log:
            command = [sys.executable, CHILD, *(["late-undo"] if self.late_undo else [])]
            self._process = subprocess.Popen(command, env=environment, stdout=said, stderr=log)

    def ended(self) -> int | None:
        assert self._process is not None
        return self._process.poll()

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def ask(self, count: int) -> None:
        """Send tasks that a person must look at."""
        new = [make_review_task(len(self.tasks) + number) for number in range(count)]
        produce(self.service.settings, REVIEW_QUEUE, [(task.item.item_id, encode(task)) for task in new])
        self.tasks += [task.task_id for task in new]

    def told(self, what: str = "label") -> dict[str, str]:
        """The task of each label that was accepted, or of which something else was said."""
        return {line[1]: line[2] for line in self._lines() if line[0] == what}

    def _lines(self) -> list[list[str]]:
        return [line.split() for line in self._said.read_text().splitlines()] if self._said.exists() else []

    def labels(self) -> list[ReviewDecision]:
        records = read(self.service.settings, REVIEW_LABELS)
        return [decode(record.value, ReviewDecision) for record in records]

    def finish(self) -> list[ReviewDecision]:
        """Let the service finish, undisturbed, check what came of everything and return what is in Kafka."""
        if self._process is None or self.ended() is not None:
            self.start()
        wait_until(self._is_done, 120, "the last label")
        self.kill()
        labels = self.labels()
        assert Counter(label.label_id for label in labels).most_common(1)[0][1] == 1
        assert set(self.told()) <= {label.label_id for label in labels}
        assert Counter(label.task.task_id for label in in_force(labels)) == Counter(self.tasks)
        return labels

    def _is_done(self) -> bool:
        assert self.ended() is None, self._log.read_text()
        # More answers may have been given than were told: whoever was killed did not get to say it.
        with self.service.database.read() as connection:
            waits = batches.unsent(connection)
        is_idle = self._lines()[-1:] == [["idle"]]
        return is_idle and not waits and len(in_force(self.labels())) >= len(self.tasks)


@pytest.fixture
def desk(new_service: Callable[..., Service], kafka_settings: Settings, tmp_path: Path) -> Iterator[Desk]:
    create_topics(kafka_settings, TOPICS, partitions=2)
    config = shipped("review.yaml").read_text(encoding="utf-8")
    config = config.replace("undo_seconds: 10", "undo_seconds: 0.1").replace("second_share: 0.05", "second_share: 0")
    connection = kafka_settings.model_dump(include={"kafka_bootstrap", "topic_prefix", "consumer_group"})
    service = new_service(config=config, **connection)
    create(service, None, name="kim", role="reviewer", oidc=Issued("test", uuid.uuid4().hex))
    desk = Desk(service, service.database.engine.url.render_as_string(hide_password=False), tmp_path)
    yield desk
    desk.kill()


def kill_at(desk: Desk, point: str, after: int = 1) -> None:
    desk.start(point, after)
    desk.ask(6)
    end = time.monotonic() + 120
    while desk.ended() is None:  # a batch may hold all that was sent, and some points are passed once a batch
        assert time.monotonic() < end, f"it did not end at {point}"
        time.sleep(1)
        desk.ask(1)
    assert desk.ended() == -signal.SIGKILL


def test_labels_are_sent_once_when_the_service_is_killed_on_its_way(desk: Desk) -> None:
    for point in SHORT[desk.service.database.is_sqlite]:
        kill_at(desk, point)
    desk.finish()


@pytest.mark.long
def test_labels_are_sent_once_when_the_service_is_killed_anywhere(desk: Desk) -> None:
    for after in (1, 2, 3):
        for point in POINTS:
            kill_at(desk, point, after)
    desk.finish()


def check_withdrawals(desk: Desk, points: Iterable[str], after: int) -> None:
    """Kill it on the way of labels and of what withdraws them, and find label, withdrawal, label for each task."""
    desk.late_undo = True
    for point in points:
        kill_at(desk, point, after)
    labels = desk.finish()
    assert not desk.told("in-time")
    assert len(desk.told("undone")) >= len(desk.tasks) // 2
    place = {label.label_id: number for number, label in enumerate(labels)}  # in Kafka's order within each task
    withdrawn = {label.replaces: label for label in labels if label.withdrawn is not None}
    assert set(desk.told("undone")) <= set(withdrawn)
    for label in in_force(labels):
        if label.replaces is None:  # killed before its first answer could be taken back
            continue
        assert place[label.replaces] < place[withdrawn[label.replaces].label_id] < place[label.label_id]


def test_a_late_undo_is_sent_once_and_in_its_place_when_the_service_is_killed(desk: Desk) -> None:
    check_withdrawals(desk, ("mid-outbox-publish", "after-outbox-publish"), 2)  # the first is a label


@pytest.mark.long
@pytest.mark.parametrize("after", [1, 2, 3])
def test_a_late_undo_is_sent_once_and_in_its_place_wherever_the_service_is_killed(desk: Desk, after: int) -> None:
    check_withdrawals(desk, POINTS, after)


def kill_database(desk: Desk, request: pytest.FixtureRequest) -> None:
    if desk.service.database.is_sqlite:
        desk.kill()  # it is the database's process as well
        desk.start()
    else:  # the service goes on, and finds its database again
        postgres: Postgres = request.getfixturevalue("postgres")
        postgres.stop(hard=True)
        postgres.start()
        desk.service.database.engine.dispose()


def check_database(desk: Desk, request: pytest.FixtureRequest, moments: list[float]) -> None:
    """Kill the database so many seconds after a label was accepted, each time while others are on their way."""
    desk.start()
    for moment in moments:
        told = len(desk.told())
        desk.ask(10)
        wait_until(lambda told=told: len(desk.told()) > told, 120, "another label")
        time.sleep(moment)
        kill_database(desk, request)
    desk.finish()


def test_labels_are_sent_once_when_the_database_is_killed(desk: Desk, request: pytest.FixtureRequest) -> None:
    check_database(desk, request, [0.0, 0.2])


@pytest.mark.long
def test_labels_are_sent_once_whenever_the_database_is_killed(desk: Desk, request: pytest.FixtureRequest) -> None:
    random = Random(7)
    check_database(desk, request, [random.uniform(0.0, 1.0) for _ in range(15)])
