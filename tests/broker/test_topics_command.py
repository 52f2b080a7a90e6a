import json
from typing import Any

import pytest
from confluent_kafka.admin import NewPartitions  # type: ignore[attr-defined]  # public there, though not exported by name
from typer.testing import CliRunner, Result

from stream_app.adapters import clients
from stream_app.commands.topics import app
from stream_app.contracts.topics import CONTENT, DECISIONS, RETRAINING, TOPICS
from stream_app.errors import ConfigError, Unreachable
from stream_app.settings import Settings
from stream_app.testing_kafka import create_topics, free_ports, wait_until, watermarks

pytestmark = pytest.mark.broker


@pytest.fixture
def use(kafka_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("WEIR_KAFKA_BOOTSTRAP", kafka_settings.kafka_bootstrap)
    monkeypatch.setenv("WEIR_TOPIC_PREFIX", kafka_settings.topic_prefix)
    monkeypatch.setenv("COLUMNS", "400")
    return kafka_settings


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def rows(result: Result) -> dict[str, dict[str, Any]]:
    found = [json.loads(line) for line in result.stdout.splitlines()]
    return {row["topic"].split(".")[-1]: row for row in found}


def test_all_declared_topics_are_created_as_declared_and_a_second_time_nothing_happens(use: Settings) -> None:
    first = run("create", "--partitions", "3", "--json")
    assert first.exit_code == 0, first.output
    assert {row["outcome"] for row in rows(first).values()} == {"created"}
    # Brokers learn of a new topic's settings a moment after the topic.
    wait_until(lambda: run("list", "--json").exit_code == 0, 20, "a clean listing")
    found = rows(run("list", "--json"))
    assert list(found) == [topic.name for topic in TOPICS]
    assert found["content"]["partitions"] == found["decisions"]["partitions"] == found["rulings"]["partitions"] == 3
    assert found["decisions"]["cleanup_policy"] == "compact,delete"
    assert found["rollouts"] == found["rollouts"] | {
        "partitions": 1,
        "cleanup_policy": "compact",
        "retention_ms": None,
    }
    assert found["retraining"]["retention_ms"] == RETRAINING.retention_days * 86_400_000
    again = run("create", "--partitions", "5")
    assert again.exit_code == 0
    assert "would be" not in again.stdout
    assert len(watermarks(use, CONTENT)) == 3


def test_a_dry_run_creates_nothing(use: Settings) -> None:
    result = run("create", "--dry-run", "--json")
    assert result.exit_code == 0
    assert {row["outcome"] for row in rows(result).values()} == {"would be created"}
    listed = run("list", "--json")
    assert listed.exit_code == 1
    assert all("missing" in row["problems"][0] for row in rows(listed).values())


def test_a_wrong_number_of_partitions_or_cleanup_policy_is_named(use: Settings) -> None:
    create_topics(use, [topic for topic in TOPICS if topic is not DECISIONS], partitions=2)
    create_topics(use, [DECISIONS], partitions=2, config={"cleanup.policy": "delete", "retention.ms": "60000"})
    client = clients.admin(use)
    for future in client.create_partitions([NewPartitions(use.topic(CONTENT), 4)]).values():
        future.result(20)
    wait_until(lambda: len(watermarks(use, CONTENT)) == 4, 20, "more partitions")
    result = run("list", "--json")
    assert result.exit_code == 1
    found = rows(result)
    assert found["content"]["problems"] == []
    problems = " ".join(found["decisions"]["problems"])
    assert "2 partitions" in problems
    assert "cleanup.policy is delete, must be compact,delete" in problems
    assert "retention.ms is 60000" in found["decisions"]["notes"][0]
    assert "2 partitions" in found["rulings"]["problems"][0]
    assert found["enforcement"]["problems"] == []
    create = run("create", "--json")
    assert create.exit_code == 1
    assert rows(create)["decisions"]["outcome"] == "exists"
    assert "must be equal" in run("list").stdout


def test_more_copies_than_brokers_is_an_error_that_names_the_topic(use: Settings) -> None:
    result = run("create", "--replication-factor", "3", "--json")
    assert result.exit_code == 1
    content = rows(result)["content"]
    assert content["outcome"] == "failed"
    assert "replicat" in content["problems"][0].lower()


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEIR_KAFKA_BOOTSTRAP", f"127.0.0.1:{free_ports(1)[0]}")
    monkeypatch.setattr(clients.probe, "__defaults__", (0.5,))
    assert isinstance(run("list").exception, Unreachable)


def test_access_rules_are_printed_for_kafkas_own_tool(use: Settings) -> None:
    lines = run("acls", "worker").stdout.splitlines()
    assert (
        f"--add --allow-principal User:worker --operation Read --operation Write --topic '{use.topic(DECISIONS)}'"
        " --resource-pattern-type literal" in lines
    )
    assert any("--transactional-id 'weir-' --resource-pattern-type prefixed" in line for line in lines)
    assert run("acls", "nobody").exit_code == 2


def test_a_wrong_setting_is_a_config_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEIR_KAFKA_SASL_USERNAME", "alice")
    assert isinstance(run("list").exception, ConfigError)
