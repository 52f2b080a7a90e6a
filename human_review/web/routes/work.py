"""The page of the desk. Every step is a plain form; with htmx the card is swapped, without it the page is loaded."""

from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Form, Query
from starlette.requests import Request
from starlette.responses import Response

from human_review.desk.cards import Card
from human_review.desk.decide import Answer, decide
from human_review.desk.groups import decide_group, group, undo_group
from human_review.desk.skip import escalate, skip
from human_review.desk.take import look, release, take
from human_review.desk.undo import undo
from human_review.errors import AlreadyDecided, Invalid, LeaseLost, ReviewError, TooMany
from human_review.people import preferences
from human_review.permissions import Actor
from human_review.service import Service
from human_review.web import desk_view, i18n
from human_review.web.access import SignedIn, Svc, requires
from human_review.web.desk_view import Draft
from human_review.web.pages import page, redirect
from stream_app.contracts.decision import Verdict

router = APIRouter(include_in_schema=False)
_REVIEW = [requires("review")]
APPEALS = "/appeals"

Token = Annotated[int, Form(ge=0, le=2**53)]
Note = Annotated[str, Form(max_length=4000)]
Labels = Annotated[list[str], Form(max_length=64)]
Seconds = Annotated[float, Form(ge=0, le=86_400)]


@router.get("/", dependencies=[requires("see-own-work")])
def start(actor: SignedIn) -> Response:
    """Where a person's work is."""
    pages = {"review": "/work", "see-quality": "/quality", "manage-people": "/people"}
    return redirect(next((address for act, address in pages.items() if actor.may(act)), "/me"))  # type: ignore[arg-type] # the acts are Acts


@router.get("/work", dependencies=_REVIEW)
def work(
    request: Request, service: Svc, actor: SignedIn, done: Annotated[str, Query(max_length=64)] = "",
    batch: Annotated[str, Query(max_length=64)] = "", did: Annotated[str, Query(max_length=20)] = "",
    looked: bool = False,
) -> Response:  # fmt: skip
    """The card in hand, with what was done last; takes nothing."""
    card = desk_view.held(service, actor)
    if card is not None and card.appeal:
        return redirect(_to_appeals(done, batch))
    return _page(request, service, actor, card, _last(service, actor, done, batch) | {"did": did, "looked": looked})


@router.post("/work/next", dependencies=_REVIEW)
def next_card(request: Request, service: Svc, actor: SignedIn) -> Response:
    """Take the next card."""
    return _on(request, service, actor, dict)


@router.post("/work/seats/{seat_id}/decision", dependencies=_REVIEW)
def decided(
    request: Request, service: Svc, actor: SignedIn, seat_id: str, token: Token, verdict: Annotated[Verdict, Form()],
    labels: Labels = [], note: Note = "", seconds: Seconds = 0.0,  # noqa: B006 - FastAPI copies defaults
) -> Response:  # fmt: skip
    """Answer the card and take the next."""
    answer = Answer(verdict=verdict, labels=tuple(labels), note=note, seconds=seconds)

    def step() -> dict[str, str]:
        return {"done": decide(service, actor, seat_id, token, answer).label_id}

    return _on(request, service, actor, step, Draft(seat_id, verdict, tuple(labels), note))


@router.post("/work/seats/{seat_id}/skip", dependencies=_REVIEW)
def skipped(
    request: Request, service: Svc, actor: SignedIn, seat_id: str, token: Token,
    reason: Annotated[str, Form(max_length=64)], seconds: Seconds = 0.0,
) -> Response:  # fmt: skip
    """Skip the card and take the next."""

    def step() -> dict[str, str]:
        skip(service, actor, seat_id, token, reason, seconds=seconds)
        return {"did": "skipped"}

    return _on(request, service, actor, step)


@router.post("/work/seats/{seat_id}/escalate", dependencies=_REVIEW)
def escalated(
    request: Request, service: Svc, actor: SignedIn, seat_id: str, token: Token, seconds: Seconds = 0.0
) -> Response:
    """Escalate the card and take the next."""

    def step() -> dict[str, str]:
        escalate(service, actor, seat_id, token, seconds=seconds)
        return {"did": "escalated"}

    return _on(request, service, actor, step)


@router.post("/work/seats/{seat_id}/release", dependencies=_REVIEW)
def released(
    request: Request, service: Svc, actor: SignedIn, seat_id: str, token: Token, seconds: Seconds = 0.0
) -> Response:
    """Give the card back and take nothing."""

    def step() -> dict[str, str]:
        release(service, actor, seat_id, token, seconds=seconds)
        return {"did": "returned"}

    return _on(request, service, actor, step, take_next=False)


@router.post("/work/labels/{label_id}/undo", dependencies=_REVIEW)
def undone(request: Request, service: Svc, actor: SignedIn, label_id: str) -> Response:
    """Take an answer back; its card is in hand again."""

    def step() -> dict[str, str]:
        back = undo(service, actor, label_id)
        return {"did": "gone" if back.token is None else "undone" if back.in_time else "reopened"}

    return _on(request, service, actor, step, take_next=False)


@router.get("/work/seats/{seat_id}/group", dependencies=_REVIEW)
def group_page(
    request: Request, service: Svc, actor: SignedIn, seat_id: str, token: Annotated[int, Query(ge=0, le=2**53)]
) -> Response:
    """What belongs together with the card, to look at some of it and decide all of it."""
    try:
        return _group_page(request, service, actor, seat_id, token)
    except (LeaseLost, Invalid) as problem:
        return _failed(request, service, actor, problem)


