"""What passes between the stream and the people who review, report and appeal."""

from datetime import datetime
from typing import Literal

import msgspec

from stream_app.contracts.content import ContentItem
from stream_app.contracts.decision import DecidedBy, Decision, Verdict
from stream_app.contracts.origin import Origin

Why = Literal["unsure", "disagreement", "sampled", "variant", "campaign", "report", "appeal", "degraded"]


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What surrounds an item, as far as it is known."""

    parent_text: str | None = None
    thread: tuple[str, ...] = ()
    author_history: tuple[str, ...] = ()


class ReviewTask(msgspec.Struct, frozen=True, kw_only=True):
    """One item that a person must look at.

    ``priority`` is 0 (whenever) to 1 (now). ``sampling_probability`` is 1 unless the task was drawn at random,
    so that precision and prevalence can be estimated without bias.
    """

    task_id: str
    decision: Decision
    item: ContentItem
    origin: Origin
    folded_text: str
    context: Context = Context()
    queue: str
    priority: float
    why: Why
    due_at: datetime
    sampling_probability: float = 1.0


class ReviewDecision(msgspec.Struct, frozen=True, kw_only=True):
    """A reviewer's label. Carries its task, so that no consumer needs a join."""

    label_id: str
    final: bool
    replaces: str | None = None
    task: ReviewTask
    item_id: str
    reviewer_id: str
    verdict: Verdict
    labels: tuple[str, ...] = ()
    weight: float = 1.0
    sampling_probability: float = 1.0
    note: str = ""
    seconds_spent: float = 0.0
    decided_at: datetime
    policy_version: str


class Appeal(msgspec.Struct, frozen=True, kw_only=True):
    """An author disagrees with a decision."""

    appeal_id: str
    decision_id: str
    item: ContentItem
    origin: Origin
    statement: str
    appealed_at: datetime


class AppealDecision(msgspec.Struct, frozen=True, kw_only=True):
    """How an appeal ended; never decided by the person who decided before."""

    appeal_id: str
    decision_id: str
    item: ContentItem
    origin: Origin
    outcome: Literal["upheld", "overturned"]
    reviewer_id: str
    decided_at: datetime


class Ruling(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict from outside the worker: reviewer, appeal, campaign, re-check, re-score.

    ``supersedes`` is the decision that was looked at; a ruling on a text that has been edited since is kept
    for the record and changes nothing.
    """

    ruling_id: str
    item_id: str
    origin: Origin
    verdict: Verdict
    labels: tuple[str, ...] = ()
    decided_by: DecidedBy
    supersedes: str | None = None
    why: str = ""
    decided_at: datetime


class UserReport(msgspec.Struct, frozen=True, kw_only=True):
    """A user reports an item. Reports raise priority; they never act and never become labels."""

    report_id: str
    item_id: str | None = None
    item: ContentItem | None = None
    reason: str
    reporter_id: str
    reported_at: datetime
