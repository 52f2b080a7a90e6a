"""From a post to what becomes of it, through every process and a real Kafka, followed by its ids."""

import re
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from human_review.database.engine import Database, default_url
from human_review.database.tables import items, tasks
from stream_app.config_files import shipped
from stream_app.contracts.codec import decode, encode, schema_of
from stream_app.contracts.content import ContentItem
from stream_app.contracts.decision import Decision, EnforcementAction
from stream_app.contracts.feedback import TrainingExample, example_id_of
from stream_app.contracts.ids import digest
from stream_app.contracts.review import Appeal, AppealDecision, ReviewDecision, ReviewTask, Ruling, UserReport
from stream_app.contracts.topics import (
    APPEALS,
    CONTENT,
    DECISIONS,
    ENFORCEMENT,
    REPORTS,
    RETRAINING,
    REVIEW_LABELS,
    REVIEW_QUEUE,
    RULINGS,
    TOPICS,
    Topic,
)
from stream_app.settings import Settings
from stream_app.supervisor import feedback_command, worker_command
from stream_app.testing_checker import report
from stream_app.testing_faults import Crew, damage_stores, environment
from stream_app.testing_kafka import KafkaBroker, Sent, create_topics, free_ports, produce, read, wait_until
from stream_app.testing_load import LOAD_MAX_VALUE_BYTES, effective

pytestmark = pytest.mark.broker

REVIEW = [sys.executable, "-c", "from human_review.commands.review import app; app()"]
WAIT = 180  # seconds; three programs start, on what may be a busy machine
PASSWORD = "a long walk by the quiet river"
CANARY = "quetzalcoatlus7731"
HELD = f"I will kill you tonight, {CANARY}."
APPEALED = "You deserve to die, and I will burn your house down"
REPORTED = "I will find you and cut your throat, you will die."


@dataclass
class Way:
    """All processes of one deployment, two people at the desk, and what came out."""

    settings: Settings
    worker: Crew
    feedback: Crew
    review: Crew
    person: httpx.Client
    another: httpx.Client

    def post(self, *sent: Sent) -> None:
        produce(self.settings, CONTENT, sent)

    def find(self, topic: Topic, message: type[Any], of: Callable[[Any], bool], number: int = 1) -> list[Any]:
        """All messages of a topic, those of this type, that match, once there are as many as that."""
        stamp = schema_of(message).encode()

        def found() -> list[Any]:
            records = [one for one in read(self.settings, topic) if one.value and one.header("weir-schema") == stamp]
            values = [decode(record.value, message) for record in records]
            matching = [value for value in values if of(value)]
            return matching if len(matching) >= number else []

        return list(wait_until(found, WAIT, f"{message.__name__} on {topic.name}", every=0.3))

    def decide(self, task_id: str, verdict: str, *labels: str) -> str:
        """Take tasks until it is this one and answer it; the id of the label."""
        card = take(self.person)
        assert card["task_id"] == task_id, card
        given = {"token": card["token"], "verdict": verdict, "labels": list(labels), "seconds": 4.0}
        answer = self.person.post(f"/api/v1/seats/{card['seat_id']}/decision", json=given)
        assert answer.status_code == 200, answer.text
        assert answer.json()["final"] is True
        return str(answer.json()["label_id"])

    def decide_on_the_page(self, task_id: str, verdict: str, *labels: str) -> str:
        """The same with the forms of the work page, as a browser sends them: the field against forged ones alone."""
        headers = {"origin": str(self.person.base_url).rstrip("/"), "accept": "text/html"}
        with httpx.Client(base_url=self.person.base_url, cookies=self.person.cookies, headers=headers) as page:
            shown = wait_until(lambda: self._next_on(page), WAIT, "a task on the page", every=0.3)
            forged = page.post("/work/next")
            assert forged.status_code == 403
            address = find(r'action="(/work/seats/[^"]+/decision)"', shown)
            assert address == f"/work/seats/{digest('seat', task_id, 1)}/decision"
            form = {
                "csrf_token": hidden(shown, "csrf_token"), "token": hidden(shown, "token"), "verdict": verdict,
                "labels": list(labels), "seconds": "4.0",
            }  # fmt: skip
            answer = page.post(address, data=form)
            assert answer.status_code == 303, answer.text
            return find(r"done=([^&]+)", answer.headers["location"])

    def _next_on(self, page: httpx.Client) -> str:
        """The page with a card on it; empty where nobody has got one."""
        taken = page.post("/work/next", data={"csrf_token": hidden(page.get("/work").text, "csrf_token")})
        assert taken.status_code == 303, taken.text
        shown = page.get(taken.headers["location"]).text
        return shown if "/decision" in shown else ""

    def of_item(self, topic: Topic, item_id: str) -> list[bytes | None]:
        return [record.value for record in read(self.settings, topic) if record.key == item_id.encode()]

    def actions(self, item_id: str) -> list[str]:
        return [decode(value, EnforcementAction).kind for value in self.of_item(ENFORCEMENT, item_id)]

    def decisions(self, item_id: str) -> list[Decision]:
        return [decode(value, Decision) for value in self.of_item(DECISIONS, item_id) if value]


