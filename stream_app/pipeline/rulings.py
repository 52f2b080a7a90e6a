"""Verdicts from outside the worker, turned into decisions that supersede its own."""

from datetime import datetime

import msgspec

from stream_app.contracts.decision import DecidedBy, Decision, Pending, Reason
from stream_app.contracts.review import Ruling
from stream_app.pipeline.decide import decision_id_of
from stream_app.pipeline.policy import Policy

RULING_LEVEL = "ruling"
_UNKNOWN_LANGUAGE = "und"

_STANDING: dict[DecidedBy, int] = {"worker": 0, "reviewer": 1, "appeal": 2}


def apply_ruling(
    ruling: Ruling, effective: Decision | None, policy: Policy, *, now: datetime, latency_ms: float
) -> Decision:
    """The decision that a ruling makes; the effective one itself where this ruling already made it.

    A ruling that names the effective decision, or an earlier one on the same text, applies; so does one that names
    no decision, unless it names another text. One that names another text, or a decision on one (the item was edited
    since), is kept for the record; so is one that looked
    at an earlier decision on this text when a higher instance has spoken since: an appeal stands against a
    reviewer who had not seen it, a person against a machine.
    """
    if effective is not None and effective.ruling_id == ruling.ruling_id:
        return effective
    if effective is None:
        return _decision(ruling, _blank(ruling), policy, ruling.supersedes, now, latency_ms)
    if _applies(ruling, effective):
        return _decision(ruling, effective, policy, effective.decision_id, now, latency_ms)
    decision = _decision(ruling, _blank(ruling), policy, ruling.supersedes, now, latency_ms)
    return msgspec.structs.replace(decision, for_the_record=True)


def _applies(ruling: Ruling, effective: Decision) -> bool:
    if ruling.supersedes is None:
        return ruling.text_digest in (None, effective.text_digest)
    if ruling.supersedes == effective.decision_id:
        return True
    return _same_text(ruling, effective) and _STANDING[ruling.decided_by] >= _STANDING[effective.decided_by]


def _same_text(ruling: Ruling, effective: Decision) -> bool:
    """A decision made by a ruling is on the same text as the one that it supersedes."""
    if ruling.supersedes == effective.based_on:
        return True
    return effective.ruling_id is not None and ruling.supersedes == effective.supersedes


def _decision(
    ruling: Ruling, known: Decision, policy: Policy, supersedes: str | None, now: datetime, latency_ms: float
) -> Decision:
    label = ruling.labels[0] if ruling.labels else known.label
    decision_id = decision_id_of(
        ruling.item_id, known.text_digest, policy.version, known.artifacts, supersedes, ruling.ruling_id
    )
    return msgspec.structs.replace(
        known,
        decision_id=decision_id,
        item_id=ruling.item_id,
        verdict=ruling.verdict,
        label=label,
        reasons=(Reason(kind="rule", detail=f"ruling: {ruling.why or ruling.decided_by}"),),
        level=RULING_LEVEL,
        policy_version=policy.version,
        degraded=False,
        pending=_pending(ruling, known, label, policy),
        supersedes=supersedes,
        ruling_id=ruling.ruling_id,
        decided_by=ruling.decided_by,
        decided_at=now,
        latency_ms=latency_ms,
        based_on=known.based_on or decision_id,
        sampling_probability=None,
        for_the_record=False,
    )


def _pending(ruling: Ruling, known: Decision, label: str | None, policy: Policy) -> Pending:
    """Another look changes nothing for an item that already waits; else the label says what waiting means."""
    if ruling.verdict != "review":
        return "visible"
    if known.verdict == "review":
        return known.pending
    found = policy.labels.get(label) if label else None
    return found.pending if found else "visible"


def _blank(ruling: Ruling) -> Decision:
    """Stands for a decision that is not known any more, or that was on another text."""
    return Decision(
        decision_id="",
        item_id=ruling.item_id,
        verdict="allow",
        label=None,
        scores={},
        thresholds={},
        reasons=(),
        level=RULING_LEVEL,
        artifacts={},
        policy_version="",
        language=_UNKNOWN_LANGUAGE,
        decided_at=ruling.decided_at,
        latency_ms=0.0,
        text_digest=ruling.text_digest or "",
        based_on="",
    )
