"""A ruling supersedes, acts, and stays: no repeat, replay or lost store undoes it."""

import random

import pytest

from stream_app.adapters.memory import MemoryLedger, NoCache
from stream_app.build import build_moderator
from stream_app.contracts import codec
from stream_app.contracts.content import ContentItem
from stream_app.contracts.decision import Decision, EnforcementAction
from stream_app.contracts.origin import Origin
from stream_app.contracts.topics import CONTENT, DECISIONS, ENFORCEMENT, RULINGS, Topic
from stream_app.pipeline.types import RawMessage
from stream_app.settings import Settings
from stream_app.telemetry import Telemetry
from stream_app.testing_checker import report
from stream_app.testing_faults import Crew, damage_stores, rewind
from stream_app.testing_kafka import produce, read
from stream_app.testing_load import effective, ruling_on, send_rulings


def post(settings: Settings, texts: dict[str, str]) -> None:
    produce(settings, CONTENT, [(name, codec.encode(ContentItem(item_id=name, text=texts[name]))) for name in texts])


def decision(settings: Settings, item_id: str) -> Decision:
    found = effective(settings)[item_id]
    assert found is not None
    return found


def kinds(settings: Settings, item_id: str) -> list[str]:
    actions = [codec.decode(record.value, EnforcementAction) for record in read(settings, ENFORCEMENT)]
    return [action.kind for action in actions if action.item_id == item_id]


def decisions_of(settings: Settings, item_id: str) -> list[Decision]:
    records = [record for record in read(settings, DECISIONS) if record.key == item_id.encode()]
    return [codec.decode(record.value, Decision) for record in records]


def decision_ids(settings: Settings) -> set[str]:
    return {codec.decode(record.value, Decision).decision_id for record in read(settings, DECISIONS)}


@pytest.mark.broker
def test_a_ruling_stays_whatever_is_delivered_again(faulty: Settings, crew: Crew) -> None:
    settings = faulty
    quiet = {f"quiet-{n}": f"Nice weather for the market today, stall {n}." for n in range(60)}
    texts = {"ruled": "A walk along the river.", "edited": "My first version of this.", **quiet}
    worker = crew.start()
    post(settings, texts)
    crew.drained(60)
    first = decision(settings, "ruled")
    known = kinds(settings, "ruled")

    # A reviewer removes, an appeal restores, and a reviewer who saw neither comes too late.
    removal = ruling_on(first, "remove")
    send_rulings(settings, [removal])
    crew.drained(60)
    removed = decision(settings, "ruled")
    assert (removed.verdict, removed.supersedes, removed.ruling_id) == (
        "remove", first.decision_id, removal.ruling_id,
    )  # fmt: skip
    assert removed.decided_by == "reviewer"
    assert kinds(settings, "ruled") == [*known, "remove"]
    appeal = ruling_on(removed, "allow", ruling_id="appeal-1", decided_by="appeal")
    send_rulings(settings, [appeal, ruling_on(first, "limit", ruling_id="too-late")])
    crew.drained(60)
    restored = decision(settings, "ruled")
    assert (restored.verdict, restored.supersedes, restored.decided_by) == ("allow", removed.decision_id, "appeal")
    assert kinds(settings, "ruled") == [*known, "remove", "restore"]
    assert [each.ruling_id for each in decisions_of(settings, "ruled") if each.for_the_record] == ["too-late"]

    # A ruling on a text that was edited since is for the record.
    old = decision(settings, "edited")
    post(settings, {"edited": "My second version of this."})
    crew.drained(60)
    edit = decision(settings, "edited")
    send_rulings(settings, [ruling_on(old, "remove")])
    crew.drained(60)
    assert decision(settings, "edited") == edit
    assert "remove" not in kinds(settings, "edited")

    # A repeat gets the ruling's decision.
    written = len(decisions_of(settings, "ruled"))
    post(settings, {"ruled": texts["ruled"]})
    crew.drained(60)
    assert decisions_of(settings, "ruled")[written:] == [restored]

    before = effective(settings)
    actions = [record.value for record in read(settings, ENFORCEMENT)]
    ids = decision_ids(settings)
    # Everything is delivered again, twice; the second time to a worker without a store.
    for turn in range(2):
        crew.stop(worker)
        if turn:
            assert damage_stores(settings.data_dir, random.Random(1), "wiped")
        rewind(settings, CONTENT, RULINGS)
        worker = crew.start()
        crew.drained(90)
        assert effective(settings) == before
    report("rulings", records=len(read(settings, DECISIONS)), decision_ids=len(ids), actions=len(actions))
    assert [record.value for record in read(settings, ENFORCEMENT)] == actions
    assert decision_ids(settings) == ids


def test_producers_whose_clocks_disagree_change_nothing_when_all_is_delivered_again() -> None:
    settings, ledger = Settings(), MemoryLedger()
    moderator = build_moderator(settings, Telemetry(), NoCache())

    def deliver(topic: Topic, offset: int, timestamp: float, value: bytes) -> Decision:
        origin = Origin(topic=settings.topic(topic), partition=0, offset=offset, timestamp=timestamp)
        for outcome in moderator.moderate([RawMessage(origin, b"k", value, ())], ledger.lookup):
            if outcome.entry is not None:
                ledger.write((0, outcome.entry[0]), outcome.entry[1])
        return codec.decode(ledger.lookup([(0, "k")])[0, "k"], Decision)

    def item(text: str) -> bytes:
        return codec.encode(ContentItem(item_id="k", text=text))

    # The second producer's clock is a second behind the first one's.
    deliver(CONTENT, 0, 1000.5, item("A walk along the river."))
    edited = deliver(CONTENT, 1, 999.5, item("A walk in the wood."))
    ruling = codec.encode(ruling_on(edited, "remove"))
    ruled = deliver(RULINGS, 0, 1001.0, ruling)
    assert deliver(CONTENT, 0, 1000.5, item("A walk along the river.")) == ruled
    assert deliver(CONTENT, 1, 999.5, item("A walk in the wood.")) == ruled
    assert deliver(RULINGS, 0, 1001.0, ruling) == ruled
