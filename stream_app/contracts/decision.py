"""What the worker says about an item, and what the platform must do about it."""

from datetime import datetime
from typing import Literal

import msgspec

from stream_app.contracts.origin import Origin

Verdict = Literal["allow", "limit", "remove", "review"]
Pending = Literal["visible", "held"]
DecidedBy = Literal["worker", "reviewer", "appeal"]
ReasonKind = Literal["score", "rule", "match", "campaign", "cache", "degraded", "sampled", "author-history"]


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """One cause of a verdict. ``label`` is the one that it speaks for, if it speaks for one.

    ``spans`` are [start, end) in code points of the original text.
    """

    kind: ReasonKind
    detail: str
    label: str | None = None
    spans: tuple[tuple[int, int], ...] = ()


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict with all that explains and repeats it.

    ``scores`` are calibrated probabilities. ``thresholds`` are ``[review_from, act_from]`` per label as they
    applied to this item, derived from ``costs`` ``[wrong removal, miss, review]``.
    ``text_digest`` identifies the text that was decided without holding it; ``based_on`` is the worker's
    decision on that same text (its own id, or, after rulings, the id they go back to).
    ``sampling_probability`` is set where an automatic verdict was drawn for an audit.
    ``for_the_record`` marks a decision that never becomes effective (an old version that arrived late, a ruling
    on a text that has been edited since). ``origin`` is where the item was read, ``ruling_origin`` where the latest
    ruling was.
    """

    decision_id: str
    item_id: str
    verdict: Verdict
    label: str | None
    scores: dict[str, float]
    thresholds: dict[str, tuple[float, float]]
    costs: dict[str, tuple[float, float, float]] = {}
    reasons: tuple[Reason, ...]
    level: str
    artifacts: dict[str, str]
    policy_version: str
    language: str
    variant_of: str | None = None
    campaign_id: str | None = None
    degraded: bool = False
    pending: Pending = "visible"
    supersedes: str | None = None
    ruling_id: str | None = None
    decided_by: DecidedBy = "worker"
    decided_at: datetime
    latency_ms: float
    text_digest: str
    based_on: str
    item_version: int | None = None
    for_the_record: bool = False
    sampling_probability: float | None = None
    origin: Origin | None = None
    ruling_origin: Origin | None = None


class StatementOfReasons(msgspec.Struct, frozen=True, kw_only=True):
    """What the author is told (Regulation (EU) 2022/2065, Article 17).

    ``automated_detection`` and ``automated_decision`` say whether a machine found it and whether a machine
    alone decided it.
    """

    restriction: str
    ground: str
    facts: str
    automated_detection: bool
    automated_decision: bool
    redress: str


class EnforcementAction(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that the platform must do now. Applying the same ``action_id`` twice must change nothing."""

    action_id: str
    decision_id: str
    item_id: str
    kind: str
    reason: str
    expires_at: datetime | None = None
    statement: StatementOfReasons | None = None
