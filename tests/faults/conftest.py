"""Brokers that come back after each test, and settings with which faults show quickly."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stream_app.settings import Settings
from stream_app.testing_faults import Crew
from stream_app.testing_kafka import KafkaBroker
from stream_app.testing_load import LOAD_MAX_VALUE_BYTES


@pytest.fixture
def broker(kafka: KafkaBroker) -> Iterator[KafkaBroker]:
    """The session's broker, running again after a test that killed it."""
    yield kafka
    kafka.start()


@pytest.fixture
def faulty(broker: KafkaBroker, topics: Settings, tmp_path: Path) -> Settings:
    """Settings of workers to break: a short session, small batches, a data folder of this test."""
    return topics.model_copy(
        update={
            "data_dir": tmp_path / "data",
            "session_timeout_seconds": 2,
            "commit_interval_ms": 300,
            "batch_items": 64,
            "shutdown_seconds": 10,
            "max_value_bytes": LOAD_MAX_VALUE_BYTES,
            "log_format": "text",
        }
    )


@pytest.fixture
def crew(faulty: Settings, tmp_path: Path) -> Iterator[Crew]:
    """Workers that end with the test."""
    with Crew(faulty, tmp_path) as crew:
        yield crew
