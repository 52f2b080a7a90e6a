"""How a golden task comes to look like any other. Pure."""

from datetime import timedelta

import msgspec

from stream_app.contracts.ids import digest
from stream_app.contracts.review import ReviewTask


def disguised(original: ReviewTask, beside: ReviewTask, *, decision_id: str, jitter_ms: int) -> ReviewTask:
    """The task as it would look had it come at about the time of another one, under the same policy and models."""
    decided_at = beside.decision.decided_at + timedelta(milliseconds=jitter_ms)
    moved = decided_at - original.decision.decided_at
    created = original.item.created_at
    origin = msgspec.structs.replace(beside.origin, offset=beside.origin.offset + 1)
    decision = msgspec.structs.replace(
        original.decision, decision_id=decision_id, based_on=decision_id, decided_at=decided_at,
        policy_version=beside.decision.policy_version, artifacts=beside.decision.artifacts,
        thresholds=beside.decision.thresholds, costs=beside.decision.costs, supersedes=None, ruling_id=None,
        decided_by="worker", origin=origin,
    )  # fmt: skip
    return msgspec.structs.replace(
        original, task_id=digest("task", decision_id), decision=decision, queue=beside.queue, why=beside.why,
        item=msgspec.structs.replace(original.item, created_at=created + moved if created else None),
        origin=origin, due_at=beside.due_at + timedelta(milliseconds=jitter_ms),
        sampling_probability=beside.sampling_probability,
    )  # fmt: skip
