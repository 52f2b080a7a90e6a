"""What follows from a label is sent exactly once and in order, whenever the feedback process is killed."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from human_review.testing import make_review_task
from stream_app.adapters.outlet import Outgoing, Outlet
from stream_app.adapters.trip import Trip
from stream_app.contracts.codec import decode, encode, schema_of
from stream_app.contracts.feedback import TrainingExample
from stream_app.contracts.ids import digest
from stream_app.contracts.review import AppealDecision, Erasure, ReviewDecision, Ruling
from stream_app.contracts.topics import DEAD_LETTERS, RETRAINING, REVIEW_LABELS, RULINGS, TOPICS
from stream_app.errors import Fenced
from stream_app.feedback import feedback_settings
from stream_app.settings import Settings
from stream_app.supervisor import feedback_command
from stream_app.testing_checker import report
from stream_app.testing_faults import Crew
from stream_app.testing_kafka import KafkaBroker, Sent, create_topics, lag, produce, read, wait_until

pytestmark = pytest.mark.broker

ITEMS = 40
APPEALED = 4  # of every so many labels, one is the outcome of an appeal
POINTS = ["mid-publish", "after-publish"]
MORE_POINTS = ["after-poll", "after-decide", "after-fence", "before-publish", "after-ack"]


@pytest.fixture
def settings(broker: KafkaBroker, kafka_settings: Settings, tmp_path: Path) -> Settings:
    """Small batches, a short session, four partitions of labels."""
    names = {topic: kafka_settings.topic(topic) for topic in (REVIEW_LABELS, RETRAINING)}
    create_topics(kafka_settings, [names.get(topic, topic) for topic in TOPICS], partitions=4)
    return kafka_settings.model_copy(
        update={
            "data_dir": tmp_path / "data", "session_timeout_seconds": 2, "commit_interval_ms": 300, "batch_items": 16,
            "shutdown_seconds": 10, "log_format": "text",
        }
    )  # fmt: skip


@pytest.fixture
def crew(settings: Settings, tmp_path: Path) -> Iterator[Crew]:
    with Crew(settings, tmp_path) as crew:
        crew.command = feedback_command()
        yield crew


def labels(turn: int) -> list[Sent]:
    """One label for each item, each taking the place of the one before; now and then something else."""
    found: list[Sent] = []
    for number in range(ITEMS):
        label = appealed(turn, number) if by(number) == "appeal" else reviewed(turn, number)
        found.append((f"item-{number}", encode(label), [("weir-schema", schema_of(type(label)).encode())]))
    found.append(("broken", b"{", [("weir-schema", b"ReviewDecision.v1")]))
    return found


def reviewed(turn: int, number: int) -> ReviewDecision:
    task = make_review_task(number)
    return ReviewDecision(
        label_id=f"{turn}-{number}", final=True, replaces=f"{turn - 1}-{number}" if turn else None, task=task,
        item_id=task.item.item_id, reviewer_id="p-1", verdict="remove" if turn % 2 else "allow",
        labels=("toxicity",) if turn % 2 else (), decided_at=datetime.now(UTC), policy_version="1",
    )  # fmt: skip


def appealed(turn: int, number: int) -> AppealDecision:
    task = make_review_task(number, why="appeal")
    return AppealDecision(
        appeal_id=f"{turn}-{number}", decision_id=task.decision.decision_id, item=task.item, origin=task.origin,
        outcome="overturned", reviewer_id="p-2", decided_at=datetime.now(UTC), task=task,
        verdict="limit" if turn % 2 else "allow", labels=("toxicity",) if turn % 2 else (), policy_version="1",
    )  # fmt: skip


def is_drained(settings: Settings) -> bool:
    try:
        return lag(settings, REVIEW_LABELS, feedback_settings(settings).consumer_group) == 0
    except Exception:  # noqa: BLE001 - the group may not be there yet
        return False


def check_kills(settings: Settings, crew: Crew, points: list[str]) -> None:
    turns = 0
    for point in points:
        produce(settings, REVIEW_LABELS, labels(turns))
        turns += 1
        crew.trip(crew.start(trip=point, trip_after=2))
    worker = crew.start()
    produce(settings, REVIEW_LABELS, labels(turns))
    turns += 1
    wait_until(lambda: read(settings, RULINGS), 60, "a ruling")
    crew.kill(worker)
    erased: list[Sent] = []
    for number in range(3):
        erasure = Erasure(item_id=f"item-{number}", erased_at=datetime.now(UTC))
        erased.append((erasure.item_id, encode(erasure), [("weir-schema", b"Erasure.v1")]))
    produce(settings, REVIEW_LABELS, erased)

    def drained() -> bool:
        crew.keep(1)
        return is_drained(settings)

    wait_until(drained, 90, "the end of the labels", every=0.5)
    rulings = defaultdict(list)
    for record in read(settings, RULINGS):
        ruling = decode(record.value, Ruling)
        assert record.partition == ruling.origin.partition
        rulings[ruling.item_id].append((ruling.decided_by, ruling.ruling_id))
    assert rulings == {
        f"item-{number}": [(by(number), digest("ruling", by(number), f"{turn}-{number}")) for turn in range(turns)]
        for number in range(ITEMS)
    }
    examples = defaultdict(list)
    for record in read(settings, RETRAINING):
        example = decode(record.value, TrainingExample) if record.value else None
        examples[record.key].append(example and (example.source, example.labels["toxicity"], example.lineage[2]))
    for number in range(ITEMS):
        key = digest("example", f"item-{number}").encode()
        source, kind = ("appeal", "appeal") if by(number) == "appeal" else ("review", "label")
        expected = [(source, turn % 2, f"{kind}:{turn}-{number}") for turn in range(turns)]
        assert examples[key] == ([*expected, None] if number < 3 else expected)
    assert len(read(settings, DEAD_LETTERS)) == turns
    appeals = turns * ITEMS // APPEALED
    report("feedback", kills=len(points) + 1, labels=turns * ITEMS, appeals=appeals, lost=0, twice=0)


def by(number: int) -> str:
    return "appeal" if number % APPEALED == 0 else "reviewer"


def test_each_label_is_followed_once_whenever_the_process_is_killed(settings: Settings, crew: Crew) -> None:
    check_kills(settings, crew, POINTS)


@pytest.mark.long
def test_each_label_is_followed_once_wherever_the_process_is_killed(settings: Settings, crew: Crew) -> None:
    check_kills(settings, crew, [*POINTS, *MORE_POINTS] * 3)


def test_who_opens_a_partition_fences_out_whoever_had_it(settings: Settings) -> None:
    def a_record(name: str) -> Outgoing:
        return Outgoing(RULINGS, name.encode(), name.encode(), (), 2)

    old = Outlet(REVIEW_LABELS, 1, settings, Trip())
    assert old.next_offset == 0
    old.send([a_record("first")], 7)
    new = Outlet(REVIEW_LABELS, 1, settings, Trip())
    other = Outlet(REVIEW_LABELS, 2, settings, Trip())
    assert (new.next_offset, other.next_offset) == (7, 0)
    with pytest.raises(Fenced):
        old.send([a_record("from a zombie")], 8)
    new.send([a_record("second")], 8)
    for each in (old, new, other):
        each.close()
    assert [(record.partition, record.value) for record in read(settings, RULINGS)] == [(2, b"first"), (2, b"second")]
