"""From what a person said about an item to what follows: a ruling for the worker, an example to learn from.

A label carries its task, and the task its decision; nothing else is looked up. Every id follows from the label's, so
that a label that is read again leads to the same messages.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

from stream_app.contracts.codec import decode, encode, schema_of
from stream_app.contracts.content import ContentItem
from stream_app.contracts.decision import Decision, Verdict
from stream_app.contracts.feedback import TrainingExample, example_id_of
from stream_app.contracts.ids import digest, text_digest
from stream_app.contracts.origin import Origin
from stream_app.contracts.review import AppealDecision, Erasure, ReviewDecision, Ruling, Withdrawn
from stream_app.contracts.topics import RETRAINING, RULINGS, Topic
from stream_app.errors import BadMessage

# An audit of what was allowed is drawn once in 500 and would count as 500 labels: one that is wrong would drown a
# batch. Cutting weights trades a little bias for a bounded variance (Ionides, Truncated importance sampling, 2008);
# 50 leaves the rarest audit of an action, 1 in 50, as it is. An example keeps its sampling probability, so that
# whoever trains can choose another limit.
MAX_WEIGHT = 50.0

Label: TypeAlias = ReviewDecision | AppealDecision | Erasure
_TYPES: dict[bytes, type[Label]] = {
    schema_of(message).encode(): message for message in (ReviewDecision, AppealDecision, Erasure)
}


@dataclass(frozen=True, slots=True)
class Sent:
    """One record to send. ``partition`` is -1 where the key decides; a null ``value`` erases what has that key."""

    topic: Topic
    key: str
    value: bytes | None
    schema: str
    partition: int = -1


@dataclass(frozen=True, slots=True)
class _Look:
    """What a review and an appeal have in common: somebody looked at an item, or more exactly at a decision on it."""

    by: Literal["reviewer", "appeal"]
    label_id: str
    item: ContentItem
    origin: Origin
    decision_id: str
    decision: Decision | None
    verdict: Verdict
    labels: tuple[str, ...]
    changes: bool
    weight: float
    sampling_probability: float
    policy_version: str
    lineage: tuple[str, ...]
    decided_at: datetime


def read_label(value: bytes | None, headers: Sequence[tuple[str, bytes]]) -> Label:
    """One message of ``review-labels``; its ``weir-schema`` header says which. Raises BadMessage."""
    stamp = next((value for name, value in headers if name == "weir-schema"), None)
    message = _TYPES.get(stamp) if stamp is not None else None
    if message is None:
        known = ", ".join(sorted(name.decode() for name in _TYPES))
        raise BadMessage("version", f"the weir-schema header must be one of {known}")
    return decode(value, message)


def follow(label: Label, partitions: int) -> list[Sent]:
    """What follows from a label, to be sent together. ``partitions`` is how many ``rulings`` has.

    Raises BadMessage for a label that contradicts itself.
    """
    if isinstance(label, Erasure):
        return [_forgotten(label.item_id)]
    if isinstance(label, ReviewDecision) and label.withdrawn is not None:
        return _taken_back(label, label.withdrawn, partitions)
    if isinstance(label, ReviewDecision) and not label.final:
        return []  # one voice of several; the last word comes with the panel's label
    look = _of_review(label) if isinstance(label, ReviewDecision) else _of_appeal(label)
    if look.verdict == "review":
        raise BadMessage("schema", "$.verdict must be allow, limit or remove where it is final", stage="label")
    _check(look, label.item_id if isinstance(label, ReviewDecision) else look.item.item_id, partitions)
    sent = []
    if look.changes:
        sent.append(_ruled(_ruling(look)))
    example = _example(look)
    if example is not None:
        sent.append(Sent(RETRAINING, example.example_id, encode(example), schema_of(TrainingExample)))
    elif look.decision is not None:
        # Nothing can be learned from the item's last label, and what an earlier one taught holds no more.
        sent.append(_forgotten(look.item.item_id))
    return sent


def _taken_back(label: ReviewDecision, said: Withdrawn, partitions: int) -> list[Sent]:
    """What follows where a label that was sent holds no longer and nothing has taken its place yet.

    The item waits for a person again, as it did before, and what the label taught goes. Where the label had changed
    nothing, taking it back changes nothing either: the worker's decision still stands.
    """
    if label.final or label.replaces is None or label.verdict != "review":
        raise BadMessage("schema", "$.withdrawn needs $.replaces, final false and the verdict review", stage="label")
    if not said.final:
        return []
    was = msgspec.structs.replace(label, verdict=said.verdict, labels=said.labels, replaces=said.replaces)
    look = _of_review(was)
    _check(look, label.item_id, partitions)
    forgotten = _forgotten(label.item_id)
    if not look.changes:
        return [forgotten]
    waits_for = label.task.decision.label
    ruling = msgspec.structs.replace(
        _ruling(look), verdict="review", labels=(waits_for,) if waits_for else (),
        why=f"label {label.replaces} was taken back",
    )  # fmt: skip
    return [_ruled(ruling), forgotten]


def _of_review(label: ReviewDecision) -> _Look:
    task = label.task
    return _Look(
        by="reviewer", label_id=label.label_id, item=task.item, origin=task.origin,
        decision_id=task.decision.decision_id, decision=task.decision, verdict=label.verdict, labels=label.labels,
        changes=not _confirms(label), weight=label.weight, sampling_probability=label.sampling_probability,
        policy_version=label.policy_version, decided_at=label.decided_at,
        lineage=(
            f"decision:{task.decision.decision_id}", f"task:{task.task_id}", f"label:{label.label_id}",
            *(f"label:{answer}" for answer in label.answers),
            *(f"reviewer:{reviewer}" for reviewer in label.reviewers or (label.reviewer_id,)),
            *((f"replaces:{label.replaces}",) if label.replaces else ()),
        ),
    )  # fmt: skip


def _of_appeal(appeal: AppealDecision) -> _Look:
    task = appeal.task
    return _Look(
        by="appeal", label_id=appeal.appeal_id, item=appeal.item, origin=appeal.origin,
        decision_id=appeal.decision_id, decision=task.decision if task else None, verdict=appeal.verdict,
        labels=appeal.labels, changes=appeal.outcome == "overturned", weight=appeal.weight,
        sampling_probability=appeal.sampling_probability, policy_version=appeal.policy_version,
        decided_at=appeal.decided_at,
        lineage=(
            f"decision:{appeal.decision_id}", *((f"task:{task.task_id}",) if task else ()),
            f"appeal:{appeal.appeal_id}", f"reviewer:{appeal.reviewer_id}",
        ),
    )  # fmt: skip


def _confirms(label: ReviewDecision) -> bool:
    """Whether an audit found what the worker had decided: the decision stands as it is and needs no ruling.

    A ruling would only put a person's name to a machine's decision, and audits would change what they measure. A
    label that replaces another must be followed in any case, since that one may have been; so must one that names
    another ground, since the author was told a wrong one.
    """
    decided = label.task.decision
    same_ground = label.verdict == "allow" or not label.labels or decided.label in label.labels
    is_audit = label.task.why == "sampled" and label.replaces is None
    return is_audit and label.verdict == decided.verdict and same_ground


def _check(look: _Look, item_id: str, partitions: int) -> None:
    decided_on = look.decision.item_id if look.decision else item_id
    if {item_id, look.item.item_id, decided_on} != {item_id}:
        raise BadMessage("schema", "$.item_id, the item and its decision must be about the same item", stage="label")
    if look.decided_at.tzinfo is None:
        raise BadMessage("schema", "$.decided_at needs a UTC offset, such as Z", stage="label")
    if not 0 <= look.origin.partition < partitions:
        found = look.origin.partition
        raise BadMessage("schema", f"$.origin.partition is {found}, rulings has 0 to {partitions - 1}", stage="label")
    if not (look.weight >= 0 and 0 < look.sampling_probability <= 1):
        raise BadMessage("schema", "$.weight must not be negative, $.sampling_probability in (0, 1]", stage="label")


def _ruling(look: _Look) -> Ruling:
    return Ruling(
        ruling_id=digest("ruling", look.by, look.label_id),
        item_id=look.item.item_id,
        origin=look.origin,
        verdict=look.verdict,
        labels=look.labels,
        decided_by=look.by,
        supersedes=look.decision_id or None,  # a report can come before its decision is known
        why=f"{'label' if look.by == 'reviewer' else 'appeal'} {look.label_id}",
        decided_at=look.decided_at,
        text_digest=None if look.decision_id else text_digest(look.item.text),
    )


def _ruled(ruling: Ruling) -> Sent:
    return Sent(RULINGS, ruling.item_id, encode(ruling), schema_of(Ruling), ruling.origin.partition)


def _example(look: _Look) -> TrainingExample | None:
    labels = _labels(look)
    if look.decision is None or not any(value is not None for value in labels.values()):
        return None
    return TrainingExample(
        example_id=example_id_of(look.item.item_id),
        item_id=look.item.item_id,
        text=look.item.text,
        language=look.decision.language,
        labels=labels,
        source="review" if look.by == "reviewer" else "appeal",
        weight=min(MAX_WEIGHT, look.weight / look.sampling_probability),
        sampling_probability=look.sampling_probability,
        artifacts=look.decision.artifacts,
        policy_version=look.policy_version,
        lineage=look.lineage,
        created_at=look.decided_at,
    )


def _labels(look: _Look) -> dict[str, int | None]:
    """What the person said about each label that was scored or named; the scores themselves play no part.

    Whoever allows an item says of every label that it does not hold, but for one that they name all the same. Whoever
    restricts it says that the named ones hold, and nothing about others: one ground is enough, and the next may hold
    as well (what is hateful is also toxic).
    """
    scored = look.decision.scores if look.decision else {}
    allowed = look.verdict == "allow"
    labels: dict[str, int | None] = dict.fromkeys(scored, 0 if allowed else None)
    return labels | dict.fromkeys(look.labels, None if allowed else 1)


def _forgotten(item_id: str) -> Sent:
    return Sent(RETRAINING, example_id_of(item_id), None, schema_of(TrainingExample))
