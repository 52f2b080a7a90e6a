import json
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from confluent_kafka.admin import NewPartitions
from typer.testing import CliRunner, Result

from stream_app.adapters import clients
from stream_app.commands.examples import app
from stream_app.contracts.codec import decode, encode
from stream_app.contracts.feedback import TrainingExample, example_id_of
from stream_app.contracts.topics import RETRAINING
from stream_app.settings import Settings
from stream_app.testing_kafka import produce

pytestmark = pytest.mark.broker
SAMPLE = Path(__file__).parents[1] / "contracts" / "samples" / "TrainingExample.v1.json"
ONE = decode(SAMPLE.read_bytes(), TrainingExample)


@pytest.fixture
def use(topics: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("WEIR_KAFKA_BOOTSTRAP", topics.kafka_bootstrap)
    monkeypatch.setenv("WEIR_TOPIC_PREFIX", topics.topic_prefix)
    return topics


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def rows(result: Result) -> dict[str, dict[str, Any]]:
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert [row["example_id"] for row in found] == sorted(row["example_id"] for row in found)
    return {row["item_id"]: row for row in found}


def example(item_id: str, person: str, *, weight: float = 1.0, text: str = "a text") -> tuple[str, bytes]:
    made = msgspec.structs.replace(
        ONE, example_id=example_id_of(item_id), item_id=item_id, weight=weight, text=text,
        lineage=("decision:d", f"label:of {item_id}", f"reviewer:{person}"),
    )  # fmt: skip
    return made.example_id, encode(made)


def test_what_holds_now_is_printed_with_nobody_above_their_share(use: Settings) -> None:
    crowd = [example(f"item-{number}", f"person-{number}") for number in range(100)]
    busy = [example(f"busy-{number}", "busy") for number in range(300)]
    produce(use, RETRAINING, [*busy, *crowd, example("item-1", "person-1", text="as it was read later")])
    produce(use, RETRAINING, [(example_id_of("item-2"), None), example("item-3", "other", weight=2.0)])
    result = run()
    assert result.exit_code == 0, result.stderr
    found = rows(result)
    assert len(found) == 399
    assert found["item-1"]["text"] == "as it was read later"
    assert "item-2" not in found
    assert found["item-3"]["weight"] == 2.0
    whole = sum(row["weight"] for row in found.values())
    assert sum(found[f"busy-{number}"]["weight"] for number in range(300)) == pytest.approx(0.02 * whole)
    assert "399 examples of 100 people, of whom 1 were limited to 2 % of the weights" in result.stderr
    more = rows(run("--share", "0.1"))
    assert sum(more[f"busy-{number}"]["weight"] for number in range(300)) == pytest.approx(0.1 * (100 / 0.9))


def test_what_is_no_example_is_named_and_the_others_are_printed(use: Settings) -> None:
    replaced = [example("item-2", "a"), example("item-3", "a"), (example_id_of("item-3"), b"{")]
    produce(use, RETRAINING, [*replaced, example("item-1", "a"), ("bad", b"{"), example("item-2", "a", weight=-1.0)])
    result = run()
    assert result.exit_code == 1
    assert list(rows(result)) == ["item-1"]
    assert "is no example" in result.stderr
    assert "$.weight must be 0 or more" in result.stderr


def test_the_last_one_counts_also_where_an_id_has_been_in_two_partitions(use: Settings) -> None:
    name = use.topic(RETRAINING)
    admin = clients.admin(use)
    [more] = admin.create_partitions([NewPartitions(name, 5)]).values()
    more.result(30)
    produce(use, RETRAINING, [example("item-1", "a", text="old"), example("item-2", "a")], 4)
    time.sleep(0.05)  # as much later as Kafka's clock can tell
    produce(use, RETRAINING, [example("item-1", "a", text="new"), (example_id_of("item-2"), None)], 0)
    assert {item: row["text"] for item, row in rows(run()).items()} == {"item-1": "new"}


def test_an_empty_topic_is_an_empty_batch_and_no_topic_an_error(
    use: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run()
    assert (result.exit_code, result.stdout) == (0, "")
    assert "0 examples of 0 people" in result.stderr
    monkeypatch.setenv("WEIR_TOPIC_PREFIX", "nothing-here.")
    assert "there is no topic nothing-here.retraining" in str(run().exception)
