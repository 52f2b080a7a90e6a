"""The one place for topics: name, what travels on it, how long it is kept."""

from dataclasses import dataclass
from typing import Any

from stream_app.contracts.content import ContentItem
from stream_app.contracts.dead_letter import DeadLetter
from stream_app.contracts.decision import Decision, EnforcementAction
from stream_app.contracts.feedback import TrainingExample
from stream_app.contracts.review import (
    Appeal,
    AppealDecision,
    AuditHead,
    Erasure,
    ReviewDecision,
    ReviewTask,
    Ruling,
    UserReport,
)

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic without its prefix. ``messages`` is empty while no message type of it is settled."""

    name: str
    key: str
    messages: tuple[type[Any], ...]
    purpose: str
    compacted: bool = False
    deleted: bool = True
    retention_days: int = 30
    # Topics with the partitions of ``content``, so that an item's history stays with one worker.
    follows_content: bool = False

    def config(self) -> dict[str, str]:
        """Kafka's topic settings for this topic."""
        policies = [name for name, on in (("compact", self.compacted), ("delete", self.deleted)) if on]
        config = {"cleanup.policy": ",".join(policies)}
        if self.deleted:
            config["retention.ms"] = str(self.retention_days * DAY_MS)
        if self.compacted:
            # Consumers that were away for less than this still see that an item was deleted.
            config["delete.retention.ms"] = str(7 * DAY_MS)
        return config


CONTENT = Topic("content", "any", (ContentItem,), "what users posted", follows_content=True)
DECISIONS = Topic(
    "decisions", "item_id", (Decision,), "every decision; the last one of an item is the effective one",
    compacted=True, retention_days=365, follows_content=True,
)  # fmt: skip
ENFORCEMENT = Topic("enforcement", "item_id", (EnforcementAction,), "what the platform must do now")
REVIEW_QUEUE = Topic("review-queue", "item_id", (ReviewTask,), "what a person must look at")
REVIEW_LABELS = Topic(
    "review-labels", "item_id", (ReviewDecision, AppealDecision, Erasure),
    "what reviewers said, and which of it must be forgotten",
)  # fmt: skip
APPEALS = Topic("appeals", "item_id", (Appeal,), "authors who disagree")
RULINGS = Topic(
    "rulings", "item_id", (Ruling,), "verdicts from outside the worker, for the worker to write", follows_content=True
)
REPORTS = Topic("reports", "item_id", (UserReport,), "what users reported")
RETRAINING = Topic(
    "retraining", "example_id", (TrainingExample,), "labelled examples", compacted=True, retention_days=1095
)
FINGERPRINTS = Topic("fingerprints", "cluster signature", (), "for campaign detection", retention_days=7)
CAMPAIGNS = Topic("campaigns", "campaign_id", (), "campaigns found", compacted=True, deleted=False)
BANK_UPDATES = Topic("bank-updates", "entry_id", (), "known content", compacted=True, deleted=False)
AUTHOR_EVENTS = Topic("author-events", "author_id", (), "what an author did", retention_days=7)
AUTHOR_STATE = Topic("author-state", "author_id", (), "windows of author events", compacted=True, deleted=False)
DRIFT = Topic("drift", "slice", (), "drift reports", compacted=True, deleted=False)
AUDIT_HEADS = Topic(
    "audit-heads", "chain", (AuditHead,), "the latest head of the audit chain, and under chain:seq every one",
    compacted=True, deleted=False,
)  # fmt: skip
ROLLOUTS = Topic("rollouts", "slot", (), "which artifact decides", compacted=True, deleted=False)
DEAD_LETTERS = Topic("dead-letters", "original key", (DeadLetter,), "what could not be decided, with why")

TOPICS = (
    CONTENT, DECISIONS, ENFORCEMENT, REVIEW_QUEUE, REVIEW_LABELS, APPEALS, RULINGS, REPORTS, RETRAINING,
    FINGERPRINTS, CAMPAIGNS, BANK_UPDATES, AUTHOR_EVENTS, AUTHOR_STATE, DRIFT, AUDIT_HEADS, ROLLOUTS, DEAD_LETTERS,
)  # fmt: skip
