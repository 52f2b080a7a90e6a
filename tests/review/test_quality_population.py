"""How many decisions the machine made: counted as they are read, by several services at once."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

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
from stream_app.adapters.trip import Trip
from stream_app.contracts.codec import encode
from stream_app.contracts.decision import Decision

DECISIONS = readers(threading.Event())["decisions"]


def allowed(number: int, language: str) -> Decision:
    decision = make_review_task(number, language=language).decision
    return msgspec.structs.replace(decision, verdict="allow", label=None)


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
    decision = make_review_task(1).decision
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    others = [{"verdict": "allow", "label": None}, {"decided_by": "reviewer"}, {"for_the_record": True},
              {"decided_at": long_ago}]  # fmt: skip
    batch = [decision, decision, decision, *(msgspec.structs.replace(decision, **over) for over in others)]
    take_in(service, {"decisions": DECISIONS}, arrived(batch), Trip())
    undecided = ("review", "toxicity", "en")
    assert counted(service) == [("allow", "", "en", 1), (*undecided, 1), (*undecided, 3)]
    with service.database.read() as connection:
        since = now_ms(connection) - 86_400_000
        assert population.totals(connection, since) == {("review", "en"): 3, ("allow", "en"): 1}


def test_words_that_do_not_fit_hold_nobody_up(service: Service) -> None:
    """What is counted at the end of a transaction is no single message's trouble any more."""
    strange = msgspec.structs.replace(make_review_task(1).decision, label="a\x00b" * 99, language="\x00" + "x" * 99)
    take_in(service, {"decisions": DECISIONS}, arrived([strange]), Trip())
    assert counted(service) == [("review", ("ab" * 99)[:64], "x" * 35, 1)]
