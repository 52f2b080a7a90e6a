import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from stream_app.bench.workload import Workload
from stream_app.testing_kafka import KafkaBroker

MACHINE = {"bench", "cpu", "cores", "memory_gib", "load_average", "system", "python", "commit", "command"}
RUN = {
    "bench", "round", "contender", "messages_measured", "seconds", "cpu_seconds", "per_cpu_second", "per_second",
    "items", "decisions", "degraded", "copies",
}  # fmt: skip
LEVEL = {
    "bench", "share_of_load", "items_per_second", "items", "unanswered", "decided_ms", "readable_ms",
    "generator_late_ms", "load_average",
}  # fmt: skip


def bench(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "stream_app", "bench", *arguments],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )


def rows(done: subprocess.CompletedProcess[str]) -> list[dict[str, object]]:
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.broker
def test_a_small_run_gives_every_row_and_a_page(kafka: KafkaBroker, tmp_path: Path) -> None:
    page = tmp_path / "throughput.md"
    size = ("--items", "2000", "--rounds", "1", "--seconds", "1")
    done = bench("stream", *size, "--bootstrap", kafka.bootstrap, "--json", "--write", str(page))
    found = rows(done)
    assert [row["bench"] for row in found] == [
        "machine", *["throughput"] * 3, "throughput-summary", *["latency"] * 3,
    ]  # fmt: skip
    assert set(found[0]) == MACHINE
    for run in found[1:4]:
        assert set(run) == RUN
        assert (run["items"], run["decisions"], run["degraded"]) == (2000, 2000, 0)
    assert [run["contender"] for run in found[1:4]] == ["weir", "plain faust", "bare aiokafka"]
    assert {"ratio to plain faust", "ratio to bare aiokafka", "weir"} <= set(found[4])
    for level in found[5:]:
        assert set(level) == LEVEL
        assert level["unanswered"] == 0
        assert set(level["decided_ms"]) == {"p50", "p99", "p99.9", "max"}  # type: ignore[call-overload] # msgspec and json rows are plain objects
    text = page.read_text()
    assert "| weir |" in text
    assert "## How it is measured" in text


@pytest.mark.broker
def test_a_restore_brings_back_every_key(kafka: KafkaBroker) -> None:
    done = bench("restore", "--keys", "2000", "--rounds", "1", "--json", WEIR_KAFKA_BOOTSTRAP=kafka.bootstrap)
    machine, row = rows(done)
    assert machine["bench"] == "machine"
    assert row["keys"] == 2000
    assert row["complete"]
    assert {"keys_per_cpu_second", "keys_per_second", "value_bytes", "seconds", "cpu_seconds"} <= set(row)


def test_classify_is_measured_without_kafka() -> None:
    _, row = rows(bench("classify", "--items", "200", "--json"))
    assert row["items"] == 200
    assert {"items_per_second", "items_per_second_without_start", "start_seconds"} <= set(row)


def test_without_java_it_says_what_would_work(tmp_path: Path) -> None:
    done = bench("restore", "--keys", "100", PATH=str(tmp_path))
    assert done.returncode == 3
    assert "Java 17" in done.stderr
    assert "--bootstrap" in done.stderr


def test_texts_are_distinct_unless_copies_are_asked_for() -> None:
    texts = [json.loads(value)["text"] for _, value in Workload(30_000).rows()]
    assert len(set(texts)) == 30_000
    copied = [json.loads(value)["text"] for _, value in Workload(5000, copies=0.3).rows()]
    assert 0.65 < len(set(copied)) / 5000 < 0.75
    assert list(Workload(50).rows()) == list(Workload(50).rows())
