"""What a decision makes the platform do, and whom it asks.

An item is visible, limited, held or removed. Each action sets its state whatever came before, and ``release``
(of a hold) and ``restore`` (of a limit, a label or a removal) make the item plainly visible again. A change to
a stricter state is therefore one action, with no moment in which the item is visible.
"""

from datetime import datetime, timedelta
from typing import Literal

from models.text.normalized import NormalizedText
from stream_app.contracts.content import ContentItem
from stream_app.contracts.decision import Decision, EnforcementAction
from stream_app.contracts.ids import digest
from stream_app.contracts.origin import Origin
from stream_app.contracts.review import ReviewTask, Why
from stream_app.pipeline.label_policy import LabelPolicy, fold_language, fold_region
from stream_app.pipeline.policy import Policy, found_labels
from stream_app.pipeline.statement import statement_of

_MAX_FOLDED_CHARS = 4000

State = Literal["visible", "limited", "held", "removed"]

_UNDO: dict[State, str | None] = {"visible": None, "limited": "restore", "held": "release", "removed": "restore"}


def state_of(decision: Decision | None) -> State:
    """What the platform shows after a decision; before any, an item is visible."""
    if decision is None or decision.verdict == "allow":
        return "visible"
    if decision.verdict == "review":
        return "held" if decision.pending == "held" else "visible"
    return "limited" if decision.verdict == "limit" else "removed"


def act(
    decision: Decision, item: ContentItem, previous: Decision | None, policy: Policy, *, now: datetime
) -> tuple[EnforcementAction, ...]:
    """The actions between the previous effective decision and this one, in the order in which to apply them.

    An edit of a restricted item is restricted again, since the platform may show a new text anew. A decision
    for the record changes nothing.
    """
    if decision.for_the_record or (previous and previous.decision_id == decision.decision_id):
        return ()
    return tuple(
        _action(kind, decision, item, previous, policy, now) for kind in _transition(decision, previous, policy)
    )


def review_task(
    decision: Decision, item: ContentItem, text: NormalizedText, origin: Origin, policy: Policy, *, now: datetime
) -> ReviewTask | None:
    """What a person must look at: verdicts ``review``, audit samples, and labels that a person always sees.

    An audit does not change the verdict; neither does a look at an ``always_reviewed`` label when another
    label (or a bank) has decided the item.
    """
    if decision.for_the_record:
        return None
    cared = _cared_for(decision, policy)
    probability = decision.sampling_probability
    if decision.verdict != "review" and cared is None and probability is None:
        return None
    why = _why(decision, sampled=decision.verdict != "review" and cared is None)
    label = cared or (policy.labels.get(decision.label) if decision.label else None)
    return ReviewTask(
        task_id=digest("task", decision.decision_id),
        decision=decision,
        item=item,
        origin=origin,
        folded_text=text.text[:_MAX_FOLDED_CHARS],
        queue=_queue(label, decision, item, why, policy),
        priority=_priority(label, decision, why, policy),
        why=why,
        due_at=now + timedelta(minutes=_due_minutes(label, why, policy)),
        sampling_probability=probability if probability is not None and why == "sampled" else 1.0,
    )


def _transition(decision: Decision, previous: Decision | None, policy: Policy) -> tuple[str, ...]:
    before, after = state_of(previous), state_of(decision)
    undo = _UNDO[before]
    if after == "visible":
        return (undo,) if undo else ()
    kind = "hold" if after == "held" else policy.kind_of(decision.verdict, decision.label)
    edited = previous is not None and previous.text_digest != decision.text_digest
    if before == after:
        same_kind = previous is None or after != "limited" or _kind_before(previous, policy) == kind
        return ((kind,) if edited else ()) if same_kind else ("restore", kind)
    if after == "limited" and undo:
        return undo, kind
    return (kind,)


def _kind_before(previous: Decision, policy: Policy) -> str:
    return policy.kind_of(previous.verdict, previous.label)


def _action(
    kind: str, decision: Decision, item: ContentItem, previous: Decision | None, policy: Policy, now: datetime
) -> EnforcementAction:
    restricts = decision.verdict in {"limit", "remove"} and kind not in _UNDO.values()
    label = policy.labels.get(decision.label) if decision.label else None
    hours = label.action.hours if restricts and label and label.action.kind == kind else None
    return EnforcementAction(
        action_id=digest(decision.decision_id, kind),
        decision_id=decision.decision_id,
        item_id=item.item_id,
        kind=kind,
        reason=decision.reasons[0].detail if decision.reasons else decision.verdict,
        expires_at=now + timedelta(hours=hours) if hours else None,
        statement=statement_of(decision, kind, previous, policy) if restricts else None,
    )


def _cared_for(decision: Decision, policy: Policy) -> LabelPolicy | None:
    """The label found here that a person always sees; the most urgent where there are several.

    Only for what the worker itself found: a ruling was a person's look, or follows from one.
    """
    if decision.ruling_id is not None or not decision.reasons:
        return None
    cared = [policy.labels[name] for name in found_labels(decision, policy) if policy.labels[name].always_reviewed]
    return max(cared, key=lambda label: label.priority, default=None)


def _why(decision: Decision, *, sampled: bool) -> Why:
    if sampled:
        return "sampled"
    if decision.campaign_id:
        return "campaign"
    if decision.variant_of:
        return "variant"
    return "degraded" if decision.degraded else "unsure"


def _queue(label: LabelPolicy | None, decision: Decision, item: ContentItem, why: Why, policy: Policy) -> str:
    place = fold_language(decision.language), fold_region(item.region), item.surface, item.tier
    for route in policy.queues.routes:
        when = route.when
        of_label = not when.labels or (label is not None and label.label in when.labels)
        if of_label and (not when.whys or why in when.whys) and when.matches_item(*place):
            return route.queue
    return policy.queues.default


def _priority(label: LabelPolicy | None, decision: Decision, why: Why, policy: Policy) -> float:
    """The label's base, raised towards 1 by its probability."""
    if why == "sampled":
        return policy.sampling.priority
    if label is None:
        return policy.queues.priority
    return round(label.priority + (1.0 - label.priority) * decision.scores.get(label.label, 0.0), 4)


def _due_minutes(label: LabelPolicy | None, why: Why, policy: Policy) -> float:
    if why == "sampled":
        return policy.sampling.due_minutes
    return label.due_minutes if label else policy.queues.due_minutes
