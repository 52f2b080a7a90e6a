"""What tests of this project and of its users need: makers of values, and fakes of what is slow or outside."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
import numpy as np

from models.classifier import Scores
from models.lexicon import Lexicon
from stream_app.adapters.memory import NoCache
from stream_app.contracts.decision import Decision
from stream_app.contracts.origin import Origin
from stream_app.pipeline.breaker import Breaker
from stream_app.pipeline.classify import Cascade, Step
from stream_app.pipeline.intake import Limits
from stream_app.pipeline.level import Level
from stream_app.pipeline.match import Bank
from stream_app.pipeline.moderate import Moderator
from stream_app.pipeline.policy_file import load_policy
from stream_app.pipeline.recall import Cache, Recall
from stream_app.pipeline.types import RawMessage
from stream_app.telemetry import Telemetry

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def make_decision(**over: Any) -> Decision:
    """A decision to allow, with ``over`` in place of its fields."""
    fields: dict[str, Any] = {
        "decision_id": "d1",
        "item_id": "i1",
        "verdict": "allow",
        "label": None,
        "scores": {"toxicity": 0.01},
        "thresholds": {"toxicity": (0.2, 0.95)},
        "reasons": (),
        "level": "fake",
        "artifacts": {"fake": "1"},
        "policy_version": "p1",
        "language": "en",
        "decided_at": NOW,
        "latency_ms": 1.0,
        "text_digest": "t1",
        "based_on": "d1",
    }
    return Decision(**(fields | over))


def make_message(
    value: bytes | dict[str, Any] | None,
    offset: int = 0,
    *,
    topic: str = "content",
    partition: int = 0,
    key: bytes | None = None,
    headers: tuple[tuple[str, bytes], ...] = (),
) -> RawMessage:
    """A message as Kafka would hand it over; a dict becomes JSON. Timestamps rise with offsets."""
    raw = msgspec.json.encode(value) if isinstance(value, dict) else value
    origin = Origin(topic=topic, partition=partition, offset=offset, timestamp=NOW.timestamp() + offset)
    return RawMessage(origin, key, raw, headers)


@dataclass
class FakeClassifier:
    """Scores a text by the words it holds: ``{"bad": 0.97}`` gives 0.97 for toxicity to every text with "bad".

    ``trouble`` is called with the texts before every call, to fail, hang or return something else in their place.
    """

    words: dict[str, float] = field(default_factory=dict)
    name: str = "fake"
    version: str = "1"
    labels: tuple[str, ...] = ("toxicity",)
    has_evidence: bool = True
    trouble: Callable[[Sequence[str]], Scores | None] = lambda texts: None
    calls: list[list[str]] = field(default_factory=list)

    def score(self, texts: Sequence[str], languages: Sequence[str]) -> Scores:
        """One row a text; every label gets the same score."""
        self.calls.append(list(texts))
        instead = self.trouble(texts)
        if instead is not None:
            return instead
        row = [max((score for word, score in self.words.items() if word in text), default=0.01) for text in texts]
        shape = (len(texts), len(self.labels))
        values = np.array(row, dtype=np.float32).reshape(-1, 1).repeat(len(self.labels), axis=1)
        return Scores(values.reshape(shape), np.full(shape, self.has_evidence))


def make_level(classifier: FakeClassifier, *, now: Callable[[], float] = lambda: 0.0, **over: Any) -> Level:
    """A guarded level around a fake."""
    breaker = over.pop("breaker", None) or Breaker(now=now)
    return Level(classifier, breaker=breaker, **({"timeout_seconds": 5.0} | over))


def make_moderator(*classifiers: FakeClassifier, cache: Cache | None = None, bank: Bank | None = None) -> Moderator:
    """The whole path under the shipped policy, with fakes for classifiers and no lexicon."""
    steps = tuple(Step(make_level(each), 0.2, 0.8) for each in classifiers or (FakeClassifier(),))
    cascade = Cascade(Lexicon([], [], version="empty"), steps)
    return Moderator(
        policy=load_policy(),
        cascade=cascade,
        recall=Recall(NoCache() if cache is None else cache, cascade.artifacts),
        bank=bank or {},
        limits=Limits(),
        keyed_by_item=True,
        rulings_topic="rulings",
        telemetry=Telemetry(),
        now=lambda: NOW,
    )
