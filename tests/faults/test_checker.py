"""The checker of the fault runs finds each thing that can go wrong, in a history that is right without it."""

import itertools
from collections.abc import Callable
from dataclasses import replace

import pytest

from stream_app.adapters.memory import MemoryLedger, NoCache
from stream_app.build import build_moderator
from stream_app.contracts import codec
from stream_app.contracts.content import ContentItem
from stream_app.contracts.dead_letter import DeadLetter
from stream_app.contracts.decision import Decision
from stream_app.contracts.origin import Origin
from stream_app.contracts.topics import DEAD_LETTERS, DECISIONS, ENFORCEMENT, RETRAINING, REVIEW_QUEUE, RULINGS
from stream_app.pipeline.outcome import Outcome
from stream_app.pipeline.types import RawMessage
from stream_app.settings import Settings
from stream_app.telemetry import Telemetry
from stream_app.testing_checker import Seen, check, wrong
from stream_app.testing_kafka import Record
from stream_app.testing_load import Acked, ruling_on

SETTINGS = Settings()
CONTENT_TOPIC = SETTINGS.topic("content")


class History:
    """Some items decided by the real path, and what was acknowledged of them."""

    def __init__(self) -> None:
        moderator = build_moderator(SETTINGS, Telemetry(), NoCache())
        ledger = MemoryLedger()
        self.seen = Seen([], [], [], [])
        self.acked: list[Acked] = []
        self.rulings = {}
        offsets = itertools.count()

        def handle(topic: str, item_id: str, value: bytes | None) -> Origin:
            origin = Origin(topic=topic, partition=0, offset=next(offsets), timestamp=1.0)
            message = RawMessage(origin, item_id.encode(), value, ())
            for outcome in moderator.moderate([message], lambda asked: ledger.lookup(asked)):
                self._publish(outcome)
                if outcome.entry is not None:
                    ledger.write((0, outcome.entry[0]), outcome.entry[1])
            return origin

        def post(item_id: str, text: str, version: int | None = None) -> None:
            item = ContentItem(item_id=item_id, text=text, version=version)
            origin = handle(CONTENT_TOPIC, item_id, codec.encode(item))
            self.acked.append(Acked(0, origin.offset, item_id, text, version))

        post("plain", "I will find you and kill you.")
        post("plain", "I will find you and kill you.")
        post("edited", "one", 1)
        post("edited", "two", 5)
        post("edited", "too late", 3)
        post("gone", "soon deleted")
        origin = handle(CONTENT_TOPIC, "gone", None)
        self.acked.append(Acked(0, origin.offset, "gone"))
        origin = handle(CONTENT_TOPIC, "bad", b"{nope")
        self.acked.append(Acked(0, origin.offset, None))
        post("ruled", "a walk")
        ruling = ruling_on(codec.decode(self.seen.decisions[-1].value, Decision), "remove")
        handle(SETTINGS.topic(RULINGS), "ruled", codec.encode(ruling))
        self.rulings["ruled"] = ruling

    def _publish(self, outcome: Outcome) -> None:
        topics = {
            DECISIONS: self.seen.decisions,
            DEAD_LETTERS: self.seen.dead_letters,
            ENFORCEMENT: self.seen.enforcement,
            REVIEW_QUEUE: self.seen.review_queue,
            RETRAINING: [],  # tombstones of examples, which this checker does not look at
        }
        for record in outcome.records:
            records = topics[record.topic]
            records.append(Record(0, len(records), record.key, record.value, record.headers, 0))

    def wrong(self) -> dict[str, int]:
        return wrong(check(self.seen, self.acked, self.rulings, CONTENT_TOPIC))

    def last(self, item_id: str) -> int:
        """The position of the last decision of an item."""
        return max(n for n, record in enumerate(self.seen.decisions) if record.key == item_id.encode())


def test_a_history_in_order_has_nothing_wrong() -> None:
    history = History()
    assert history.wrong() == {}
    assert history.seen.enforcement
    assert history.seen.dead_letters


def lose_a_decision(history: History) -> None:
    history.seen.decisions[:] = [each for each in history.seen.decisions if each.key != b"plain"]


def lose_an_edit(history: History) -> None:
    history.seen.decisions[:] = [
        each
        for each in history.seen.decisions
        if each.key != b"edited" or codec.decode(each.value, Decision).item_version == 1
    ]


def revive(history: History) -> None:
    del history.seen.decisions[history.last("gone")]


def undo_a_ruling(history: History) -> None:
    first = next(each for each in history.seen.decisions if each.key == b"ruled")
    history.seen.decisions.append(first)


def end_with_the_late_one(history: History) -> None:
    late = next(each for each in history.seen.decisions if each.value and b'"for_the_record":true' in each.value)
    history.seen.decisions.append(late)


def decide_twice(history: History) -> None:
    record = history.seen.decisions[history.last("plain")]
    assert record.value is not None
    decision = codec.decode(record.value, Decision)
    other = record.value.replace(decision.decision_id.encode(), b"0" * 32)
    history.seen.decisions.append(replace(record, value=other))


def decide_elsewhere(history: History) -> None:
    history.seen.decisions.append(replace(history.seen.decisions[history.last("plain")], partition=3))


def decide_what_was_never_sent(history: History) -> None:
    history.seen.decisions.append(replace(history.seen.decisions[history.last("plain")], key=b"nobody"))


def lose_a_dead_letter(history: History) -> None:
    history.seen.dead_letters.clear()


def bury_a_good_one(history: History) -> None:
    record = history.seen.dead_letters[0]
    letter = codec.decode(record.value, DeadLetter)
    value = codec.encode(letter).replace(b'"offset":%d' % letter.offset, b'"offset":0')
    history.seen.dead_letters.append(replace(record, value=value))


def lose_the_actions(history: History) -> None:
    history.seen.enforcement.clear()
    # The texts above may be judged mildly one day; this one restricts for certain.
    record = history.seen.decisions[0]
    assert record.value is not None
    decision = codec.decode(record.value, Decision)
    history.seen.decisions[:2] = [
        replace(record, value=record.value.replace(f'"verdict":"{decision.verdict}"'.encode(), b'"verdict":"remove"'))
        for record in history.seen.decisions[:2]
        if record.value
    ]


def act_for_nothing(history: History) -> None:
    record = history.seen.enforcement[0]
    assert record.value is not None
    history.seen.enforcement.append(
        replace(record, value=record.value.replace(b'"decision_id":"', b'"decision_id":"0'))
    )


def act_twice(history: History) -> None:
    record = history.seen.enforcement[0]
    assert record.value is not None
    history.seen.enforcement.append(replace(record, value=record.value.replace(b'"action_id":"', b'"action_id":"0')))


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (lose_a_decision, {"lost", "wrong_effective"}),
        (lose_an_edit, {"lost", "wrong_effective"}),
        (revive, {"wrong_effective"}),
        (undo_a_ruling, {"rulings_lost"}),
        (end_with_the_late_one, {"wrong_effective"}),
        (decide_twice, {"second_ids"}),
        (decide_elsewhere, {"in_two_partitions"}),
        (decide_what_was_never_sent, {"unknown_items"}),
        (lose_a_dead_letter, {"dead_letters_missing"}),
        (bury_a_good_one, {"dead_letters_wrong"}),
        (lose_the_actions, {"actions_missing"}),
        (act_for_nothing, {"actions_of_nothing"}),
        (act_twice, {"actions_torn"}),
    ],
)
def test_what_is_spoiled_is_found(spoil: Callable[[History], None], found: set[str]) -> None:
    history = History()
    spoil(history)
    assert found <= history.wrong().keys()
