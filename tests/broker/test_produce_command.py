import io
import json
import time
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from stream_app.adapters import clients
from stream_app.commands.produce import Key, app, key_of, lines
from stream_app.contracts.topics import CONTENT, REPORTS
from stream_app.errors import ConfigError, Unreachable
from stream_app.settings import Settings
from stream_app.testing_kafka import free_ports, read

pytestmark = pytest.mark.broker


@pytest.fixture
def use(topics: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("WEIR_KAFKA_BOOTSTRAP", topics.kafka_bootstrap)
    monkeypatch.setenv("WEIR_TOPIC_PREFIX", topics.topic_prefix)
    return topics


def run(*arguments: object, given: bytes | None = None) -> Result:
    return CliRunner().invoke(app, [str(each) for each in arguments], input=given)


def items(number: int) -> list[bytes]:
    return [json.dumps({"item_id": f"i{n}", "text": f"grüße {n}", "author_id": "a"}).encode() for n in range(number)]


def test_each_line_becomes_one_message_byte_for_byte_with_its_item_as_key(use: Settings, tmp_path: Path) -> None:
    file = tmp_path / "items.jsonl"
    file.write_bytes(b"\r\n".join(items(300)) + b"\n\n  \n")
    result = run(file, "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) | {"seconds": 0} == {
        "topic": use.topic(CONTENT), "delivered": 300, "refused": 0, "failed": {}, "seconds": 0,
    }  # fmt: skip
    records = read(use, CONTENT)
    assert sorted(record.value or b"" for record in records) == sorted(items(300))
    assert all(json.loads(record.value or b"")["item_id"].encode() == record.key for record in records)


def test_the_same_key_goes_where_kafkas_java_client_sends_it(use: Settings, tmp_path: Path) -> None:
    file = tmp_path / "items.jsonl"
    file.write_bytes(b"\n".join(items(40)))
    assert run(file).exit_code == 0
    for record in read(use, CONTENT):
        assert record.key is not None
        assert record.partition == (_murmur2(record.key) & 0x7FFFFFFF) % 4


def test_bad_lines_are_refused_by_number_and_the_others_are_sent(
    use: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEIR_MAX_VALUE_BYTES", "1024")
    long = json.dumps({"item_id": "long", "text": "x" * 2000}).encode()
    file = tmp_path / "items.jsonl"
    file.write_bytes(b"\n".join([*items(2), long, b"{no json", b'{"text": "no id"}', b'{"item_id": "last"}']))
    result = run(file)
    assert result.exit_code == 1
    said = result.output
    assert "line 3: larger than 1024 bytes" in said
    assert "line 4: not JSON" in said
    assert "line 5: no item_id to be the key" in said
    assert {record.key for record in read(use, CONTENT)} == {b"i0", b"i1", b"last"}


def test_without_a_key_lines_are_sent_unread(use: Settings) -> None:
    result = run("-", "--key", "none", "--topic", "reports", given=b"{no json\n\xff\xfe\n")
    assert result.exit_code == 0, result.output
    assert [(record.key, record.value) for record in read(use, REPORTS)] == [(None, b"{no json"), (None, b"\xff\xfe")]


def test_authors_may_be_the_key(use: Settings, tmp_path: Path) -> None:
    file = tmp_path / "items.jsonl"
    file.write_bytes(b"\n".join(items(20)))
    assert run(file, "--key", "author_id").exit_code == 0
    assert len({(record.key, record.partition) for record in read(use, CONTENT)}) == 1


def test_the_rate_is_kept(use: Settings, tmp_path: Path) -> None:
    file = tmp_path / "items.jsonl"
    file.write_bytes(b"\n".join(items(21)))
    started = time.monotonic()
    assert run(file, "--rate", "20").exit_code == 0
    assert time.monotonic() - started >= 1.0
    assert len(read(use, CONTENT)) == 21


def test_a_topic_that_is_not_there_is_named(kafka_settings: Settings, monkeypatch: Any, tmp_path: Path) -> None:
    file = tmp_path / "items.jsonl"
    file.write_bytes(b"")
    monkeypatch.setenv("WEIR_KAFKA_BOOTSTRAP", kafka_settings.kafka_bootstrap)
    monkeypatch.setenv("WEIR_TOPIC_PREFIX", kafka_settings.topic_prefix)
    result = run(file)
    assert isinstance(result.exception, ConfigError)
    assert "weir topics create" in str(result.exception)
    assert run(file, "--topic", "contents").exit_code == 2
    assert run(tmp_path / "no.jsonl").exit_code == 2


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "items.jsonl"
    file.write_bytes(b"{}")
    monkeypatch.setenv("WEIR_KAFKA_BOOTSTRAP", f"127.0.0.1:{free_ports(1)[0]}")
    monkeypatch.setattr(clients.probe, "__defaults__", (0.5,))
    assert isinstance(run(file).exception, Unreachable)


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("size", [9, 10, 11, 12, 13, 70_000])
def test_a_line_of_exactly_the_limit_passes(size: int, end: bytes) -> None:
    source = io.BytesIO(b"a" * size + end + b"b" + end + b"c")
    found = list(lines(source, 10))
    assert [line for _, line, _ in found] == [b"a" * size if size <= 10 else None, b"b", b"c"]
    assert [number for number, _, _ in found] == [1, 2, 3]
    assert sum(read_bytes for _, _, read_bytes in found) == len(source.getvalue())


@pytest.mark.parametrize(
    "line", [b"[]", b"1", b'{"item_id": 5}', b'{"item_id": ""}', b"[" * 100_000, b'{"item_id": "\\ud800"}']
)
def test_no_key_is_a_reason_and_no_exception(line: bytes) -> None:
    assert isinstance(key_of(line, Key.ITEM_ID), str)


def _murmur2(data: bytes) -> int:
    """The hash of Kafka's Java client, as its documentation of the default partitioner describes it."""
    mask, m = 0xFFFFFFFF, 0x5BD1E995
    h = (0x9747B28C ^ len(data)) & mask
    whole = len(data) & ~3
    for at in range(0, whole, 4):
        k = int.from_bytes(data[at : at + 4], "little") * m & mask
        h = ((h * m) & mask) ^ ((k ^ k >> 24) * m & mask)
    rest = data[whole:]
    if rest:
        h = (h ^ int.from_bytes(rest, "little")) * m & mask
    h = (h ^ h >> 13) * m & mask
    return h ^ h >> 15
