"""Why the worker reads Faust's streams as it does: Faust's usual idioms lose messages. If one stops, look again.

The same load through the worker loses nothing.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from stream_app.agents.moderate import EXIT_FAILED
from stream_app.contracts import codec
from stream_app.contracts.content import ContentItem
from stream_app.contracts.topics import CONTENT, DEAD_LETTERS, DECISIONS
from stream_app.settings import Settings
from stream_app.testing_checker import report
from stream_app.testing_faults import Crew
from stream_app.testing_kafka import committed, create_topics, lag, produce, read, wait_until, watermarks

pytestmark = pytest.mark.broker

HERE = Path(__file__).parent
ITEMS = 400
BAD = [b"{nope", b'{"id": "\xff"}']


def values(*, bad: bool) -> list[tuple[str, bytes]]:
    """Ids, and after each 200 a value that no decoder takes. Faust pauses for five seconds at the third crash."""
    found = []
    for number in range(ITEMS):
        found.append((f"k{number}", json.dumps({"id": number}).encode()))
        if bad and number % 200 == 199:
            found.append((f"bad{number}", BAD[number // 200 % len(BAD)]))
    return found


def run_stock(settings: Settings, variant: str, tmp_path: Path) -> tuple[int, int]:
    """How many ids never came out although their offsets were committed, and the lag at the end."""
    source, sink, group = (f"{settings.topic_prefix}{name}" for name in ("source", "sink", "group"))
    create_topics(settings, [source, sink])
    produce(settings, source, values(bad=variant == "typed"))
    environment = {**os.environ, "WEIR_TEST_BROKER": settings.kafka_bootstrap, "WEIR_TEST_FOLDER": str(tmp_path)}
    command = [sys.executable, str(HERE / "stock_faust.py"), variant, source, sink, group]
    with (tmp_path / "stock.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment, start_new_session=True)
    try:
        # Until all is committed, or nothing has moved for a while.
        seen: list[tuple[int, int]] = []

        def quiet() -> bool:
            out = sum(end for _, end in watermarks(settings, sink).values())
            seen.append((out, sum(committed(settings, source, group).values())))
            return lag(settings, source, group) == 0 or (len(seen) > 60 and len(set(seen[-40:])) == 1)

        wait_until(quiet, 60, "quiet", every=0.25)
    finally:
        process.kill()
        process.wait()
    done = {int(record.value or b"-1") for record in read(settings, sink)}
    ends = committed(settings, source, group)
    lost = 0
    for record in read(settings, source):
        if record.offset < ends[record.partition] and not (record.key or b"").startswith(b"bad"):
            lost += json.loads(record.value or b"{}")["id"] not in done
    return lost, lag(settings, source, group)


def test_take_acknowledges_the_batch_that_the_model_failed_on(kafka_settings: Settings, tmp_path: Path) -> None:
    lost, waiting = run_stock(kafka_settings, "take", tmp_path)
    report("stock take", sent=ITEMS, lost=lost, waiting=waiting)
    # Two failures, each with a batch of up to ten messages and whatever was buffered behind it.
    assert lost >= 5


def test_an_agent_that_raises_has_acknowledged_its_message(kafka_settings: Settings, tmp_path: Path) -> None:
    lost, waiting = run_stock(kafka_settings, "one by one", tmp_path)
    report("stock one by one", sent=ITEMS, lost=lost, waiting=waiting)
    assert lost >= 1


def test_a_typed_topic_drops_what_it_cannot_decode(kafka_settings: Settings, tmp_path: Path) -> None:
    run_stock(kafka_settings, "typed", tmp_path)
    source, group = (f"{kafka_settings.topic_prefix}{name}" for name in ("source", "group"))
    ends = committed(kafka_settings, source, group)
    records = read(kafka_settings, source)
    dropped = sum((r.key or b"").startswith(b"bad") and r.offset < ends[r.partition] for r in records)
    report("stock typed", sent=len(records), dropped_without_a_trace=dropped)
    # They are committed, and there is no topic where one could find them.
    assert dropped >= 1


def test_the_worker_loses_none_of_the_same_load(
    faulty: Settings, crew: Crew, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = faulty
    notes = tmp_path / "notes"
    notes.mkdir()
    sent = []
    for key, value in values(bad=True):
        item = ContentItem(item_id=key, text=f"A quiet morning, {key}.")
        sent.append((key, value if key.startswith("bad") else codec.encode(item)))
    produce(settings, CONTENT, sent)
    monkeypatch.setenv("WEIR_TEST_BREAK", f"raise {notes}")
    crew.command = [sys.executable, str(HERE / "broken_worker.py")]
    crew.drained(90)
    decided = {(record.key or b"").decode() for record in read(settings, DECISIONS)}
    lost = {key for key, _ in sent if not key.startswith("bad")} - decided
    buried = len({(record.key or b"").decode() for record in read(settings, DEAD_LETTERS)})
    crew.keep(0)
    report("worker, same load", sent=len(sent), lost=len(lost), buried=buried, ends=dict(crew.ends))
    assert lost == set()
    assert buried == sum(key.startswith("bad") for key, _ in sent)
    assert crew.ends[f"exit {EXIT_FAILED}"] >= 2
