"""Platforms may post within transactions: what was rolled back was never posted, and marks are no work."""

import time
from pathlib import Path

import pytest

from stream_app.adapters import clients
from stream_app.contracts.topics import CONTENT, DECISIONS
from stream_app.settings import Settings
from stream_app.supervisor import worker_command
from stream_app.testing_faults import Worker
from stream_app.testing_kafka import read, wait_until

pytestmark = pytest.mark.broker


def post(settings: Settings, first: int, count: int) -> None:
    """Transactions of ten items each; every third is rolled back."""
    producer = clients.producer(settings, **{"transactional.id": "platform"})
    producer.init_transactions(30)
    for number in range(first, first + count):
        producer.begin_transaction()
        kept = number % 3 != 2
        for each in range(10):
            item_id = f"{'kept' if kept else 'gone'}-{number}-{each}"
            value = f'{{"item_id": "{item_id}", "text": "hello {number} {each}"}}'
            producer.produce(settings.topic(CONTENT), value, item_id)
        if kept:
            producer.commit_transaction(30)
        else:
            producer.flush(30)
            producer.abort_transaction(30)


def test_only_what_was_committed_is_decided_and_marks_are_not_waited_for(topics: Settings, tmp_path: Path) -> None:
    settings = topics.model_copy(update={"data_dir": tmp_path / "data", "stall_seconds": 4})
    settings.model_fields_set.update(("data_dir", "stall_seconds"))
    worker = Worker(settings, tmp_path / "worker.log", worker_command())
    try:
        post(settings, 0, 9)
        decided = wait_until(lambda: len(found := read(settings, DECISIONS)) >= 60 and found, 60, "60 decisions")
        post(settings, 9, 1)
        # Longer than a stall: the marks of the transactions stay behind the committed offsets for ever.
        time.sleep(10)
        assert worker.status is None, worker.tail()
        keys = {record.key for record in [*decided, *read(settings, DECISIONS)]}
        assert len(keys) == 70
        assert all((key or b"").startswith(b"kept") for key in keys)
    finally:
        worker.stop()
