"""The generated documents agree with the code, and the code keeps what was released."""

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from stream_app.contracts import schemas
from stream_app.contracts.compatibility import compatible
from stream_app.contracts.topics import TOPICS

RELEASED = sorted((schemas.FOLDER / "released").glob("*/*.json"))


def test_the_documents_in_the_repository_are_current() -> None:
    assert schemas.stale() == [], "run python -m stream_app.contracts.schemas"


def test_generation_is_deterministic() -> None:
    assert schemas.documents() == schemas.documents()


def test_a_missing_a_changed_and_a_left_over_file_are_stale_and_get_written(tmp_path: Path) -> None:
    schemas.write(tmp_path)
    assert schemas.stale(tmp_path) == []
    (tmp_path / "Ruling.v1.json").unlink()
    (tmp_path / "asyncapi.yaml").write_text("old: 1\n")
    (tmp_path / "Gone.v1.json").write_text("{}")
    (tmp_path / "README.md").write_text("not generated")
    assert schemas.stale(tmp_path) == ["Gone.v1.json", "Ruling.v1.json", "asyncapi.yaml"]
    schemas.write(tmp_path)
    assert schemas.stale(tmp_path) == []
    assert (tmp_path / "README.md").exists()


def test_the_check_fails_where_a_file_is_stale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(schemas, "stale", lambda: ["Ruling.v1.json"])
    assert schemas.main(["--check"]) == 1
    assert "docs/schemas/Ruling.v1.json is stale" in capsys.readouterr().err
    monkeypatch.setattr(schemas, "stale", list)
    assert schemas.main(["--check"]) == 0
    assert schemas.main(["--chek"]) == 2


def test_asyncapi_has_every_topic_and_every_settled_topic_has_somebody_who_uses_it() -> None:
    document = yaml.safe_load(schemas.documents()["asyncapi.yaml"])
    assert document["asyncapi"] == "3.0.0"
    assert list(document["channels"]) == [topic.name for topic in TOPICS]
    used = {operation["channel"]["$ref"] for operation in document["operations"].values()}
    assert {f"#/channels/{topic.name}" for topic in TOPICS if topic.messages} == used


def test_every_reference_of_asyncapi_leads_somewhere() -> None:
    document = yaml.safe_load(schemas.documents()["asyncapi.yaml"])
    references = _references(document)
    assert references
    for reference in references:
        if not reference.startswith("#"):
            assert (schemas.FOLDER / reference).is_file()
            continue
        place = document
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


def _references(part: object) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if "$ref" in part else []
        return own + [found for value in part.values() for found in _references(value)]
    return [found for value in part for found in _references(value)] if isinstance(part, list) else []


@pytest.mark.parametrize("path", RELEASED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_what_was_released_is_kept(path: Path) -> None:
    released = json.loads(path.read_bytes())
    Draft202012Validator.check_schema(released)
    current = json.loads((schemas.FOLDER / path.name).read_bytes())
    assert compatible(released, current) == []


def test_every_message_has_been_released() -> None:
    current = {path.name for path in schemas.FOLDER.glob("*.json")}
    assert {path.name for path in RELEASED if path.parent.name == "v1"} == current