@pytest.fixture(scope="module")
def settings(kafka: KafkaBroker, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A deployment whose labels are sent at once and by one person."""
    folder = tmp_path_factory.mktemp("whole-way")
    config = shipped("review.yaml").read_text(encoding="utf-8")
    for before, after in (
        ("undo_seconds: 10", "undo_seconds: 0.2"), ("second_share: 0.05", "second_share: 0"),
        ("labels: {self_harm: 0.2, threat: 0.2}", "labels: {}"),
    ):  # fmt: skip
        assert before in config
        config = config.replace(before, after)
    (folder / "review.yaml").write_text(config, encoding="utf-8")
    [port] = free_ports(1)
    own = f"test-{uuid.uuid4().hex[:8]}"
    settings = Settings(
        kafka_bootstrap=kafka.bootstrap, topic_prefix=f"{own}.", consumer_group=own, metrics_port=0,
        data_dir=folder / "data", session_timeout_seconds=6, commit_interval_ms=300, batch_items=64,
        shutdown_seconds=10, max_value_bytes=LOAD_MAX_VALUE_BYTES, log_format="text",
        review_bind=f"127.0.0.1:{port}", review_config=folder / "review.yaml",
    )  # fmt: skip
    create_topics(settings, TOPICS, partitions=4)
    return settings


@pytest.fixture(scope="module")
def way(settings: Settings) -> Iterator[Way]:
    """The processes but for that of feedback, which each test starts, and two reviewers."""
    crews = {}
    for name, command in (("worker", worker_command()), ("feedback", feedback_command()), ("review", REVIEW)):
        folder = settings.data_dir.parent / name
        folder.mkdir()
        crews[name] = Crew(settings, folder)
        crews[name].command = command
    with ExitStack() as stack:
        for crew in crews.values():
            stack.enter_context(crew)
        crews["worker"].start()
        crews["review"].start()
        people = [
            stack.enter_context(httpx.Client(base_url=f"http://{settings.review_bind}", timeout=30)) for _ in range(2)
        ]
        wait_for(people[0], crews["review"])
        for person, name in zip(people, ("kim", "lee"), strict=True):
            sign_in(person, name, settings)
        yield Way(settings, person=people[0], another=people[1], **crews)


def wait_for(person: httpx.Client, review: Crew) -> None:
    """Wait until the review service answers."""

    def answers() -> bool:
        assert review.workers[0].status is None, review.workers[0].tail()
        try:
            return person.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    wait_until(answers, WAIT, "the review service", every=0.3)


def sign_in(person: httpx.Client, name: str, settings: Settings) -> None:
    """Make a reviewer, sign in and choose a password."""
    command = [*REVIEW, "add-user", name, "--password-stdin"]
    subprocess.run(command, input=f"{PASSWORD} 1\n", text=True, check=True, env=environment(settings))
    for number in (1, 2):
        answer = person.post("/api/v1/session", json={"name": name, "password": f"{PASSWORD} {number}"})
        assert answer.status_code == 200, answer.text
        person.headers["x-csrf-token"] = answer.json()["csrf_token"]
        if not answer.json()["must_change_password"]:
            return
        change = {"old": f"{PASSWORD} {number}", "new": f"{PASSWORD} {number + 1}"}
        changed = person.put("/api/v1/me/password", json=change)
        assert changed.status_code == 204, changed.text


def take(person: httpx.Client) -> dict[str, Any]:
    """The task that somebody is given, once there is one."""

    def taken() -> dict[str, Any]:
        answer = person.post("/api/v1/tasks/next", json={})
        return answer.json() if answer.status_code == 200 else {}

    return wait_until(taken, WAIT, "a task at the desk", every=0.3)


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
    label_id = way.decide_on_the_page(task.task_id, "remove", "threat")
    way.feedback.trip(dying, WAIT)
    assert read(settings, RULINGS) == []
    way.feedback.start()
    [label] = way.find(REVIEW_LABELS, ReviewDecision, lambda found: found.label_id == label_id)
    assert (label.task.task_id, label.task.decision.decision_id) == (task.task_id, decided.decision_id)
    ruling_id = digest("ruling", "reviewer", label_id)
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
    way.find(DECISIONS, Decision, lambda found: found.ruling_id == digest("ruling", "reviewer", allowed))
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
    assert [len(way.of_item(RULINGS, name)) for name in ("held", "fine")] == [1, 1]

    # Its author deletes it: nothing of it is left with the reviewers, and nothing is learned from it.
    key = key_of(way, "held")
    assert key
    # In any of the database's files: the last pages may lie in its log.
    assert holding(settings.data_dir / "review", key)
    way.post(("held", None))
    # One by the worker at once, one after whatever label was still on its way.
    wait_until(lambda: way.of_item(RETRAINING, example_id_of("held"))[-2:] == [None] * 2, WAIT, "the erasures")
    wait_until(lambda: effective(settings).get("held") is None, WAIT, "the deletion")
    wait_until(lambda: forgotten(way, "held"), WAIT, "the erasure of the task")
    # Its text was never there to be read; the key to it is gone from every file, and with it the content.
    assert not holding(settings.data_dir / "review", CANARY.encode())
    wait_until(lambda: not holding(settings.data_dir / "review", key), WAIT, "the end of the key", every=0.5)
    assert way.of_item(RETRAINING, example_id_of("fine"))[-1] is not None
    report("the whole way", item="held", label=label_id, ruling=ruling_id, decision=removal.decision_id)


def test_an_appeal_that_another_person_grants_gives_the_item_back_and_corrects_the_training_data(way: Way) -> None:
    way.feedback.keep(1)
    # One person removes a post.
    way.post(item("appealed", APPEALED))
    [task] = way.find(REVIEW_QUEUE, ReviewTask, lambda found: found.item.item_id == "appealed")
    label_id = way.decide(task.task_id, "remove", "threat")
    [removal] = way.find(DECISIONS, Decision, lambda found: found.ruling_id == digest("ruling", "reviewer", label_id))
    way.find(ENFORCEMENT, EnforcementAction, lambda found: found.decision_id == removal.decision_id)
    [learned] = way.find(RETRAINING, TrainingExample, lambda found: found.item_id == "appealed")
    assert (learned.source, learned.labels["threat"]) == ("review", 1)

    # Its author appeals. Whoever removed it never gets the appeal; another does.
    appeal = Appeal(
        appeal_id="appeal-1", decision_id=removal.decision_id, item=task.item, origin=task.origin,
        statement="It is a line of a song.", appealed_at=datetime.now(UTC),
    )  # fmt: skip
    produce(way.settings, APPEALS, [("appealed", encode(appeal))])
    card = take(way.another)
    assert (card["appeal"], card["item_id"]) == (True, "appealed")
    assert card["task_id"] == digest("task", "appeal", "appeal-1")
    place = f"/api/v1/seats/{card['seat_id']}"
    given_back = way.another.post(f"{place}/release", json={"token": card["token"]})
    assert given_back.status_code == 204, given_back.text
    for queue in ({}, {"queue": "appeals"}):
        assert way.person.post("/api/v1/tasks/next", json=queue).status_code == 204
    again = take(way.another)
    assert again["task_id"] == card["task_id"]
    place = f"/api/v1/seats/{again['seat_id']}"
    granted = {"token": again["token"], "outcome": "overturned", "reply": "You quoted it.", "verdict": "allow"}
    refused = way.person.post(f"{place}/appeal-decision", json=granted)
    assert refused.status_code in {403, 409}, refused.text
    answer = way.another.post(f"{place}/appeal-decision", json=granted)
    assert answer.status_code == 200, answer.text

    # The outcome, the ruling, the decision in force, the action, the example: each names the one before.
    [outcome] = way.find(REVIEW_LABELS, AppealDecision, lambda found: found.appeal_id == "appeal-1")
    assert (outcome.outcome, outcome.decision_id, outcome.verdict) == ("overturned", removal.decision_id, "allow")
    [label] = way.find(REVIEW_LABELS, ReviewDecision, lambda found: found.label_id == label_id)
    assert outcome.reviewer_id != label.reviewer_id
    ruling_id = digest("ruling", "appeal", "appeal-1")
    [ruling] = way.find(RULINGS, Ruling, lambda found: found.ruling_id == ruling_id)
    assert (ruling.decided_by, ruling.supersedes, ruling.verdict) == ("appeal", removal.decision_id, "allow")
    [decision] = way.find(DECISIONS, Decision, lambda found: found.ruling_id == ruling_id)
    assert (decision.decided_by, decision.supersedes, decision.verdict) == ("appeal", removal.decision_id, "allow")
    [action] = way.find(ENFORCEMENT, EnforcementAction, lambda found: found.decision_id == decision.decision_id)
    assert (action.kind, way.actions("appealed")) == ("restore", ["hold", "remove", "restore"])
    first, second = way.find(RETRAINING, TrainingExample, lambda found: found.item_id == "appealed", number=2)
    assert (first, second.example_id, second.source) == (learned, learned.example_id, "appeal")
    assert set(second.labels.values()) == {0}
    whence = (f"decision:{removal.decision_id}", f"task:{card['task_id']}", "appeal:appeal-1")
    assert second.lineage == (*whence, f"reviewer:{outcome.reviewer_id}")
    report("an appeal", item="appealed", label=label_id, appeal="appeal-1", ruling=ruling_id, action=action.kind)


def test_a_report_brings_an_open_item_before_people_sooner_and_makes_no_label(way: Way) -> None:
    way.feedback.keep(1)
    way.post(item("reported", REPORTED))
    [task] = way.find(REVIEW_QUEUE, ReviewTask, lambda found: found.item.item_id == "reported")
    before = wait_until(lambda: standing(way, task.task_id), WAIT, "the task in the database")
    assert before is not None
    told = UserReport(
        report_id="report-1", item_id="reported", reason="threat", reporter_id="u-1", reported_at=datetime.now(UTC)
    )
    produce(way.settings, REPORTS, [("reported", encode(told))])

    def raised() -> tuple[float, int] | None:
        now = standing(way, task.task_id)
        return now if now and now != before else None

    after = wait_until(raised, WAIT, "the raised priority")
    assert after is not None
    priority, rank_ms = after
    assert priority > before[0]
    assert rank_ms < before[1]
    # Labels of an item come in order: had the report made one, it would stand before that of the reviewer.
    label_id = way.decide(task.task_id, "remove", "threat")
    way.find(DECISIONS, Decision, lambda found: found.ruling_id == digest("ruling", "reviewer", label_id))
    [value] = way.of_item(REVIEW_LABELS, "reported")
    assert value is not None
    assert decode(value, ReviewDecision).label_id == label_id
    assert len(way.of_item(RULINGS, "reported")) == 1
    assert len(way.of_item(RETRAINING, example_id_of("reported"))) == 1
    assert way.actions("reported") == ["hold", "remove"]
    report("a report", item="reported", priority=f"{before[0]:.2f} to {priority:.2f}", labels=1)


def standing(way: Way, task_id: str) -> tuple[float, int] | None:
    """Priority and rank of an open task in the review database; None before it is there."""
    database = Database(default_url(way.settings.data_dir))
    try:
        with database.read() as connection:
            columns = select(tasks.c.priority, tasks.c.rank_ms)
            row = connection.execute(columns.where(tasks.c.task_id == task_id, tasks.c.state == "open")).one_or_none()
        return (row.priority, row.rank_ms) if row else None
    finally:
        database.close()


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


def key_of(way: Way, item_id: str) -> bytes:
    """The key that seals all that is kept of an item, as it lies in the database."""
    database = Database(default_url(way.settings.data_dir))
    try:
        with database.read() as connection:
            return bytes(connection.execute(select(items.c.wrapped_key).filter_by(item_id=item_id)).scalar_one())
    finally:
        database.close()


def find(pattern: str, text: str) -> str:
    """The first group of the first match."""
    found = re.search(pattern, text)
    assert found, f"there is no {pattern}"
    return found[1]


def hidden(page: str, name: str) -> str:
    """The value of a hidden field."""
    return find(rf'name="{name}" value="([^"]+)"', page)


def holding(folder: Path, word: bytes) -> list[str]:
    """The files below a folder that hold a word."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert files
    return [str(file) for file in files if word in file.read_bytes()]
