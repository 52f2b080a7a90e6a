"""The feedback agent's work without a broker: what is sent together, what is left out, what ends it."""

from datetime import UTC, datetime

import msgspec
import pytest

from human_review.testing import make_review_task
from stream_app.adapters.outlet import Outgoing
from stream_app.adapters.trip import Trip
from stream_app.agents.feedback import Clerk
from stream_app.contracts.codec import decode, encode
from stream_app.contracts.dead_letter import DeadLetter
from stream_app.contracts.metrics import DEAD_LETTERS as BURIED
from stream_app.contracts.metrics import FEEDBACK
from stream_app.contracts.review import Erasure, ReviewDecision
from stream_app.contracts.topics import DEAD_LETTERS, RETRAINING, RULINGS
from stream_app.errors import Fenced
from stream_app.pipeline.types import RawMessage
from stream_app.telemetry import Telemetry
from stream_app.testing import make_message

STAMP = (("weir-schema", b"ReviewDecision.v1"), ("traceparent", b"00-abc-01"), ("x", b"y"))


class FakeOutlet:
    """Keeps what was sent; ``next_offset`` as Kafka had it."""

    def __init__(self, next_offset: int = 0) -> None:
        self.next_offset = next_offset
        self.sent: list[tuple[list[Outgoing], int]] = []
        self.closed = False

    def send(self, records: list[Outgoing], next_offset: int) -> None:
        self.sent.append((records, next_offset))
        self.next_offset = next_offset

    def close(self) -> None:
        self.closed = True


class Outlets(dict[int, FakeOutlet]):
    """Opens an outlet for each partition that is asked for, once or anew."""

    def __call__(self, number: int) -> FakeOutlet:
        return self.setdefault(number, FakeOutlet())


def a_clerk(outlets: Outlets, telemetry: Telemetry | None = None) -> Clerk:
    return Clerk(outlets, 4, telemetry or Telemetry(), Trip())  # type: ignore[arg-type] # fakes stand for outlets


def a_message(number: int, *, partition: int = 0, offset: int | None = None, final: bool = True) -> RawMessage:
    task = make_review_task(number)
    label = ReviewDecision(
        label_id=f"label-{number}", final=final, task=task, item_id=task.item.item_id, reviewer_id="p-1",
        verdict="remove", labels=("toxicity",), decided_at=datetime.now(UTC), policy_version="1",
    )  # fmt: skip
    return make_message(encode(label), number if offset is None else offset, partition=partition, headers=STAMP)


def topics(records: list[Outgoing]) -> list[str]:
    return [record.topic.name for record in records]


def test_what_follows_from_a_partition_is_sent_at_once_with_the_offset_after_it() -> None:
    outlets, telemetry = Outlets(), Telemetry()
    clerk = a_clerk(outlets, telemetry)
    clerk.handle([a_message(0), a_message(1, partition=1), a_message(2, final=False)])
    [(records, next_offset)] = outlets[0].sent
    assert (topics(records), next_offset) == ([RULINGS.name, RETRAINING.name], 3)
    [(records, next_offset)] = outlets[1].sent
    assert (topics(records), next_offset) == ([RULINGS.name, RETRAINING.name], 2)
    assert [telemetry.value(FEEDBACK, name) for name in ("ruling", "example", "nothing")] == [2, 2, 1]


def test_what_was_followed_before_is_not_followed_again() -> None:
    outlets = Outlets({0: FakeOutlet(next_offset=2)})
    clerk = a_clerk(outlets)
    clerk.handle([a_message(n) for n in range(2)])
    assert outlets[0].sent == []
    clerk.handle([a_message(n) for n in range(4)])
    [(records, next_offset)] = outlets[0].sent
    assert (len(records), next_offset) == (4, 4)


def test_the_trace_is_passed_on_and_other_headers_are_not() -> None:
    outlets = Outlets()
    a_clerk(outlets).handle([a_message(1)])
    [(records, _)] = outlets[0].sent
    assert [record.headers for record in records] == [
        (("weir-schema", b"Ruling.v1"), ("traceparent", b"00-abc-01")),
        (("weir-schema", b"TrainingExample.v1"), ("traceparent", b"00-abc-01")),
    ]


def test_what_cannot_be_read_is_buried_and_its_neighbors_go_on() -> None:
    outlets, telemetry = Outlets(), Telemetry()
    broken = make_message(b"{", 1, key=b"item-1", headers=STAMP)
    unknown = make_message(b"{}", 2)
    a_clerk(outlets, telemetry).handle([a_message(0), broken, unknown, a_message(3)])
    [(records, next_offset)] = outlets[0].sent
    assert next_offset == 4
    letters = [decode(record.value, DeadLetter) for record in records if record.topic is DEAD_LETTERS]
    assert [letter.offset for letter in letters] == [1, 2]
    assert topics(records).count(RULINGS.name) == 2
    assert telemetry.value(FEEDBACK, "buried") == 2
    assert (telemetry.value(BURIED, "json"), telemetry.value(BURIED, "version")) == (1, 1)


def test_an_erasure_sends_a_tombstone() -> None:
    outlets, telemetry = Outlets(), Telemetry()
    erasure = encode(Erasure(item_id="item-1", erased_at=datetime.now(UTC)))
    a_clerk(outlets, telemetry).handle([make_message(erasure, headers=(("weir-schema", b"Erasure.v1"),))])
    [([record], _)] = outlets[0].sent
    assert (record.topic, record.value) == (RETRAINING, None)
    assert telemetry.value(FEEDBACK, "erased") == 1


def test_what_was_read_before_a_rebalance_is_not_followed_after_it() -> None:
    outlets = Outlets()
    clerk = a_clerk(outlets)

    class Interrupted(FakeOutlet):
        def send(self, records: list[Outgoing], next_offset: int) -> None:
            super().send(records, next_offset)
            clerk.release()

    outlets[0] = Interrupted()
    with pytest.raises(Fenced):
        clerk.handle([a_message(0), a_message(1, partition=1)])
    assert outlets[0].closed
    assert 1 not in outlets
    clerk.handle([a_message(1, partition=1)])
    assert len(outlets[1].sent) == 1


def test_a_defect_of_ours_buries_one_label() -> None:
    outlets, telemetry = Outlets(), Telemetry()
    clerk = a_clerk(outlets, telemetry)
    good = a_message(1)
    clerk._partitions = None  # type: ignore[assignment] # stands for any defect that a label meets
    clerk.handle([good])
    [([record], _)] = outlets[0].sent
    letter = decode(record.value, DeadLetter)
    assert letter.error.startswith("internal: ")
    assert msgspec.json.decode(good.value or b"")["item_id"] not in letter.error
