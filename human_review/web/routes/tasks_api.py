"""The desk for programs: the same calls as the page, as JSON. A call about a seat names the token of its lease."""

from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from fastapi import APIRouter, Path, Query
from fastapi.encoders import jsonable_encoder
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from human_review.desk import decide, groups, history, skip, take, undo
from human_review.times import at
from human_review.web.access import SignedIn, Svc, requires

MOST_NOTE = 4000
_REVIEW = [requires("review")]
_Id = Annotated[str, Path(min_length=1, max_length=64)]
_Token = Annotated[int, Field(ge=0, le=2**53, description="of the lease, as the card has it")]
_Seconds = Annotated[float, Field(ge=0, le=86_400, description="time spent; at most an hour of it counts")]
_Name = Annotated[str, Field(min_length=1, max_length=64)]
_Verdict = Literal["allow", "limit", "remove"]


class Problem(BaseModel):
    """Every error: ``code`` is for programs, ``message`` for people."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"code": "lease_lost", "message": "it ran out"}]})
    code: str
    message: str


_PROBLEMS: dict[int | str, dict[str, Any]] = {
    401: {"model": Problem, "description": "no valid session or token"},
    403: {"model": Problem, "description": "not for this person"},
    404: {"model": Problem, "description": "not there"},
    409: {"model": Problem, "description": "the lease ran out, or somebody was first"},
    422: {"model": Problem, "description": "cannot be carried out as it stands"},
    429: {"model": Problem, "description": "slow down; Retry-After says for how long"},
}
router = APIRouter(prefix="/api/v1", tags=["tasks"], responses=_PROBLEMS)


_Out = TypeVar("_Out", bound=BaseModel)


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


@router.post(
    "/tasks/next", dependencies=_REVIEW, response_model=CardOut, response_model_exclude_unset=True,
    responses={204: {"description": "there is nothing for this person now"}},
)  # fmt: skip
def next_task(service: Svc, actor: SignedIn, given: Next | None = None) -> Any:
    """Take the task to look at now: the one in hand, else the most urgent."""
    card = take.take(service, actor, given.queue if given else None)
    return Response(status_code=204) if card is None else _json(CardOut, card)


@router.post("/seats/{seat_id}/heartbeat", dependencies=_REVIEW)
def heartbeat(service: Svc, actor: SignedIn, seat_id: _Id, given: OfSeat) -> HeldOut:
    """Hold the seat on."""
    return HeldOut(lease_until=at(take.heartbeat(service, actor, seat_id, given.token)))


@router.post("/seats/{seat_id}/decision", dependencies=_REVIEW)
def decision(service: Svc, actor: SignedIn, seat_id: _Id, given: Decision) -> GivenOut:
    """Answer. The same answer with the same token again gives the same result and is one answer."""
    made = decide.decide(service, actor, seat_id, given.token, given.answer())
    return GivenOut(
        label_id=made.label_id, task_id=made.task_id, final=made.final, undo_until=at(made.undo_until_ms),
        what_happens=made.what_happens,
    )  # fmt: skip


@router.post("/seats/{seat_id}/skip", dependencies=_REVIEW)
def skip_task(service: Svc, actor: SignedIn, seat_id: _Id, given: Skip) -> PassedOut:
    """Leave the task to others."""
    return _model(PassedOut, skip.skip(service, actor, seat_id, given.token, given.reason, seconds=given.seconds))


@router.post("/seats/{seat_id}/escalate", dependencies=_REVIEW)
def escalate_task(service: Svc, actor: SignedIn, seat_id: _Id, given: Escalate) -> PassedOut:
    """Hand the task to leads."""
    return _model(PassedOut, skip.escalate(service, actor, seat_id, given.token, seconds=given.seconds))


@router.post("/seats/{seat_id}/release", dependencies=_REVIEW, status_code=204)
def release_seat(service: Svc, actor: SignedIn, seat_id: _Id, given: OfSeat) -> None:
    """Give the seat back unanswered."""
    take.release(service, actor, seat_id, given.token)


@router.get("/seats/{seat_id}/group", dependencies=_REVIEW)
def group(
    service: Svc, actor: SignedIn, seat_id: _Id, token: Annotated[int, Query(ge=0, le=2**53)]
) -> GroupOut:  # fmt: skip
    """What belongs together with the task in hand, and which of it to look at before it is decided at once."""
    return _model(GroupOut, groups.group(service, actor, seat_id, token))


@router.post("/seats/{seat_id}/group-decision", dependencies=_REVIEW)
def group_decision(service: Svc, actor: SignedIn, seat_id: _Id, given: GroupDecision) -> GivenGroupOut:
    """Answer the task in hand and all that belongs to it. The same call again gives the same result."""
    made = groups.decide_group(service, actor, seat_id, given.token, given.answer(), tuple(given.checked))
    return GivenGroupOut(
        batch_id=made.batch_id, given=made.given, final=made.final, left_out=made.left_out,
        undo_until=at(made.undo_until_ms), what_happens=made.what_happens,
    )  # fmt: skip


@router.post("/groups/{batch_id}/undo", dependencies=_REVIEW)
def undo_group(service: Svc, actor: SignedIn, batch_id: _Id) -> UndoneGroupOut:
    """Take all answers back that were given at once."""
    return _model(UndoneGroupOut, groups.undo_group(service, actor, batch_id))


@router.post("/labels/{label_id}/undo", dependencies=_REVIEW)
def undo_label(service: Svc, actor: SignedIn, label_id: _Id) -> UndoneOut:
    """Take an own answer back; its seat is in hand again."""
    return _model(UndoneOut, undo.undo(service, actor, label_id))


@router.get("/history", dependencies=[requires("see-own-work")])
def past(
    service: Svc, actor: SignedIn, own: bool = True, before: AwareDatetime | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> list[PastOut]:  # fmt: skip
    """Answers, the latest first: the person's own, or with ``own=false`` of all whose work they may see."""
    found = history.history(service, actor, own=own, before=before, limit=limit)
    return [_model(PastOut, one) for one in found]


def _model(kind: type[_Out], value: msgspec.Struct) -> _Out:
    return kind.model_validate(msgspec.to_builtins(value))


def _json(kind: type[BaseModel], value: msgspec.Struct) -> JSONResponse:
    """With what is unset left out, so that a blind card has no aids."""
    return JSONResponse(jsonable_encoder(_model(kind, value), exclude_unset=True))
