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


class Withdrawn(msgspec.Struct, frozen=True, kw_only=True):
    """What a label had said that was taken back after it was sent, in the words of that label."""

    final: bool
    verdict: Verdict
    labels: tuple[str, ...] = ()
    replaces: str | None = None


class ReviewDecision(msgspec.Struct, frozen=True, kw_only=True):
    """A reviewer's label. Carries its task, so that no consumer needs a join.

    Where several people were asked, each of their labels comes with ``final`` false, and a last one by ``panel`` sums
    up those named in ``answers``, which are ``reviewers``' in the same order; its ``weight`` is the probability that
    its verdict is right. ``replaces`` is the label that was taken back after it had been sent.

    With ``withdrawn``, it says that the label ``replaces`` holds no longer and that nothing takes its place yet:
    ``verdict`` is review, ``final`` false. The answer that comes next replaces the same label.
    """

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
    answers: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    withdrawn: Withdrawn | None = None


class Appeal(msgspec.Struct, frozen=True, kw_only=True):
    """An author disagrees with a decision.

    ``decision`` is the decision itself, where the platform has kept it; without it, the appeal waits until the
    review service has read that decision from its topic.
    """

    appeal_id: str
    decision_id: str
    item: ContentItem
    origin: Origin
    statement: str
    appealed_at: datetime
    decision: Decision | None = None


class AppealDecision(msgspec.Struct, frozen=True, kw_only=True):
    """How an appeal ended; never decided by the person who decided before.

    Carries its task, so that no consumer needs a join. ``verdict`` and ``labels`` are what holds from now on: those
    of the decision where it was upheld.
    """

    appeal_id: str
    decision_id: str
    item: ContentItem
    origin: Origin
    outcome: Literal["upheld", "overturned"]
    reviewer_id: str
    decided_at: datetime
    task: ReviewTask | None = None
    verdict: Verdict = "allow"
    labels: tuple[str, ...] = ()
    weight: float = 1.0
    sampling_probability: float = 1.0
    policy_version: str = ""


class Ruling(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict from outside the worker: reviewer, appeal, campaign, re-check, re-score.

    ``supersedes`` is the decision that was looked at; a ruling on a text that has been edited since is kept
    for the record and changes nothing. Where no decision was known, ``text_digest`` says which text was looked at.
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
    text_digest: str | None = None


class UserReport(msgspec.Struct, frozen=True, kw_only=True):
    """A user reports an item. Reports raise priority; they never act and never become labels.

    An item that nobody was asked about yet gets a task where the report carries the ``item`` and its ``origin``, or
    the ``decision``, whose origin it then is.
    """

    report_id: str
    item_id: str | None = None
    item: ContentItem | None = None
    reason: str
    reporter_id: str
    reported_at: datetime
    origin: Origin | None = None
    decision: Decision | None = None


class Erasure(msgspec.Struct, frozen=True, kw_only=True):
    """The item was deleted: what was learned from its labels must go. Follows every label of the item."""

    item_id: str
    erased_at: datetime


class AuditHead(msgspec.Struct, frozen=True, kw_only=True):
    """How far an audit log went, and the hash of the entry with that number (64 hex digits).

    Published where the log's own database cannot reach, so that a log that was cut or rebuilt is found out.
    ``entries`` is how many were appended since the head before.
    """

    chain: str
    seq: int
    hash: str
    entries: int
    published_at: datetime
