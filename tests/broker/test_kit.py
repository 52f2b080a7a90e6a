import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from stream_app.adapters import clients
from stream_app.contracts.topics import CONTENT, DECISIONS, REPORTS
from stream_app.errors import Unreachable
from stream_app.settings import Settings
from stream_app.testing_kafka import (
    KafkaBroker,
    committed,
    create_topics,
    free_ports,
    lag,
    produce,
    read,
    wait_until,
    watermarks,
)

pytestmark = pytest.mark.broker


def test_what_was_produced_is_read_back_with_key_headers_and_order(topics: Settings) -> None:
    produce(topics, CONTENT, [(f"k{n % 7}", f"v{n}".encode(), [("weir-schema", b"X.v1")]) for n in range(500)])
    records = read(topics, CONTENT)
    assert {record.value for record in records} == {f"v{n}".encode() for n in range(500)}
    assert all(record.header("weir-schema") == b"X.v1" for record in records)
    assert len({record.partition for record in records if record.key == b"k3"}) == 1
    assert [(r.partition, r.offset) for r in records] == sorted((r.partition, r.offset) for r in records)


def test_topics_of_one_history_have_the_same_partitions_and_others_have_one(topics: Settings) -> None:
    assert len(watermarks(topics, CONTENT)) == len(watermarks(topics, DECISIONS)) == 4
    assert len(watermarks(topics, REPORTS)) == 1


def test_only_committed_messages_are_read(topics: Settings) -> None:
    producer = clients.producer(topics, **{"transactional.id": f"{topics.consumer_group}-t"})
    producer.init_transactions(30)
    for value, keep in ((b"kept", True), (b"dropped", False)):
        producer.begin_transaction()
        producer.produce(topics.topic(CONTENT), value, b"k")
        producer.flush(10)
        if keep:
            producer.commit_transaction(30)
        else:
            producer.abort_transaction(30)
    assert [record.value for record in read(topics, CONTENT)] == [b"kept"]
    both = read(topics, CONTENT, isolation="read_uncommitted")
    assert [record.value for record in both] == [b"kept", b"dropped"]


def test_lag_is_what_a_group_has_not_committed(topics: Settings) -> None:
    produce(topics, CONTENT, [("k", b"v")] * 10)
    assert lag(topics, CONTENT) == 10
    partition = next(p for p, (_, end) in watermarks(topics, CONTENT).items() if end)
    consumer = clients.consumer(topics)
    consumer.subscribe([topics.topic(CONTENT)])
    wait_until(
        lambda: (m := consumer.poll(0.5)) and m.offset() == 3 and consumer.commit(message=m, asynchronous=False), 30
    )
    consumer.close()
    assert committed(topics, CONTENT)[partition] == 4
    assert lag(topics, CONTENT) == 6


def test_a_broker_that_was_killed_comes_back_with_its_address_and_data() -> None:
    with KafkaBroker() as broker:
        settings = Settings(kafka_bootstrap=broker.bootstrap, topic_prefix="kit.")
        create_topics(settings, [CONTENT], partitions=2)
        produce(settings, CONTENT, [("k", b"before")])
        first = broker.pid
        broker.kill()
        with pytest.raises(Unreachable, match="WEIR_KAFKA_BOOTSTRAP"):
            clients.probe(settings, timeout=0.5)
        broker.restart()
        assert broker.pid != first
        produce(settings, CONTENT, [("k", b"after")])
        assert [record.value for record in read(settings, CONTENT)] == [b"before", b"after"]
        folder = broker.folder
    assert not broker.running
    assert not folder.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_a_broker_dies_with_the_process_that_started_it() -> None:
    program = """
        import time
        from stream_app.testing_kafka import KafkaBroker
        broker = KafkaBroker().start()
        print(broker.pid, broker.folder, flush=True)
        time.sleep(600)
    """
    root = str(Path(__file__).resolve().parents[2])
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": root},
    )
    assert parent.stdout is not None
    pid, folder = parent.stdout.readline().split()
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    wait_until(lambda: not Path("/proc", pid, "cmdline").exists() or _is_zombie(int(pid)), 20, "the broker's end")
    subprocess.run(["rm", "-rf", folder], check=True)


def _is_zombie(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"


def test_nobody_answers_is_unreachable_and_says_what_to_look_at() -> None:
    (port,) = free_ports(1)
    with pytest.raises(Unreachable) as caught:
        clients.probe(Settings(kafka_bootstrap=f"127.0.0.1:{port}"), timeout=0.5)
    assert "Connection refused" in str(caught.value)
    assert "is Kafka running there" in str(caught.value)
