"""What every test has: no settings from outside, one real broker for the session, own topics for each test."""

import logging
import os
import uuid
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from stream_app.contracts.topics import TOPICS
from stream_app.settings import Settings
from stream_app.testing_kafka import KafkaBroker, create_topics, missing
from stream_app.testing_long import LongResults

_KEPT = ("WEIR_CI", "WEIR_TEST_")
# Asserts in these say as much as those in tests do; pytest must know before they are imported.
pytest.register_assert_rewrite("human_review.testing_calm", "human_review.testing_hostile")


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.upper().startswith("WEIR_") and not name.startswith(_KEPT):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _logs_of_this_test_alone() -> Iterator[None]:
    """Commands that run within the test send logs to its standard error, which is closed when the next one writes."""
    root, before = logging.getLogger(), logging.getLogger().level
    yield
    root.setLevel(before)
    root.handlers = [handler for handler in root.handlers if type(handler) is not logging.StreamHandler]


@pytest.fixture(scope="session")
def kafka() -> Iterator[KafkaBroker]:
    """One broker for all tests, started by the first that asks."""
    with KafkaBroker() as broker:
        yield broker


@pytest.fixture
def kafka_settings(kafka: KafkaBroker) -> Settings:
    """Settings for the shared broker with a topic prefix and a group of this test alone; no topics yet."""
    own = uuid.uuid4().hex[:8]
    return Settings(
        kafka_bootstrap=kafka.bootstrap, topic_prefix=f"test-{own}.", consumer_group=f"test-{own}", metrics_port=0
    )


@pytest.fixture
def topics(kafka_settings: Settings) -> Settings:
    """The same settings with all declared topics created, four partitions where they follow ``content``."""
    create_topics(kafka_settings, TOPICS, partitions=4)
    return kafka_settings


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where to write what the long tests came to."""
    parser.addoption("--results", type=Path, metavar="FILE", help="write the page of what the long tests came to")


def pytest_configure(config: pytest.Config) -> None:
    page = config.getoption("--results")
    if page is not None:
        config.pluginmanager.register(LongResults(page))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave long tests out unless asked for; say once why tests with a broker cannot run here."""
    if "long" not in config.option.markexpr and os.environ.get("WEIR_TEST_LONG") != "1":
        long = [item for item in items if item.get_closest_marker("long")]
        if long:
            config.hook.pytest_deselected(items=long)
            items[:] = [item for item in items if not item.get_closest_marker("long")]
    with_broker = [item for item in items if item.get_closest_marker("broker")]
    if with_broker and (why := missing()) is not None and os.environ.get("WEIR_TEST_NO_SKIPS") != "1":
        for item in with_broker:
            item.add_marker(pytest.mark.skip(reason=why))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Where skips are not allowed, a test that cannot run fails."""
    if item.get_closest_marker("broker") and os.environ.get("WEIR_TEST_NO_SKIPS") == "1":
        why = missing()
        if why is not None:
            pytest.fail(why, pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """Where skips are not allowed, one from inside a test is a failure as well."""
    report = yield
    if report.skipped and os.environ.get("WEIR_TEST_NO_SKIPS") == "1" and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
    return report
