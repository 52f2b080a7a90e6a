"""Builders of the one value that a test needs; everything that it does not mention has a quiet default."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from models.text.normalized import NormalizedText
from stream_app.contracts.content import ContentItem
from stream_app.contracts.decision import Decision, Reason
from stream_app.contracts.ids import text_digest
from stream_app.contracts.origin import Origin
from stream_app.contracts.review import Ruling
from stream_app.pipeline.decide import decide
from stream_app.pipeline.policy import Policy
from stream_app.pipeline.policy_file import load_policy, read_policy
from stream_app.pipeline.types import Assessment

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SMALL = Path(__file__).parent / "small-policy.yaml"

Build = Callable[..., Any]


@pytest.fixture(scope="session")
def now() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def small_file() -> Path:
    return SMALL


@pytest.fixture(scope="session")
def small() -> Policy:
    return load_policy(SMALL)


@pytest.fixture(scope="session")
def shipped() -> Policy:
    return load_policy(None)


@pytest.fixture(scope="session")
def origin() -> Origin:
    return Origin(topic="content", partition=3, offset=14)


@pytest.fixture
def content() -> dict[str, Any]:
    """The small policy as data, to be spoiled by a test."""
    loaded: dict[str, Any] = yaml.safe_load(SMALL.read_text())
    return loaded


@pytest.fixture(scope="session")
def policy_with() -> Build:
    """The small policy with ``change(content)`` applied."""

    def build(change: Callable[[dict[str, Any]], object]) -> Policy:
        loaded = yaml.safe_load(SMALL.read_text())
        change(loaded)
        return read_policy(yaml.safe_dump(loaded, sort_keys=False), "changed.yaml")

    return build


@pytest.fixture(scope="session")
def assess() -> Build:
    """Scores as keywords, all with evidence unless ``evidence`` says otherwise; labels not named score 0."""

    def build(*, evidence: tuple[str, ...] | None = None, **changes: Any) -> Assessment:
        known = ("insult", "attack", "distress")
        given = {name: changes.pop(name) for name in known if name in changes}
        scores = changes.pop("scores", {name: given.get(name, 0.0) for name in known})
        found = Assessment(
            scores=scores,
            evidence=frozenset(scores if evidence is None else evidence),
            hits=(),
            level="linear",
            language="en",
            artifacts={"linear": "1", "lexicon": "2"},
        )
        return replace(found, **changes)

    return build


@pytest.fixture(scope="session")
def settle() -> Build:
    """Decide an assessment for an item."""

    def run(policy: Policy, found: Assessment, **changes: Any) -> Decision:
        item = changes.pop("item", ContentItem(item_id="i1", text="hello there"))
        text = changes.pop("text", NormalizedText(item.text))
        arguments: dict[str, Any] = {
            "supersedes": None,
            "text_digest": text_digest(item.text),
            "flags": (),
            "for_the_record": False,
            "now": NOW,
            "latency_ms": 1.5,
        }
        return decide(item, text, found, policy, **(arguments | changes))

    return run


@pytest.fixture(scope="session")
def decided() -> Build:
    """A worker's decision, without deciding anything."""

    def build(verdict: str, **changes: Any) -> Decision:
        base = Decision(
            decision_id=f"d-{verdict}",
            item_id="i1",
            verdict=verdict,  # type: ignore[arg-type] # one of the verdicts, by the table above
            label=None,
            scores={"insult": 0.5},
            thresholds={"insult": (0.2, 0.95)},
            costs={"insult": (20.0, 5.0, 1.0)},
            reasons=(Reason(kind="score", detail="insult 0.5 >= review_from 0.2"),),
            level="linear",
            artifacts={"linear": "1"},
            policy_version="7+0",
            language="en",
            decided_at=NOW,
            latency_ms=1.0,
            text_digest="t1",
            based_on=f"d-{verdict}",
        )
        return msgspec.structs.replace(base, **changes)

    return build


@pytest.fixture(scope="session")
def rule_on() -> Build:
    """A reviewer's ruling that removes."""

    def build(**changes: Any) -> Ruling:
        base = Ruling(
            ruling_id="r1",
            item_id="i1",
            origin=Origin(topic="content", partition=3, offset=14),
            verdict="remove",
            labels=("attack",),
            decided_by="reviewer",
            why="seen",
            decided_at=NOW,
        )
        return msgspec.structs.replace(base, **changes)

    return build
