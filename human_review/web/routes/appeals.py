"""The API of appeals: for the platform that brings them, and for the people who decide them."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Path
from fastapi.responses import PlainTextResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.config import JsonDict
from starlette.responses import JSONResponse, Response

from human_review.appeals import notices, show
from human_review.appeals.appeals import MAX_STATEMENT_CHARS, submit
from human_review.appeals.decide import decide_appeal, undo_appeal
from human_review.web.access import SignedIn, Svc, requires
from human_review.web.openapi import Responses, problems
from human_review.web.wire import EXAMPLE_ITEM, EXAMPLE_ORIGIN, DecisionIn, Id, ItemIn, OriginIn, read
from stream_app.contracts.decision import Verdict
from stream_app.contracts.review import Appeal

router = APIRouter(prefix="/api/v1", tags=["appeals"])
_ALSO_AS_TEXT: Responses = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}
AppealId = Annotated[str, Path(pattern=r"^[A-Za-z0-9._:-]{1,64}$")]
SeatId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]

_EXAMPLE: JsonDict = {
    "appeal_id": "a-17", "decision_id": "9f86d081884c7d659a2feaa0c55ad015", "item": EXAMPLE_ITEM,
    "origin": EXAMPLE_ORIGIN, "statement": "It was a quotation.", "appealed_at": "2026-01-31T12:00:00Z",
}  # fmt: skip


class AppealIn(BaseModel):
    """An author disagrees. Without ``decision`` it waits until the service has read the decision by itself."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})
    appeal_id: Id
    decision_id: Id
    item: ItemIn
    origin: OriginIn
    statement: Annotated[str, Field(max_length=MAX_STATEMENT_CHARS)]
    appealed_at: AwareDatetime
    decision: DecisionIn | None = None


class AppealTaken(BaseModel):
    """``new`` is false for an appeal that was known already."""

    appeal_id: str
    new: bool


class AppealOut(BaseModel):
    """How an appeal stands. ``reply`` is for its author, once there is an outcome that stands."""

    appeal_id: str
    decision_id: str
    item_id: str
    state: Literal["waiting", "open", "upheld", "overturned", "refused", "withdrawn"]
    appealed_at: datetime
    decided_at: datetime | None
    verdict: str | None
    reply: str | None


class OutcomeIn(BaseModel):
    """A decision about an appeal; ``verdict`` and ``labels`` count where it is overturned."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"token": 3, "outcome": "overturned", "reply": "You quoted it.", "verdict": "allow"}]
        },
    )
    token: Annotated[int, Field(ge=0, le=2**31 - 1)]
    outcome: Literal["upheld", "overturned"]
    reply: Annotated[str, Field(min_length=1, max_length=4000)]
    verdict: Verdict = "allow"
    labels: Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=64)] = []
    seconds: Annotated[float, Field(ge=0, le=86_400)] = 0.0


class OutcomeOut(BaseModel):
    """What was decided, and until when it can be taken back."""

    appeal_id: str
    task_id: str
    label_id: str
    outcome: str
    verdict: str
    undo_until: datetime
    what_happens: str


class Undone(BaseModel):
    """The appeal is in hand again, with this token."""

    token: int


class StatementOut(BaseModel):
    """What the author of an appeal says, and about which decision."""

    appeal_id: str
    decision_id: str
    statement: str
    appealed_at: datetime
    verdict: str
    label: str | None
    decided_at: datetime
    decided_by: str


class NoticeOut(BaseModel):
    """The statement of reasons about one decision; ``text`` is all of it, to be shown as it stands."""

    decision_id: str
    item_id: str
    restriction: str
    ground: str
    facts: str
    automated_detection: bool
    automated_decision: bool
    redress: str
    applied_at: datetime
    expires_at: datetime | None
    text: str


@router.post("/appeals", status_code=201, dependencies=[requires("submit")], responses=problems(409))
def bring(service: Svc, actor: SignedIn, given: AppealIn) -> AppealTaken:
    """Bring an appeal; the same one twice is one. Others than those who decided before will decide it."""
    actor.must("submit")
    appeal = read(given, Appeal)
    with service.database.write() as connection:
        new = submit(connection, service, appeal)
    return AppealTaken(appeal_id=appeal.appeal_id, new=new)


@router.get("/appeals/{appeal_id}", dependencies=[requires("submit")], responses=problems(404))
def state(service: Svc, actor: SignedIn, appeal_id: AppealId) -> AppealOut:
    """How an appeal stands, with the reply to its author."""
    return AppealOut.model_validate(show.state_of(service, actor, appeal_id), from_attributes=True)


@router.get("/tasks/{task_id}/appeal", dependencies=[requires("decide-appeals")], responses=problems(404))
def statement(service: Svc, actor: SignedIn, task_id: SeatId) -> StatementOut:
    """What the author says, for whoever decides."""
    return StatementOut.model_validate(show.in_hand(service, actor, task_id), from_attributes=True)


@router.post("/seats/{seat_id}/appeal-decision", dependencies=[requires("decide-appeals")], responses=problems(409))
def decide(service: Svc, actor: SignedIn, seat_id: SeatId, given: OutcomeIn) -> OutcomeOut:
    """Decide the appeal that the seat is for; the same call twice is one decision."""
    made = decide_appeal(
        service, actor, seat_id, given.token, given.outcome, given.reply, given.verdict, tuple(given.labels),
        given.seconds,
    )  # fmt: skip
    return OutcomeOut.model_validate(made, from_attributes=True)


@router.post("/appeals/{appeal_id}/undo", dependencies=[requires("decide-appeals")], responses=problems(404, 409))
def undo(service: Svc, actor: SignedIn, appeal_id: AppealId) -> Undone:
    """Take an own decision back, as long as it has not left the service."""
    return Undone(token=undo_appeal(service, actor, appeal_id))


@router.get(
    "/notices/{decision_id}", dependencies=[requires("submit")], response_model=NoticeOut,
    responses=_ALSO_AS_TEXT | problems(404),
)  # fmt: skip
def notice(
    service: Svc, actor: SignedIn, decision_id: AppealId, accept: Annotated[str, Header(max_length=1000)] = ""
) -> Response:
    """What the author is told about a decision; as plain text for ``Accept: text/plain``."""
    found = NoticeOut.model_validate(notices.notice_of(service, actor, decision_id), from_attributes=True)
    if accept.partition(",")[0].strip().lower().startswith("text/plain"):
        return PlainTextResponse(found.text)
    return JSONResponse(found.model_dump(mode="json"))
