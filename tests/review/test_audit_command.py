"""``weir audit``: what it says, and how it exits."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from confluent_kafka import KafkaException
from sqlalchemy import select, text, update
from typer.testing import CliRunner, Result

from human_review.audit.log import Entry, append
from human_review.commands.audit import app
from human_review.database.tables import audit, audit_head
from human_review.service import Service
from stream_app.contracts.codec import encode
from stream_app.contracts.review import AuditHead
from stream_app.contracts.topics import AUDIT_HEADS
from stream_app.errors import ConfigError, Unreachable
from stream_app.settings import Settings
from stream_app.testing_kafka import create_topics, produce

Weir = Callable[..., Result]


@pytest.fixture
def weir(service: Service, monkeypatch: pytest.MonkeyPatch) -> Weir:
    monkeypatch.setenv("WEIR_DATABASE_URL", service.database.engine.url.render_as_string(hide_password=False)
                       .replace("+psycopg", ""))  # fmt: skip

    def run(*arguments: str) -> Result:
        result = CliRunner().invoke(app, arguments)
        if isinstance(result.exception, Exception) and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


def fill(service: Service, number: int = 5) -> list[Entry]:
    with service.database.write() as connection:
        for turn in range(number):
            append(connection, None, "label", f"item-{turn}")
    with service.database.read() as connection:
        return [Entry(*row) for row in connection.execute(select(audit).order_by(audit.c.seq))]


def a_head(entry: Entry, chain: str = "review") -> AuditHead:
    return AuditHead(chain=chain, seq=entry.seq, hash=entry.hash, entries=entry.seq, published_at=datetime.now(UTC))


def test_a_right_log_is_verified_and_its_tail_told(service: Service, weir: Weir, tmp_path: Path) -> None:
    entries = fill(service)
    result = weir("verify")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "5 entries verified, 0 of them up to a published head",
        "the last 5 are covered by the chain and its head row alone; --kafka or --heads FILE compares with what was "
        "published",
    ]
    file = tmp_path / "heads.jsonl"
    file.write_bytes(encode(a_head(entries[2])) + b"\n\n" + encode(a_head(entries[0], "another")) + b"\n")
    result = weir("verify", "--heads", str(file))
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "5 entries verified, 3 of them up to a published head",
        "the last 2 are covered by the chain and its head row alone",
    ]


def test_the_first_bad_entry_is_named(service: Service, weir: Weir) -> None:
    fill(service)
    with service.database.write() as connection:
        connection.execute(update(audit).where(audit.c.seq == 3).values(subject="item-9"))
    result = weir("verify")
    assert result.exit_code == 1
    assert result.stdout == "2 entries verified, 0 of them up to a published head\n"
    assert result.stderr == "weir: entry 3 was changed: its hash is not that of its fields\n"


def test_a_cut_log_shows_against_published_heads(service: Service, weir: Weir, tmp_path: Path) -> None:
    entries = fill(service)
    file = tmp_path / "heads.jsonl"
    file.write_bytes(encode(a_head(entries[4])))
    with service.database.write() as connection:
        connection.execute(text("DELETE FROM audit WHERE seq > 3"))
        connection.execute(update(audit_head).values(seq=3, hash=entries[2].hash))
    assert weir("verify").exit_code == 0
    result = weir("verify", "--heads", str(file))
    assert result.exit_code == 1
    assert result.stderr == "weir: entry 4 was cut off, with all after it\n"


def test_wrong_use_is_told(service: Service, weir: Weir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        weir("verify", "--heads", str(tmp_path / "missing"))
    file = tmp_path / "heads.jsonl"
    file.write_text("{}\n")
    with pytest.raises(ConfigError, match="line 1"):
        weir("verify", "--heads", str(file))
    monkeypatch.setenv("WEIR_DATABASE_URL", f"sqlite:///{tmp_path}/empty.db")
    with pytest.raises(ConfigError, match="without an audit log"):
        weir("verify")
    monkeypatch.setenv("WEIR_DATABASE_URL", "postgresql://weir@127.0.0.1:1/weir")
    with pytest.raises(Unreachable, match="does not answer"):
        weir("verify")


@pytest.mark.broker
def test_heads_are_read_from_kafka(
    service: Service, weir: Weir, kafka_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEIR_KAFKA_BOOTSTRAP", kafka_settings.kafka_bootstrap)
    monkeypatch.setenv("WEIR_TOPIC_PREFIX", kafka_settings.topic_prefix)
    entries = fill(service)
    with pytest.raises((ConfigError, Unreachable, KafkaException)):
        weir("verify", "--kafka")
    create_topics(kafka_settings, [AUDIT_HEADS])
    produce(kafka_settings, AUDIT_HEADS, [(f"review:{seq}", encode(a_head(entries[seq - 1]))) for seq in (4, 2)])
    result = weir("verify", "--kafka")
    assert (result.exit_code, result.stdout.splitlines()[0]) == (
        0, "5 entries verified, 4 of them up to a published head",
    )  # fmt: skip
    assert [line[:27] for line in weir("heads").stdout.splitlines()] == [
        '{"chain":"review","seq":2,"', '{"chain":"review","seq":4,"',
    ]  # fmt: skip
