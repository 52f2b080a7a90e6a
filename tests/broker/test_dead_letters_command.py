import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from stream_app.commands.dead_letters import app, escaped, parse_since
from stream_app.contracts import codec
from stream_app.contracts.origin import Origin
from stream_app.contracts.topics import CONTENT, DEAD_LETTERS
from stream_app.errors import BadMessage, ConfigError
from stream_app.pipeline.dead_letter import WHOLE_VALUE_BYTES, bury
from stream_app.pipeline.types import RawMessage
from stream_app.settings import Settings
from stream_app.testing_kafka import Record, produce, read

pytestmark = pytest.mark.broker

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def use(topics: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("WEIR_KAFKA_BOOTSTRAP", topics.kafka_bootstrap)
    monkeypatch.setenv("WEIR_TOPIC_PREFIX", topics.topic_prefix)
    monkeypatch.setenv("COLUMNS", "400")
    return topics


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def rows(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def post(settings: Settings, key: bytes | None, value: bytes | None, partition: int = 2) -> Record:
    """A message of ``content``, as it lies there."""
    produce(settings, CONTENT, [(key, value)], partition)
    return read(settings, CONTENT)[-1] if partition == 3 else _last(settings, partition)


def _last(settings: Settings, partition: int) -> Record:
    return [record for record in read(settings, CONTENT) if record.partition == partition][-1]


def bury_it(settings: Settings, record: Record, reason: str, *, failed_at: datetime = NOW) -> None:
    """What the worker does with a message that it cannot read."""
    origin = Origin(topic=settings.topic(CONTENT), partition=record.partition, offset=record.offset)
    message = RawMessage(origin, record.key, record.value, record.headers)
    letter = bury(message, BadMessage(reason, "a detail"), now=failed_at)
    headers: list[tuple[str, str | bytes | None]] = [
        ("traceparent", b"00-ab-cd-01"),
        ("weir-schema", b"DeadLetter.v1"),
    ]
    produce(settings, DEAD_LETTERS, [(record.key, codec.encode(letter), headers)])


def test_letters_are_shown_by_what_was_asked_for_and_without_text(use: Settings) -> None:
    for number, (reason, age) in enumerate([("json", 5), ("schema", 3), ("json", 1)]):
        record = post(use, f"k{number}".encode(), f"secret text {number}".encode())
        bury_it(use, record, reason, failed_at=NOW - timedelta(hours=age))
    result = run("show", "--json")
    assert result.exit_code == 0, result.output
    assert [(row["key"], row["reason"], row["attempts"]) for row in rows(result)] == [
        ("k0", "json", 1), ("k1", "schema", 1), ("k2", "json", 1),
    ]  # fmt: skip
    assert "value_base64" not in result.stdout
    assert [row["key"] for row in rows(run("show", "--json", "--reason", "json"))] == ["k0", "k2"]
    assert [row["key"] for row in rows(run("show", "--json", "--since", "4h"))] == ["k1", "k2"]
    assert [row["key"] for row in rows(run("show", "--json", "--limit", "1"))] == ["k2"]
    assert [row["key"] for row in rows(run("show", "--json", "--topic", "content"))] == ["k0", "k1", "k2"]
    assert rows(run("show", "--json", "--topic", "rulings")) == []
    table = run("show")
    assert "secret" not in table.stdout
    assert "json 2, schema 1" in table.stdout
    assert "secret text 1" in run("show", "--reveal").stdout
    assert "value_base64" in run("show", "--reveal", "--json").stdout
    at = rows(result)[1]["at"]
    assert [row["key"] for row in rows(run("show", "--json", "--at", at))] == ["k1"]


def test_no_control_character_reaches_the_terminal(use: Settings) -> None:
    hostile = "\x1b]0;owned\x07\x1b[2J\u202etxt\x9b31m\u200b[red]\r\n\t\\"
    record = post(use, hostile.encode(), hostile.encode())
    bury_it(use, record, "json")
    for arguments in (["show"], ["show", "--reveal"], ["show", "--json"], ["show", "--json", "--reveal"]):
        said = run(*arguments).stdout
        assert not [char for char in said if (ord(char) < 32 and char != "\n") or char in "\x7f\x9b\u202e\u200b"]
    assert "\\u{1b}]0;owned\\u{7}" in run("show", "--reveal").stdout
    assert "[red]" in run("show", "--reveal").stdout
    assert escaped("a\\u{1b}") != escaped("a\x1b")


def test_exactly_the_selected_are_sent_again_as_they_were_to_where_they_were(use: Settings) -> None:
    originals = [(b"k0", b"{broken \xff"), (b"k1", b"other"), (None, b"no key"), (b"k3", None), (b"k4", b"")]
    for number, (key, value) in enumerate(originals):
        record = post(use, key, value, partition=number % 4)
        bury_it(use, record, "schema" if key == b"k1" else "json")
    before = len(read(use, CONTENT))
    dry = run("replay", "--reason", "json", "--dry-run", "--json")
    assert dry.exit_code == 0, dry.output
    assert {row["outcome"] for row in rows(dry)} == {"would be sent"}
    assert len(read(use, CONTENT)) == before
    result = run("replay", "--reason", "json", "--json")
    assert result.exit_code == 0, result.output
    assert len(rows(result)) == 4
    again = [record for record in read(use, CONTENT) if record.header("weir-attempts") is not None]
    assert {(record.key, record.value, record.partition) for record in again} == {
        (b"k0", b"{broken \xff", 0), (None, b"no key", 2), (b"k3", None, 3), (b"k4", b"", 0),
    }  # fmt: skip
    assert all(record.headers == (("traceparent", b"00-ab-cd-01"), ("weir-attempts", b"1")) for record in again)


def test_each_try_is_counted(use: Settings) -> None:
    record = post(use, b"k", b"{broken")
    for attempt in (1, 2, 3):
        bury_it(use, record, "json")
        newest = rows(run("show", "--json"))[-1]
        assert newest["attempts"] == attempt
        assert run("replay", "--at", newest["at"]).exit_code == 0
        record = _last(use, 2)
        assert record.header("weir-attempts") == str(attempt).encode()


def test_a_value_too_large_to_travel_is_read_again_from_where_it_was(use: Settings) -> None:
    large = b"x" * (WHOLE_VALUE_BYTES + 1)
    record = post(use, b"large", large)
    bury_it(use, record, "too-large")
    result = run("replay", "--json")
    assert result.exit_code == 0, result.output
    assert _last(use, 2).value == large
    assert _last(use, 2).offset == record.offset + 1


def test_an_original_that_is_gone_is_said_and_the_others_are_sent(use: Settings) -> None:
    large = b"x" * (WHOLE_VALUE_BYTES + 1)
    record = post(use, b"large", large)
    gone = Record(2, record.offset + 50, b"gone", large, (), record.timestamp_ms)
    changed = Record(2, record.offset, b"changed", large + b"y", (), record.timestamp_ms)
    small = post(use, b"small", b"small")
    for each in (gone, changed, small):
        bury_it(use, each, "too-large")
    result = run("replay", "--json")
    assert result.exit_code == 1
    found = {row["origin"] + str(row["outcome"]): row["problem"] for row in rows(result)}
    assert "the original is gone" in found[f"{use.topic(CONTENT)} 2:{record.offset + 50}failed"]
    assert "something else is at its offset" in found[f"{use.topic(CONTENT)} 2:{record.offset}failed"]
    assert _last(use, 2).value == b"small"
    assert "sent" in run("replay").stdout


def test_what_is_no_dead_letter_is_named_and_the_others_are_shown(use: Settings) -> None:
    produce(use, DEAD_LETTERS, [(b"k", b"{nonsense")])
    bury_it(use, post(use, b"k", b"v"), "json")
    result = run("show", "--json")
    assert result.exit_code == 1
    assert "0:0 is no dead letter" in result.stderr
    assert len(rows(result)) == 1
    assert run("replay").exit_code == 1


def test_a_letter_from_a_foreign_topic_is_not_sent_there(use: Settings) -> None:
    letter = codec.decode(_letter_for("somewhere-else"), object)
    produce(use, DEAD_LETTERS, [(b"k", json.dumps(letter).encode())])
    result = run("replay", "--json")
    assert result.exit_code == 1
    assert "no topic of this system" in rows(result)[0]["problem"]


def _letter_for(topic: str) -> bytes:
    message = RawMessage(Origin(topic=topic, partition=0, offset=0), b"k", b"v", ())
    return codec.encode(bury(message, BadMessage("json", "x"), now=NOW))


def test_a_topic_that_is_not_there_is_named(kafka_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEIR_KAFKA_BOOTSTRAP", kafka_settings.kafka_bootstrap)
    monkeypatch.setenv("WEIR_TOPIC_PREFIX", kafka_settings.topic_prefix)
    assert isinstance(run("show").exception, ConfigError)


def test_since_is_an_age_or_a_date() -> None:
    assert parse_since("90m", now=NOW) == NOW - timedelta(minutes=90)
    assert parse_since("2026-01-31T12:00Z", now=NOW) == datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert parse_since("2026-01-31", now=NOW) == datetime(2026, 1, 31, tzinfo=UTC)
    assert run("show", "--since", "yesterday").exit_code == 2
