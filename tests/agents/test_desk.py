"""The agent's work without a broker: what happens in which order, and what ends it."""

import asyncio

import pytest

from stream_app.adapters.memory import MemoryLedger
from stream_app.adapters.progress import Progress
from stream_app.adapters.trip import Trip
from stream_app.agents import moderate
from stream_app.agents.moderate import Desk, halt
from stream_app.contracts.metrics import DEAD_LETTERS, HALTED, MESSAGES, REVIEW_TASKS, VERDICTS
from stream_app.errors import ConfigError, PoisonFlood
from stream_app.pipeline.poison import PoisonBudget
from stream_app.telemetry import Telemetry
from stream_app.testing import FakeClassifier, make_message, make_moderator

ALL = ("toxicity", "hate", "threat", "sexual", "self_harm", "spam")


class Published:
    """Stands for the owned partitions; keeps what was published."""

    def __init__(self):
        self.outcomes = {}
        self.ledger = MemoryLedger()

    def lookup(self, addresses):
        return self.ledger.lookup(addresses)

    def publish(self, outcomes):
        for number, some in outcomes.items():
            self.outcomes.setdefault(number, []).extend(some)


def desk(published, telemetry, *, limit=0.2, window=100):
    moderator = make_moderator(FakeClassifier({"hmm": 0.5}, labels=ALL))
    return Desk(moderator, published, PoisonBudget(limit=limit, window=window), telemetry, Trip())


def test_outcomes_go_to_the_partitions_that_their_messages_came_from():
    published, telemetry = Published(), Telemetry()
    messages = [make_message({"item_id": f"i{n}", "text": "x"}, n, partition=n % 3) for n in range(7)]
    desk(published, telemetry).handle(messages)
    assert {number: [o.item_id for o in some] for number, some in published.outcomes.items()} == {
        0: ["i0", "i3", "i6"], 1: ["i1", "i4"], 2: ["i2", "i5"],
    }  # fmt: skip


def test_what_was_done_is_counted():
    published, telemetry = Published(), Telemetry()
    desk(published, telemetry).handle(
        [
            make_message({"item_id": "a", "text": "hmm"}),
            make_message(b"{", 1),
            make_message({"item_id": "b", "text": ""}, 2),
        ]
    )
    assert telemetry.value(MESSAGES, "decided") == 2
    assert telemetry.value(MESSAGES, "buried") == 1
    assert telemetry.value(DEAD_LETTERS, "json") == 1
    assert telemetry.value(REVIEW_TASKS, "unsure") == 1
    assert telemetry.value(VERDICTS, "allow", "none", "und") == 1


def test_of_a_flooded_batch_nothing_is_published():
    published, telemetry = Published(), Telemetry()
    worker = desk(published, telemetry)
    worker.handle([make_message(b"{", n) for n in range(20)])
    with pytest.raises(PoisonFlood):
        worker.handle([make_message(b"{", n) for n in range(20, 40)])
    assert len(published.outcomes[0]) == 20


def test_a_halted_worker_says_so_and_goes_nowhere():
    progress, telemetry = Progress(), Telemetry()

    async def run():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await halt(PoisonFlood("too much"), progress, telemetry)

    asyncio.run(run())
    assert progress.halted == "too much"
    assert telemetry.value(HALTED) == 1


@pytest.mark.parametrize(
    ("stamp", "kept"),
    [(-1.0, 0.0), (0.0, 0.0), (None, 0.0), (253_402_300_799.0, 0.0), (1_700_000_000.5, 1_700_000_000.5)],
)
def test_b11_a_timestamp_that_says_nothing_counts_as_none(stamp, kept):
    assert moderate._sane(stamp) == kept


@pytest.mark.parametrize("headers", [None, {}, []])
def test_no_headers(headers):
    assert moderate._headers(headers) == ()


def test_headers_come_as_a_list_or_a_mapping():
    assert moderate._headers([("a", b"1"), ("a", None)]) == (("a", b"1"), ("a", b""))
    assert moderate._headers({"a": b"1"}) == (("a", b"1"),)


def test_only_known_trip_points_can_be_armed():
    with pytest.raises(ConfigError, match="after-poll"):
        Trip("nowhere")
