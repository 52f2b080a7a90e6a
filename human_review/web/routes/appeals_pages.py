"""The page on which appeals are decided. Every step is a plain form."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Query
from starlette.requests import Request
from starlette.responses import Response

from human_review.appeals import show
from human_review.appeals.decide import decide_appeal, undo_appeal
from human_review.desk.routing import APPEALS
from human_review.desk.skip import escalate, skip
from human_review.desk.take import release, take
from human_review.errors import Conflict, ReviewError
from human_review.permissions import Actor
from human_review.service import Service
from human_review.web import desk_view
from human_review.web.access import SignedIn, Svc, requires
from human_review.web.desk_view import Done, Draft
from human_review.web.pages import page, redirect
from human_review.web.routes.appeals import AppealId, SeatId

router = APIRouter(prefix="/appeals", include_in_schema=False, dependencies=[requires("decide-appeals")])

Token = Annotated[int, Form(ge=0, le=2**31 - 1)]
Seconds = Annotated[float, Form(ge=0, le=86_400)]
Said = Literal["", "skipped", "escalated", "returned", "undone", "late"]


@router.get("")
def appeals_page(
    request: Request, service: Svc, actor: SignedIn, done: Annotated[str, Query(max_length=64)] = "",
    before: Annotated[str, Query(max_length=64)] = "", batch: Annotated[str, Query(max_length=64)] = "",
    did: Said = "", looked: bool = False,
) -> Response:  # fmt: skip
    """The appeal in hand; takes nothing. ``before`` and ``batch`` are what was decided on the work page."""
    work = desk_view.done(service, actor, before) if before else desk_view.done_group(service, actor, batch)
    return _page(request, service, actor, decided=done, work=work, did=did, looked=looked)


@router.post("/next")
def next_appeal(request: Request, service: Svc, actor: SignedIn) -> Response:
    """Take the next appeal."""
    try:
        card = take(service, actor, APPEALS)
    except ReviewError as problem:
        return _page(request, service, actor, problem=problem)
    return redirect("/appeals" if card else "/appeals?looked=true")


@router.post("/seats/{seat_id}/decision")
def decided(
    request: Request, service: Svc, actor: SignedIn, seat_id: SeatId, token: Token,
    outcome: Annotated[Literal["upheld", "allow", "limit"], Form()],
    reply: Annotated[str, Form(max_length=4000)] = "",
    labels: Annotated[list[str], Form(max_length=64)] = [],  # noqa: B006 - FastAPI copies defaults
    seconds: Seconds = 0.0,
) -> Response:  # fmt: skip
    """Decide the appeal: it is upheld, or overturned to a milder verdict."""
    upheld = outcome == "upheld"
    verdict: Literal["allow", "limit"] = "limit" if outcome == "limit" else "allow"
    chosen = tuple(labels) if outcome == "limit" else ()
    try:
        made = decide_appeal(
            service, actor, seat_id, token, "upheld" if upheld else "overturned", reply, verdict, chosen, seconds
        )
    except ReviewError as problem:
        return _page(request, service, actor, problem=problem, given=Draft(seat_id, outcome, tuple(labels), reply))
    return redirect(f"/appeals?done={made.label_id}")


@router.post("/seats/{seat_id}/skip")
def skipped(
    request: Request, service: Svc, actor: SignedIn, seat_id: SeatId, token: Token,
    reason: Annotated[str, Form(max_length=64)], seconds: Seconds = 0.0,
) -> Response:  # fmt: skip
    """Leave the appeal to others."""
    try:
        skip(service, actor, seat_id, token, reason, seconds=seconds)
    except ReviewError as problem:
        return _page(request, service, actor, problem=problem)
    return redirect("/appeals?did=skipped")


@router.post("/seats/{seat_id}/escalate")
def escalated(
    request: Request, service: Svc, actor: SignedIn, seat_id: SeatId, token: Token, seconds: Seconds = 0.0
) -> Response:
    """Leave the appeal to leads."""
    try:
        escalate(service, actor, seat_id, token, seconds=seconds)
    except ReviewError as problem:
        return _page(request, service, actor, problem=problem)
    return redirect("/appeals?did=escalated")


@router.post("/seats/{seat_id}/release")
def released(
    request: Request, service: Svc, actor: SignedIn, seat_id: SeatId, token: Token, seconds: Seconds = 0.0
) -> Response:
    """Give the appeal back."""
    try:
        release(service, actor, seat_id, token, seconds=seconds)
    except ReviewError as problem:
        return _page(request, service, actor, problem=problem)
    return redirect("/appeals?did=returned")


@router.post("/{appeal_id}/undo")
def undone(request: Request, service: Svc, actor: SignedIn, appeal_id: AppealId) -> Response:
    """Take the decision back."""
    try:
        undo_appeal(service, actor, appeal_id)
    except Conflict as problem:
        return _page(request, service, actor, problem=problem)
    return redirect("/appeals?did=undone")


def _page(
    request: Request, service: Service, actor: Actor, *, problem: ReviewError | None = None,
    given: Draft | None = None, decided: str = "", work: Done | None = None, did: str = "", looked: bool = False,
) -> Response:  # fmt: skip
    card = desk_view.held(service, actor)
    appeal = show.in_hand(service, actor, card.task_id) if card is not None and card.appeal else None
    values: dict[str, Any] = desk_view.context(
        service, actor, card, given=given, did=did, looked=looked, problem=str(problem) if problem else "",
        statement=appeal.statement if appeal else None, appeal=appeal, done=work,
        last=show.own_outcome(service, actor, decided) if decided else None,
    )  # fmt: skip
    return page(request, "appeals.html", status_code=problem.status if problem else 200, **values)
