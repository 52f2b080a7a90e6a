"""The sample posts are what their README says."""

import base64
import json
from pathlib import Path
from typing import Any

import models

SAMPLES = Path(models.__file__).parent.parent / "stream_app" / "samples"


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (SAMPLES / name).read_text(encoding="utf-8").splitlines()]


def test_every_item_is_complete_and_free() -> None:
    items = rows("items.jsonl")
    assert len(items) >= 360
    assert len({item["item_id"] for item in items}) == len(items)
    assert all(item["metadata"]["licence"] == "CC0-1.0" and item["metadata"]["about"] for item in items)
    assert all(len(item["text"]) <= 100_000 for item in items)
    assert len({item["language"].split("-")[0] for item in items if "language" in item}) >= 20


def test_one_text_comes_from_many_authors() -> None:
    by_text: dict[str, set[str]] = {}
    for item in rows("items.jsonl"):
        by_text.setdefault(item["text"], set()).add(item["author_id"])
    assert max(map(len, by_text.values())) >= 10


def test_the_script_has_every_kind_of_event() -> None:
    events = rows("script.jsonl")
    kinds = [event["event"] for event in events]
    assert {kind: kinds.count(kind) for kind in sorted(set(kinds))} == {
        "deletion": 1,
        "edit": 3,
        "repeat": 1,
        "undecodable": 3,
    }
    known = {item["item_id"]: item for item in rows("items.jsonl")}
    for event in events:
        if event["event"] == "undecodable":
            assert base64.b64decode(event["raw_base64"], validate=True)
        elif event["event"] == "repeat":
            assert event["value"] == known[event["value"]["item_id"]]
        else:
            assert event["value"]["item_id"] in known
