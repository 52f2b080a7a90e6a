"""A worker that was stopped, replaced and continued may write nothing any more: Kafka refuses it, and it ends."""

import signal

import pytest

from stream_app.agents.moderate import EXIT_FAILED
from stream_app.contracts import codec
from stream_app.contracts.content import ContentItem
from stream_app.contracts.topics import CONTENT, DECISIONS, ENFORCEMENT
from stream_app.settings import Settings
from stream_app.testing_checker import report
from stream_app.testing_faults import Crew
from stream_app.testing_kafka import produce, read, wait_until
from stream_app.testing_load import effective, ruling_on, send_rulings

pytestmark = pytest.mark.broker


def items(count: int, text: str) -> list[tuple[str, bytes]]:
    return [(f"z{n}", codec.encode(ContentItem(item_id=f"z{n}", text=f"{text} {n}"))) for n in range(count)]


# Where it holds a batch: not looked at, decided on what it knew then, about to be sent, or half sent.
@pytest.mark.parametrize(
    "point",
    [
        "after-poll",
        "before-publish",
        pytest.param("after-lookup", marks=pytest.mark.long),
        pytest.param("mid-publish", marks=pytest.mark.long),
    ],
)
def test_a_zombie_undoes_neither_the_new_owners_decisions_nor_a_ruling(
    faulty: Settings, crew: Crew, point: str
) -> None:
    settings = faulty
    # It holds a first text; the new owner decides that, an edit of it, and follows a ruling on the edit.
    produce(settings, CONTENT, items(40, "a first text"))
    zombie = crew.start(trip=f"{point}!stop")
    zombie.wait_stopped()
    crew.workers.remove(zombie)
    try:
        crew.start()
        wait_until(lambda: len(effective(settings)) == 40, 60, "the new owner's decisions")
        produce(settings, CONTENT, items(20, "an edited text"))
        crew.drained(60)
        decided = effective(settings)
        ruled = [ruling_on(found, "remove") for found in decided.values() if found is not None][:30]
        send_rulings(settings, ruled)
        crew.drained(60)
        before = effective(settings)
        assert {before[ruling.item_id].ruling_id for ruling in ruled} == {ruling.ruling_id for ruling in ruled}  # type: ignore[union-attr] # none of these is deleted
        actions = {record.value for record in read(settings, ENFORCEMENT)}
        zombie.signal(signal.SIGCONT)
        status = zombie.wait(30) if point != "after-poll" else None
        crew.drained(60)
        # Whoever owns the partitions now still works.
        produce(settings, CONTENT, [("fresh", codec.encode(ContentItem(item_id="fresh", text="still at work")))])
        wait_until(lambda: "fresh" in effective(settings) or crew.keep(1), 60, "a decision after the zombie")
        after = effective(settings)
        del after["fresh"]
        changed = sum(after[name] != before[name] for name in before)
        report("zombie", point=point, status=status, changed=changed, records=len(read(settings, DECISIONS)))
        assert after == before
        assert actions <= {record.value for record in read(settings, ENFORCEMENT)}
        assert len({record.value for record in read(settings, ENFORCEMENT)} - actions) <= 1
        if status is not None:
            assert status == EXIT_FAILED
            assert "another worker owns the partition" in zombie.tail()
    finally:
        zombie.kill()
