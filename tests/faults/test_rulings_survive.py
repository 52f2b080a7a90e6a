"""A ruling supersedes, acts, and stays: no repeat, replay or lost store undoes it."""

import random

import pytest

from stream_app.contracts import codec
from stream_app.contracts.content import ContentItem
from stream_app.contracts.decision import Decision, EnforcementAction
from stream_app.contracts.topics import CONTENT, DECISIONS, ENFORCEMENT, RULINGS
from stream_app.settings import Settings
from stream_app.testing_faults import Crew, damage_stores, effective, report, rewind, ruling_on, send_rulings
from stream_app.testing_kafka import produce, read

pytestmark = pytest.mark.broker


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
