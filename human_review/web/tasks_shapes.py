"""The desk's calls as programs send and get them; the description of the API is made of these."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from human_review.desk import decide

MOST_NOTE = 4000
_Token = Annotated[int, Field(ge=0, le=2**53, description="of the lease, as the card has it")]
_Seconds = Annotated[float, Field(ge=0, le=86_400, description="time spent; at most an hour of it counts")]
_Name = Annotated[str, Field(min_length=1, max_length=64)]
_Verdict = Literal["allow", "limit", "remove"]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Next(_In):
    """Which queue to take from; the person's own ones by urgency where it is absent."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{}, {"queue": "general"}]})
    queue: Annotated[str, Field(min_length=1, max_length=100)] | None = None


class OfSeat(_In):
    """Names the lease."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"token": 1}]})
    token: _Token


class Decision(OfSeat):
    """An answer. ``labels`` are those of the review file: none for allow, at least one else."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"token": 1, "verdict": "remove", "labels": ["threat"], "seconds": 12.5}]},
    )
    verdict: _Verdict
    labels: Annotated[list[_Name], Field(max_length=64)] = []
    note: Annotated[str, Field(max_length=MOST_NOTE)] = ""
    seconds: _Seconds = 0.0

    def answer(self) -> decide.Answer:
        """As the desk takes it."""
        return decide.Answer(verdict=self.verdict, labels=tuple(self.labels), note=self.note, seconds=self.seconds)


class GroupDecision(Decision):
    """An answer for a whole group. ``checked`` are the tasks of its sample, which must be looked at."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"token": 1, "verdict": "remove", "labels": ["spam"], "checked": ["0123456789abcdef"]}]
        },
    )
    checked: Annotated[list[_Name], Field(max_length=500)]


class Skip(OfSeat):
    """A reason of the review file."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"token": 1, "reason": "language", "seconds": 4}]}
    )
    reason: _Name
    seconds: _Seconds = 0.0


class Escalate(OfSeat):
    """Hand the task to leads."""

    seconds: _Seconds = 0.0


class Release(OfSeat):
    """Give the seat back."""

    seconds: _Seconds = 0.0


class ReasonOut(BaseModel):
    """One cause of the machine's verdict; spans are [start, end) in code points of the text."""

    kind: str
    detail: str
    label: str | None
    spans: list[tuple[int, int]]


class EarlierOut(BaseModel):
    """An earlier answer to the same item."""

    verdict: str
    labels: list[str]
    reviewer: str
    decided_at: datetime
    note: str


class AidsOut(BaseModel):
    """What the machine and others said; ``severity`` and scores are 0 to 1, thresholds [review from, act from]."""

    why: str
    label: str | None
    severity: float
    verdict: str
    scores: dict[str, float]
    thresholds: dict[str, tuple[float, float]]
    reasons: list[ReasonOut]
    level: str
    artifacts: dict[str, str]
    variant_of: str | None
    campaign_id: str | None
    degraded: bool
    pending: str
    earlier: list[EarlierOut]


class CardOut(BaseModel):
    """A task in hand. ``aids`` is absent from blind tasks. ``group``: how many tasks can be decided at once."""

    seat_id: str
    token: int
    task_id: str
    lease_until: datetime
    lease_seconds: float
    heartbeat_seconds: float
    appeal: bool
    escalated: bool
    blind: bool
    queue: str
    language: str
    surface: str
    due_at: datetime
    policy_version: str
    item_id: str
    text: str
    folded_text: str
    author_id: str | None
    region: str | None
    created_at: datetime | None
    parent_id: str | None
    thread_id: str | None
    tier: str | None
    metadata: Annotated[dict[str, str], BeforeValidator(dict)]
    parent_text: str | None
    thread: list[str]
    author_history: list[str]
    group: int
    aids: AidsOut | None = None


class HeldOut(BaseModel):
    """Until when the seat is held."""

    lease_until: datetime


class GivenOut(BaseModel):
    """What an answer came to. ``final`` is false while others are asked as well."""

    label_id: str
    task_id: str
    final: bool
    undo_until: datetime
    what_happens: str


class PassedOut(BaseModel):
    """What became of a skipped or escalated task."""

    task_id: str
    what_happens: str


class UndoneOut(BaseModel):
    """``token`` is null where the task cannot be had again."""

    label_id: str
    task_id: str
    in_time: bool
    seat_id: str
    token: int | None
    what_happens: str


class MemberOut(BaseModel):
    """A task of a group's sample."""

    task_id: str
    item_id: str
    language: str
    surface: str
    text: str


class GroupOut(BaseModel):
    """``size``: how many tasks would be decided; ``left_out`` belong to them and would not."""

    size: int
    left_out: int
    sample: list[MemberOut]


class GivenGroupOut(BaseModel):
    """What a decision for a group came to."""

    batch_id: str
    given: int
    final: int
    left_out: int
    undo_until: datetime
    what_happens: str


class UndoneGroupOut(BaseModel):
    """How many answers were taken back before they were sent, must be replaced, or were closed meanwhile."""

    batch_id: str
    in_time: int
    late: int
    lost: int
    what_happens: str


class PastOut(BaseModel):
    """An answer that was given; ``state`` is standing, undone or replaced."""

    label_id: str
    task_id: str
    item_id: str
    queue: str
    language: str
    verdict: str
    labels: list[str]
    reviewer: str
    decided_at: datetime
    undo_until: datetime
    state: str
    batch_id: str | None
    appeal: bool