@router.post("/work/seats/{seat_id}/group-decision", dependencies=_REVIEW)
def group_decided(
    request: Request, service: Svc, actor: SignedIn, seat_id: str, token: Token, verdict: Annotated[Verdict, Form()],
    labels: Labels = [], checked: Annotated[list[str], Form(max_length=500)] = [], note: Note = "",  # noqa: B006 - FastAPI copies defaults
    seconds: Seconds = 0.0,
) -> Response:  # fmt: skip
    """Answer the whole group."""
    answer = Answer(verdict=verdict, labels=tuple(labels), note=note, seconds=seconds)
    try:
        given = decide_group(service, actor, seat_id, token, answer, tuple(checked))
    except ReviewError as problem:
        if isinstance(problem, LeaseLost | AlreadyDecided):
            return _failed(request, service, actor, problem)
        return _group_page(
            request, service, actor, seat_id, token, status_code=problem.status, problem=said(problem, actor),
            given=Draft(seat_id, verdict, tuple(labels), note), ticked=checked,
        )  # fmt: skip
    return redirect(f"/work?batch={given.batch_id}")


@router.post("/work/language", dependencies=_REVIEW)
def language(service: Svc, actor: SignedIn, locale: Annotated[str, Form(max_length=16)]) -> Response:
    """Speak another language from now on."""
    if locale in i18n.LOCALES:
        with service.database.write() as connection:
            preferences.set_locale(connection, actor, locale)
    return redirect("/work")


@router.post("/work/groups/{batch_id}/undo", dependencies=_REVIEW)
def group_undone(request: Request, service: Svc, actor: SignedIn, batch_id: str) -> Response:
    """Take the answers to a group back, all of them."""

    def step() -> dict[str, str]:
        undo_group(service, actor, batch_id)
        return {"batch": batch_id}

    return _on(request, service, actor, step, take_next=False)


def said(problem: ReviewError, actor: Actor) -> str:
    """What a person is told about a problem, in their language where it is a common one."""
    speak = i18n.translations(i18n.best_locale(actor.locale)).gettext
    if isinstance(problem, TooMany):
        minutes = -(-problem.retry_after_seconds // 60)
        return speak("You have seen what one person should see in a day. It goes on in %(minutes)s min.") % {
            "minutes": minutes
        }
    if isinstance(problem, LeaseLost):
        return speak("You no longer held that task: the lease ran out or was given on. Nothing was decided.")
    if isinstance(problem, AlreadyDecided):
        return speak("That task was decided or closed meanwhile. Your answer was not needed.")
    return str(problem)


def _on(
    request: Request, service: Service, actor: Actor, step: Callable[[], dict[str, str]], draft: Draft | None = None,
    *, take_next: bool = True,
) -> Response:  # fmt: skip
    """Do a step, take the next card, and show it; where the step fails, say so over the card in hand."""
    last: dict[str, str] = {}
    try:
        last = step()
        card = take(service, actor) if take_next else desk_view.held(service, actor)
    except ReviewError as problem:
        return _failed(request, service, actor, problem, draft, _last(service, actor, last.get("done", ""), ""))
    looked = take_next and card is None
    if request.headers.get("hx-request") is None:
        return redirect("/work" + _query(last | ({"looked": "1"} if looked else {})))
    if card is not None and card.appeal:
        address = _to_appeals(last.get("done", ""), last.get("batch", ""))
        return Response(status_code=204, headers={"HX-Redirect": address})
    shown = _last(service, actor, last.get("done", ""), last.get("batch", ""))
    return _page(request, service, actor, card, shown | {"did": last.get("did", ""), "looked": looked})


def _failed(
    request: Request, service: Service, actor: Actor, problem: ReviewError, draft: Draft | None = None,
    more: dict[str, Any] | None = None,
) -> Response:  # fmt: skip
    """The card that is in hand, under what did not work."""
    values = (more or {}) | {"problem": said(problem, actor)}
    return _page(request, service, actor, desk_view.held(service, actor), values, problem.status, draft)


def _query(values: dict[str, str]) -> str:
    """Values are ids and words of ours."""
    return "?" + "&".join(f"{name}={value}" for name, value in values.items()) if values else ""


def _to_appeals(label_id: str, batch_id: str) -> str:
    """The page of appeals, on which what was decided before can be taken back as well."""
    given = {"before": label_id, "batch": batch_id}
    return APPEALS + _query({name: quote(value) for name, value in given.items() if value})


def _last(service: Service, actor: Actor, label_id: str, batch_id: str) -> dict[str, Any]:
    if batch_id:
        return {"done": desk_view.done_group(service, actor, batch_id)}
    return {"done": desk_view.done(service, actor, label_id)} if label_id else {}


def _page(
    request: Request, service: Service, actor: Actor, card: Card | None, more: dict[str, Any], status_code: int = 200,
    draft: Draft | None = None,
) -> Response:  # fmt: skip
    """The desk alone for htmx, else the whole page."""
    name = "_desk.html" if request.headers.get("hx-request") else "work.html"
    values = desk_view.context(service, actor, card, given=draft, **more)
    return page(request, name, status_code=status_code, **values)


def _group_page(
    request: Request, service: Service, actor: Actor, seat_id: str, token: int, *, status_code: int = 200,
    given: Draft | None = None, **more: Any,
) -> Response:  # fmt: skip
    """Card and group of one seat: a person may hold another as well. Raises LeaseLost, Invalid, Forbidden."""
    found = group(service, actor, seat_id, token)
    values = desk_view.context(service, actor, look(service, actor, seat_id, token), given=given)
    return page(request, "group.html", status_code=status_code, **values | {"group": found, "ticked": []} | more)
