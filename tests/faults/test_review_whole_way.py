"""From a post to what becomes of it, through every process and a real Kafka, followed by its ids."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from human_review.database.engine import Database, default_url
from human_review.database.tables import items, tasks
from stream_app.config_files import shipped
from stream_app.contracts.codec import decode, encode
from stream_app.contracts.content import ContentItem
from stream_app.contracts.decision import Decision, EnforcementAction
from stream_app.contracts.feedback import TrainingExample, example_id_of
from stream_app.contracts.ids import digest
from stream_app.contracts.review import ReviewDecision, ReviewTask, Ruling
from stream_app.contracts.topics import (
    CONTENT,
    DECISIONS,
    ENFORCEMENT,
    RETRAINING,
    REVIEW_LABELS,
    REVIEW_QUEUE,
    RULINGS,
    Topic,
)
from stream_app.settings import Settings
from stream_app.supervisor import feedback_command, worker_command
from stream_app.testing_checker import report
from stream_app.testing_faults import Crew, damage_stores, environment
from stream_app.testing_kafka import Sent, free_ports, produce, read, wait_until
from stream_app.testing_load import effective

pytestmark = pytest.mark.broker

REVIEW = [sys.executable, "-c", "from human_review.commands.review import app; app()"]
WAIT = 180  # seconds; three programs start, on what may be a busy machine
PASSWORD = "a long walk by the quiet river"
CANARY = "quetzalcoatlus7731"
HELD = f"I will kill you tonight, {CANARY}."
SHOWN = "what a donkey you are"


@dataclass
class Way:
    """All processes of one deployment, the person at the desk, and what came out."""

    settings: Settings
    worker: Crew
    feedback: Crew
    review: Crew
    person: httpx.Client

    def post(self, *sent: Sent) -> None:
        produce(self.settings, CONTENT, sent)

    def find(self, topic: Topic, message: type[Any], of: Callable[[Any], bool], number: int = 1) -> list[Any]:
        """All messages of a topic that match, once there are as many as that."""

        def found() -> list[Any]:
            values = [decode(record.value, message) for record in read(self.settings, topic) if record.value]
            matching = [value for value in values if of(value)]
            return matching if len(matching) >= number else []

        return list(wait_until(found, WAIT, f"{message.__name__} on {topic.name}", every=0.3))

    def decide(self, task_id: str, verdict: str, *labels: str) -> str:
        """Take tasks until it is this one and answer it; the id of the label."""

        def taken() -> dict[str, Any]:
            answer = self.person.post("/api/v1/tasks/next", json={})
            return answer.json() if answer.status_code == 200 else {}

        card = wait_until(taken, WAIT, "a task at the desk", every=0.3)
        assert card["task_id"] == task_id, card
        given = {"token": card["token"], "verdict": verdict, "labels": list(labels), "seconds": 4.0}
        answer = self.person.post(f"/api/v1/seats/{card['seat_id']}/decision", json=given)
        assert answer.status_code == 200, answer.text
        assert answer.json()["final"] is True
        return str(answer.json()["label_id"])

    def of_item(self, topic: Topic, item_id: str) -> list[bytes | None]:
        return [record.value for record in read(self.settings, topic) if record.key == item_id.encode()]

    def actions(self, item_id: str) -> list[str]:
        return [decode(value, EnforcementAction).kind for value in self.of_item(ENFORCEMENT, item_id)]

    def decisions(self, item_id: str) -> list[Decision]:
        return [decode(value, Decision) for value in self.of_item(DECISIONS, item_id) if value]


@pytest.fixture
def way(faulty: Settings, tmp_path: Path) -> Iterator[Way]:
    """A deployment whose labels are sent at once and by one person."""
    config = shipped("review.yaml").read_text(encoding="utf-8")
    for before, after in (
        ("undo_seconds: 10", "undo_seconds: 0.2"), ("second_share: 0.05", "second_share: 0"),
        ("labels: {self_harm: 0.2, threat: 0.2}", "labels: {}"),
    ):  # fmt: skip
        assert before in config
        config = config.replace(before, after)
    (tmp_path / "review.yaml").write_text(config, encoding="utf-8")
    [port] = free_ports(1)
    settings = faulty.model_copy(
        update={
            "review_bind": f"127.0.0.1:{port}",
            "review_config": tmp_path / "review.yaml",
            "session_timeout_seconds": 6,
        }
    )
    crews = {}
    for name, command in (("worker", worker_command()), ("feedback", feedback_command()), ("review", REVIEW)):
        (tmp_path / name).mkdir()
        crews[name] = Crew(settings, tmp_path / name)
        crews[name].command = command
    with crews["worker"], crews["feedback"], crews["review"]:
        crews["worker"].start()
        crews["review"].start()
        with httpx.Client(base_url=f"http://{settings.review_bind}", timeout=30) as person:
            sign_in(person, settings, crews["review"])
            yield Way(settings, person=person, **crews)


def sign_in(person: httpx.Client, settings: Settings, review: Crew) -> None:
    """Wait for the service, make a reviewer, sign in and choose a password."""

    def answers() -> bool:
        assert review.workers[0].status is None, review.workers[0].tail()
        try:
            return person.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    wait_until(answers, WAIT, "the review service", every=0.3)
    command = [*REVIEW, "add-user", "kim", "--password-stdin"]
    subprocess.run(command, input=f"{PASSWORD} 1\n", text=True, check=True, env=environment(settings))
    for number in (1, 2):
        answer = person.post("/api/v1/session", json={"name": "kim", "password": f"{PASSWORD} {number}"})
        assert answer.status_code == 200, answer.text
        person.headers["x-csrf-token"] = answer.json()["csrf_token"]
        if not answer.json()["must_change_password"]:
            return
        change = {"old": f"{PASSWORD} {number}", "new": f"{PASSWORD} {number + 1}"}
        changed = person.put("/api/v1/me/password", json=change)
        assert changed.status_code == 204, changed.text


def item(item_id: str, text: str) -> Sent:
    return (item_id, encode(ContentItem(item_id=item_id, text=text)))


def test_a_reviewers_verdict_reaches_the_platform_and_the_training_data_and_stays(way: Way) -> None:
    settings = way.settings
    # A post in the band is held and becomes a task.
    way.post(item("held", HELD))
    [task] = way.find(REVIEW_QUEUE, ReviewTask, lambda found: found.item.item_id == "held")
    decided = task.decision
    assert (decided.verdict, decided.pending, way.actions("held")) == ("review", "held", ["hold"])

    # A person removes it; whatever follows the label is killed while it does, and comes back.
    dying = way.feedback.start(trip="mid-publish")
    label_id = way.decide(task.task_id, "remove", "threat")
    way.feedback.trip(dying, WAIT)
    assert read(settings, RULINGS) == []
    way.feedback.start()
    [label] = way.find(REVIEW_LABELS, ReviewDecision, lambda found: found.label_id == label_id)
    assert (label.task.task_id, label.task.decision.decision_id) == (task.task_id, decided.decision_id)
    ruling_id = digest("ruling", label_id)
    [ruling] = way.find(RULINGS, Ruling, lambda found: found.item_id == "held")
    assert (ruling.ruling_id, ruling.supersedes, ruling.decided_by) == (ruling_id, decided.decision_id, "reviewer")
    [removal] = way.find(DECISIONS, Decision, lambda found: found.ruling_id == ruling_id)
    assert (removal.verdict, removal.label, removal.supersedes) == ("remove", "threat", decided.decision_id)
    assert way.actions("held") == ["hold", "remove"]
    [example] = way.find(RETRAINING, TrainingExample, lambda found: found.item_id == "held")
    assert (example.example_id, example.text, example.labels["threat"]) == (example_id_of("held"), HELD, 1)
    whence = (f"decision:{decided.decision_id}", f"task:{task.task_id}", f"label:{label_id}")
    assert example.lineage == (*whence, f"reviewer:{label.reviewer_id}")

    # Another is released, which is not the same as being removed.
    way.post(item("fine", f"{HELD} It is a line of a play."))
    [other] = way.find(REVIEW_QUEUE, ReviewTask, lambda found: found.item.item_id == "fine")
    allowed = way.decide(other.task_id, "allow")
    way.find(DECISIONS, Decision, lambda found: found.ruling_id == digest("ruling", allowed))
    [benign] = way.find(RETRAINING, TrainingExample, lambda found: found.item_id == "fine")
    assert set(benign.labels.values()) == {0}
    assert way.actions("fine") == ["hold", "release"]

    # Posted again it keeps the verdict; also for a worker whose store is gone.
    for turn in range(2):
        assert answer_to_a_repeat(way, item("held", HELD)) == removal
        if not turn:
            way.worker.kill(way.worker.workers[0])
            assert damage_stores(settings.data_dir, Random(1), "wiped")
            way.worker.start()
    assert way.actions("held") == ["hold", "remove"]
    assert len(way.find(RULINGS, Ruling, lambda found: True)) == 2

    # Its author deletes it: nothing of it is left with the reviewers, and nothing is learned from it.
    way.post(("held", None))
    # One by the worker at once, one after whatever label was still on its way.
    wait_until(lambda: way.of_item(RETRAINING, example_id_of("held"))[-2:] == [None] * 2, WAIT, "the erasures")
    wait_until(lambda: effective(settings).get("held") is None, WAIT, "the deletion")
    wait_until(lambda: forgotten(way, "held"), WAIT, "the erasure of the task")
    assert not holding(settings.data_dir / "review", CANARY)
    assert way.of_item(RETRAINING, example_id_of("fine"))[-1] is not None
    report("the whole way", item="held", label=label_id, ruling=ruling_id, decision=removal.decision_id)


def answer_to_a_repeat(way: Way, sent: Sent) -> Decision:
    """The decision that follows when an item is posted again."""
    item_id = str(sent[0])
    written = len(way.decisions(item_id))
    way.post(sent)
    return wait_until(lambda: way.decisions(item_id)[written:], WAIT, "an answer to the repeat")[0]


def forgotten(way: Way, item_id: str) -> bool:
    """Whether the review database has no key for an item any more."""
    database = Database(default_url(way.settings.data_dir))
    try:
        with database.read() as connection:
            row = connection.execute(select(items).where(items.c.item_id == item_id)).one()
            sealed = connection.execute(select(tasks.c.sealed).where(tasks.c.item_id == item_id)).scalars().all()
        return row.wrapped_key is None and not any(sealed)
    finally:
        database.close()


def holding(folder: Path, word: str) -> list[str]:
    """The files below a folder that hold a word."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert files
    return [str(file) for file in files if word.encode() in file.read_bytes()]
