"""The desk for programs: the same calls as the page, as JSON. A call about a seat names the token of its lease."""

from typing import Annotated, Any, TypeVar

import msgspec
from fastapi import APIRouter, Path, Query
from fastapi.encoders import jsonable_encoder
from pydantic import AwareDatetime, BaseModel
from starlette.responses import JSONResponse, Response

from human_review.desk import decide, groups, history, skip, take, undo
from human_review.times import at
from human_review.web.access import SignedIn, Svc, requires
from human_review.web.openapi import Responses, problems
from human_review.web.tasks_shapes import (
    CardOut,
    Decision,
    Escalate,
    GivenGroupOut,
    GivenOut,
    GroupDecision,
    GroupOut,
    HeldOut,
    Next,
    OfSeat,
    PassedOut,
    PastOut,
    Release,
    Skip,
    UndoneGroupOut,
    UndoneOut,
)

_REVIEW = [requires("review")]
_Id = Annotated[str, Path(min_length=1, max_length=64)]
router = APIRouter(prefix="/api/v1", tags=["tasks"])
_NOTHING: Responses = {204: {"description": "there is nothing for this person now"}}
_Out = TypeVar("_Out", bound=BaseModel)


@router.post(
    "/tasks/next", dependencies=_REVIEW, response_model=CardOut, response_model_exclude_unset=True,
    responses=_NOTHING | problems(429),
)  # fmt: skip
def next_task(service: Svc, actor: SignedIn, given: Next | None = None) -> Any:
    """Take the task to look at now: the one in hand, else the most urgent."""
    card = take.take(service, actor, given.queue if given else None)
    return Response(status_code=204) if card is None else _json(CardOut, card)


@router.post("/seats/{seat_id}/heartbeat", dependencies=_REVIEW, responses=problems(409))
def heartbeat(service: Svc, actor: SignedIn, seat_id: _Id, given: OfSeat) -> HeldOut:
    """Hold the seat on."""
    return HeldOut(lease_until=at(take.heartbeat(service, actor, seat_id, given.token)))


@router.post("/seats/{seat_id}/decision", dependencies=_REVIEW, responses=problems(409))
def decision(service: Svc, actor: SignedIn, seat_id: _Id, given: Decision) -> GivenOut:
    """Answer. The same answer with the same token again gives the same result and is one answer."""
    made = decide.decide(service, actor, seat_id, given.token, given.answer())
    return GivenOut(
        label_id=made.label_id, task_id=made.task_id, final=made.final, undo_until=at(made.undo_until_ms),
        what_happens=made.what_happens,
    )  # fmt: skip


@router.post("/seats/{seat_id}/skip", dependencies=_REVIEW, responses=problems(409))
def skip_task(service: Svc, actor: SignedIn, seat_id: _Id, given: Skip) -> PassedOut:
    """Leave the task to others."""
    return _model(PassedOut, skip.skip(service, actor, seat_id, given.token, given.reason, seconds=given.seconds))


@router.post("/seats/{seat_id}/escalate", dependencies=_REVIEW, responses=problems(409))
def escalate_task(service: Svc, actor: SignedIn, seat_id: _Id, given: Escalate) -> PassedOut:
    """Hand the task to leads."""
    return _model(PassedOut, skip.escalate(service, actor, seat_id, given.token, seconds=given.seconds))


@router.post("/seats/{seat_id}/release", dependencies=_REVIEW, status_code=204, responses=problems(409))
def release_seat(service: Svc, actor: SignedIn, seat_id: _Id, given: Release) -> None:
    """Give the seat back unanswered."""
    take.release(service, actor, seat_id, given.token, seconds=given.seconds)


@router.get("/seats/{seat_id}/group", dependencies=_REVIEW, responses=problems(409))
def group(
    service: Svc, actor: SignedIn, seat_id: _Id, token: Annotated[int, Query(ge=0, le=2**53)]
) -> GroupOut:  # fmt: skip
    """What belongs together with the task in hand, and which of it to look at before it is decided at once."""
    return _model(GroupOut, groups.group(service, actor, seat_id, token))


@router.post("/seats/{seat_id}/group-decision", dependencies=_REVIEW, responses=problems(409))
def group_decision(service: Svc, actor: SignedIn, seat_id: _Id, given: GroupDecision) -> GivenGroupOut:
    """Answer the task in hand and all that belongs to it. The same call again gives the same result."""
    made = groups.decide_group(service, actor, seat_id, given.token, given.answer(), tuple(given.checked))
    return GivenGroupOut(
        batch_id=made.batch_id, given=made.given, final=made.final, left_out=made.left_out,
        undo_until=at(made.undo_until_ms), what_happens=made.what_happens,
    )  # fmt: skip


@router.post("/groups/{batch_id}/undo", dependencies=_REVIEW, responses=problems(404, 409))
def undo_group(service: Svc, actor: SignedIn, batch_id: _Id) -> UndoneGroupOut:
    """Take all answers back that were given at once."""
    return _model(UndoneGroupOut, groups.undo_group(service, actor, batch_id))


@router.post("/labels/{label_id}/undo", dependencies=_REVIEW, responses=problems(404, 409))
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
