"""How many decisions the machine made: counted as they are read, by several services at once."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, select

from human_review.database.engine import now_ms
from human_review.database.tables import verdict_counts
from human_review.quality import population
from human_review.service import Service, open_service
from human_review.stream import intake
from human_review.stream.intake import Arrived, Effect, Readers, Then, take_in
from human_review.stream.readers import readers
from human_review.testing import make_review_task
from stream_app.adapters.memory import MemoryLedger
from stream_app.adapters.trip import Trip
from stream_app.contracts.codec import encode
from stream_app.contracts.decision import Decision
from stream_app.contracts.origin import Origin
from stream_app.contracts.review import Ruling
from stream_app.contracts.topics import DECISIONS as TOPIC
from stream_app.testing import NOW, FakeClassifier, make_message, make_moderator

DECISIONS = readers(threading.Event())["decisions"]


def allowed(number: int, language: str) -> Decision:
    decision = make_review_task(number, language=language).decision
    return msgspec.structs.replace(decision, verdict="allow", label=None)


def removed(offset: int, **over: Any) -> Decision:
    """Of the item that was read at an offset of one partition of ``content``."""
    origin = Origin(topic="moderation.content", partition=0, offset=offset, topic_id="first")
    decision = msgspec.structs.replace(make_review_task(offset).decision, verdict="remove", origin=origin)
    return msgspec.structs.replace(decision, **over)


def take(service: Service, *decisions: Decision, partition: int = 0, start: int = 0) -> None:
    take_in(service, {"decisions": DECISIONS}, arrived(decisions, partition=partition, start=start), Trip())


def removals(service: Service) -> int:
    return sum(n for verdict, *_, n in counted(service) if verdict == "remove")


def arrived(decisions: Sequence[Decision], *, partition: int = 0, start: int = 0) -> list[Arrived]:
    return [
        Arrived("decisions", partition, offset, b"key", encode(decision))
        for offset, decision in enumerate(decisions, start)
    ]


def counted(service: Service) -> list[tuple[str, str, str, int]]:
    columns = verdict_counts.c.verdict, verdict_counts.c.label, verdict_counts.c.language, verdict_counts.c["count"]
    with service.database.read() as connection:
        return sorted(tuple(row) for row in connection.execute(select(*columns)))


@pytest.fixture
def two(new_service: Callable[..., Service]) -> Iterator[tuple[Service, Service]]:
    """Two services on one database."""
    first = new_service()
    second = open_service(first.settings)
    yield first, second
    second.database.close()


class Meeting:
    """Readers of two services that wait for each other after their first decision, so that each has begun."""

    def __init__(self, *, seconds: float) -> None:
        self._seconds = seconds
        self._begun = (threading.Event(), threading.Event())
        self.done: list[int] = []

    def readers(self, mine: int) -> Readers:
        def read(service: Service, message: Arrived) -> Effect:
            effect = DECISIONS(service, message)
            assert effect is not None

            def meeting(connection: Connection, service: Service) -> Then | None:
                self.done.append(mine)
                then = effect(connection, service)
                self._begun[mine].set()
                self._begun[1 - mine].wait(self._seconds)
                return then

            return meeting

        return {"decisions": read}


def test_two_services_that_count_in_opposite_orders_do_not_wait_for_each_other(
    two: tuple[Service, Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "TRANSACTION_SECONDS", 60.0)
    # On SQLite the second begins once the first has ended.
    meeting = Meeting(seconds=0.1 if two[0].database.is_sqlite else 30.0)
    batches = (
        arrived([allowed(1, "de"), allowed(2, "fr")], partition=0),
        arrived([allowed(3, "fr"), allowed(4, "de")], partition=1),
    )
    with ThreadPoolExecutor() as threads:
        for done in [
            threads.submit(take_in, service, meeting.readers(mine), batch, Trip())
            for mine, (service, batch) in enumerate(zip(two, batches, strict=True))
        ]:
            done.result()
    assert sorted(meeting.done) == [0, 0, 1, 1]  # a deadlock costs one of them its transaction, which is done again
    assert counted(two[0]) == [("allow", "", "de", 2), ("allow", "", "fr", 2)]


def test_a_transaction_that_fails_counts_nothing(service: Service) -> None:
    class CrashInside(Trip):
        def __call__(self, point: str) -> None:
            if point == "in-intake":
                raise KeyboardInterrupt

    batch = arrived([allowed(1, "de"), allowed(2, "de")])
    with pytest.raises(KeyboardInterrupt):
        take_in(service, {"decisions": DECISIONS}, batch, CrashInside())
    assert counted(service) == []
    take_in(service, {"decisions": DECISIONS}, batch, Trip())
    assert counted(service) == [("allow", "", "de", 2)]


def test_decisions_of_the_worker_are_counted_and_others_are_not(service: Service) -> None:
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    different: list[dict[str, Any]] = [
        {"verdict": "allow", "label": None}, {"decided_by": "reviewer"}, {"for_the_record": True},
        {"decided_at": long_ago}, {"ruling_id": "one that asks for another look"},
    ]  # fmt: skip
    take(service, *(removed(offset) for offset in range(3)))
    take(service, *(removed(offset, **over) for offset, over in enumerate(different, 3)), start=3)
    assert counted(service) == [
        ("allow", "", "en", 1),
        ("remove", "toxicity", "en", 1),
        ("remove", "toxicity", "en", 3),
    ]
    with service.database.read() as connection:
        since = now_ms(connection) - 86_400_000
        assert population.totals(connection, since) == {("remove", "en"): 3, ("allow", "en"): 1}


def test_a_decision_that_the_worker_repeats_is_counted_once(service: Service) -> None:
    """Whoever posts an item again gets its decision again, also in another batch and after a later one."""
    take(service, *[removed(5)] * 10)
    take(service, removed(6), removed(5), start=10)
    assert removals(service) == 2


def test_a_decision_is_counted_once_by_a_process_that_was_not_there_before(two: tuple[Service, Service]) -> None:
    take(two[0], removed(5))
    take(two[1], removed(5), start=1)
    assert removals(two[0]) == 1


def test_an_edit_is_a_decision_of_its_own_and_what_comes_late_is_none(service: Service) -> None:
    edited = removed(6, item_id="item-5", decision_id="edited", supersedes="first")
    late = removed(7, item_id="item-5", decision_id="late", for_the_record=True)
    take(service, removed(5), edited, late, edited)  # the one in force follows what came late
    assert removals(service) == 2


def test_partitions_are_counted_apart(service: Service) -> None:
    other = Origin(topic="moderation.content", partition=1, offset=2, topic_id="first")
    take(service, removed(5))
    take(service, removed(2, origin=other), partition=1)
    assert removals(service) == 2


def test_a_topic_that_was_made_anew_is_counted_from_its_start(service: Service) -> None:
    anew = Origin(topic="moderation.content", partition=0, offset=0, topic_id="second")
    take(service, removed(5), removed(0, origin=anew), removed(5), removed(0, origin=anew))
    assert removals(service) == 2


def test_a_decision_that_does_not_say_where_its_item_was_read_is_counted_each_time(service: Service) -> None:
    take(service, *[removed(5, origin=None)] * 2)
    assert removals(service) == 2


@pytest.mark.parametrize(
    "over", [{"offset": 2**63 - 1}, {"offset": 2**70}, {"partition": 2**31}, {"topic": "\x00t" * 999}]
)
def test_a_place_that_kafka_does_not_have_holds_nobody_up(service: Service, over: dict[str, Any]) -> None:
    origin = msgspec.structs.replace(Origin(topic="t", partition=0, offset=0), **over)
    take(service, removed(5, origin=origin), removed(6))
    assert removals(service) == 2


class Worker:
    """The worker's own path: what it sends to ``decisions``, and how many items it has decided."""

    def __init__(self) -> None:
        self._moderator = make_moderator(FakeClassifier({"awful": 0.999}))
        self._ledger = MemoryLedger()
        self._offset = 0
        self.sent: list[Arrived] = []
        self.decided = 0

    def send(self, value: dict[str, Any] | Ruling, *, offset: int | None = None) -> Decision | None:
        """Post something, or deliver again what was posted at an offset; the decision, if there is a new one."""
        if offset is None:
            offset, self._offset = self._offset, self._offset + 1
        topic, raw = (
            ("rulings", encode(value)) if isinstance(value, Ruling) else ("content", msgspec.json.encode(value))
        )
        [outcome] = self._moderator.moderate([make_message(raw, offset, topic=topic)], self._ledger.lookup)
        if outcome.entry is not None:
            self._ledger.write((0, outcome.entry[0]), outcome.entry[1])
        for record in outcome.records:
            if record.topic is TOPIC:
                self.sent.append(Arrived("decisions", 0, len(self.sent), record.key, record.value))
        self.decided += outcome.kind == "decided"
        return outcome.decision


