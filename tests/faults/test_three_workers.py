"""More workers than divide the partitions evenly: each number of ``content`` and of ``rulings`` has one owner."""

import re

import pytest

from stream_app.contracts import codec
from stream_app.contracts.content import ContentItem
from stream_app.contracts.topics import CONTENT
from stream_app.settings import Settings
from stream_app.testing_checker import report
from stream_app.testing_faults import Crew, Worker
from stream_app.testing_kafka import produce, wait_until
from stream_app.testing_load import effective, ruling_on, send_rulings

pytestmark = pytest.mark.broker


def owned(worker: Worker) -> set[str]:
    """The numbers of the last assignment, of both topics together."""
    found = re.findall(r"assigned partitions=\[(.*)\]", worker.log.read_text())
    return set(found[-1].split(", ")) - {""} if found else set()


def test_content_and_rulings_of_one_number_go_to_one_worker(faulty: Settings, crew: Crew) -> None:
    crew.settings = faulty.model_copy(update={"session_timeout_seconds": 10})
    items = [(f"i{n}", codec.encode(ContentItem(item_id=f"i{n}", text=f"A quiet day {n}."))) for n in range(400)]
    produce(faulty, CONTENT, items)
    crew.keep(3)
    workers = list(crew.workers)
    wait_until(lambda: all(owned(worker) for worker in workers), 60, "an assignment for each")

    def settled() -> bool:
        return sum(len(owned(worker)) for worker in workers) == 4

    wait_until(settled, 30, "one owner for each number")
    crew.drained(60, workers=3)
    before = effective(faulty)
    for turn in range(5):
        # Rulings and content of every partition at the same time.
        some = [found for found in before.values() if found is not None][turn * 80 : turn * 80 + 80]
        send_rulings(faulty, [ruling_on(found, "remove") for found in some])
        produce(faulty, CONTENT, items)
    crew.drained(60, workers=3)
    report("three workers", ends=dict(crew.ends), owned=[sorted(owned(worker)) for worker in workers])
    assert all(found is not None and found.verdict == "remove" for found in effective(faulty).values())
    assert crew.workers == workers, "a worker was fenced out"
