import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from stream_app.contracts.content import ContentItem, Deletion
from stream_app.contracts.topics import CONTENT
from stream_app.pipeline.intake import read_content
from stream_app.settings import Settings
from stream_app.testing_kafka import KAFKA_VERSION, Record, kafka_jars, produce, read

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "producers"
JAVA = EXAMPLES / "java" / "src" / "main" / "java" / "SendContent.java"

pytestmark = pytest.mark.broker


def test_the_python_producer_sends_content_that_can_be_decided(topics: Settings) -> None:
    script = EXAMPLES / "python" / "send_content.py"
    said = _run(sys.executable, str(script), topics.kafka_bootstrap, topics.topic(CONTENT))
    assert said == "5 delivered, 0 not\n"
    _holds(topics, "py-1", versions=[None, 2], deleted="py-3")


def test_the_java_producer_sends_content_that_can_be_decided(topics: Settings, tmp_path: Path) -> None:
    if shutil.which("javac") is None:
        pytest.skip("javac is needed; on Debian or Ubuntu: apt-get install openjdk-17-jdk-headless")
    jars = f"{kafka_jars()}/*"
    _run("javac", "-Xlint:all", "-Werror", "-encoding", "UTF-8", "-cp", jars, "-d", str(tmp_path), str(JAVA))
    said = _run("java", "-cp", f"{tmp_path}:{jars}", "SendContent", topics.kafka_bootstrap, topics.topic(CONTENT))
    assert said == "4 delivered, 0 not\n"
    _holds(topics, "java-1", versions=[None, 2], deleted="java-2")


def test_both_agree_with_our_own_producer_on_the_partition_of_an_item(topics: Settings) -> None:
    script = EXAMPLES / "python" / "send_content.py"
    _run(sys.executable, str(script), topics.kafka_bootstrap, topics.topic(CONTENT))
    produce(topics, CONTENT, [(key, b"{}") for key in ("py-1", "py-2", "py-3")])
    partitions: dict[bytes | None, set[int]] = {}
    for record in read(topics, CONTENT):
        partitions.setdefault(record.key, set()).add(record.partition)
    assert {len(found) for found in partitions.values()} == {1}


def test_the_java_example_is_built_with_the_version_that_it_is_tested_with() -> None:
    space = {"m": "http://maven.apache.org/POM/4.0.0"}
    root = ElementTree.parse(EXAMPLES / "java" / "pom.xml").getroot()  # noqa: S314 - a file of this project
    versions = {
        found.findtext("m:artifactId", "", space): found.findtext("m:version", "", space)
        for found in root.iterfind(".//m:dependency", space)
    }
    assert versions["kafka-clients"] == KAFKA_VERSION
    assert root.findtext(".//m:exec.mainClass", "", space) == JAVA.stem
    assert re.search(rf"class {JAVA.stem}\b", JAVA.read_text())


def _holds(settings: Settings, edited: str, versions: list[int | None], deleted: str) -> None:
    """The items that were sent are readable, edits in order on one partition, a deletion last."""
    records = read(settings, CONTENT)
    assert [item.version for item in _items(records) if item.item_id == edited] == versions
    assert len({record.partition for record in records if record.key == edited.encode()}) == 1
    gone = [record for record in records if record.key == deleted.encode()][-1]
    assert read_content(gone.value, gone.key, keyed_by_item=True).content == Deletion(item_id=deleted)


def _items(records: list[Record]) -> list[ContentItem]:
    read_back = [read_content(record.value, record.key, record.headers, keyed_by_item=True) for record in records]
    assert all(incoming.flags == () for incoming in read_back)
    return [incoming.content for incoming in read_back if isinstance(incoming.content, ContentItem)]


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