def ruled(decision: Decision | None, ruling_id: str, **over: Any) -> Ruling:
    assert decision is not None
    assert decision.origin is not None
    ruling = Ruling(
        ruling_id=ruling_id, item_id=decision.item_id, origin=decision.origin, verdict="allow", decided_by="reviewer",
        supersedes=decision.decision_id, decided_at=NOW,
    )  # fmt: skip
    return msgspec.structs.replace(ruling, **over)


def test_what_the_worker_sends_counts_as_what_it_decided(service: Service) -> None:
    worker = Worker()
    first = worker.send({"item_id": "a", "text": "fine", "version": 1})
    for _ in range(3):
        worker.send({"item_id": "b", "text": "awful"})
    worker.send({"item_id": "a", "text": "awful", "version": 2})
    worker.send({"item_id": "a", "text": "quite fine", "version": 1})  # late
    worker.send(ruled(first, "stale"))
    worker.send({"item_id": "a", "text": "fine", "version": 1}, offset=0)  # delivered again
    second = worker.send({"item_id": "c", "text": "awful"})
    worker.send(ruled(second, "another look", verdict="review", decided_by="worker"))
    worker.send(ruled(second, "of a person"))
    worker.send({"item_id": "c", "text": "awful"})
    worker.send({"item_id": "d", "text": "fine"})
    assert (worker.decided, len(worker.sent)) == (5, 15)
    take_in(service, {"decisions": DECISIONS}, worker.sent, Trip())
    assert sum(n for *_, n in counted(service)) == worker.decided


def test_words_that_do_not_fit_hold_nobody_up(service: Service) -> None:
    """What is counted at the end of a transaction is no single message's trouble any more."""
    strange = msgspec.structs.replace(make_review_task(1).decision, label="a\x00b" * 99, language="\x00" + "x" * 99)
    take_in(service, {"decisions": DECISIONS}, arrived([strange]), Trip())
    assert counted(service) == [("review", ("ab" * 99)[:64], "x" * 35, 1)]
