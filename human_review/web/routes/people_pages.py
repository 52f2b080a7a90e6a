"""The pages over people and service accounts, for admins. A secret is shown on the answer to what made it, once."""

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import Response

from human_review.errors import Invalid
from human_review.people import accounts, tokens
from human_review.people.exposure import MOST_ITEMS, MOST_MINUTES, Own
from human_review.permissions import ANY, ROLES, Actor, Role
from human_review.service import Service
from human_review.web.access import SignedIn, Svc, requires
from human_review.web.pages import page, redirect
from human_review.web.routes.people import TokenId, UserId

router = APIRouter(prefix="/people", dependencies=[requires("manage-people")])
_Text = Annotated[str, Form(max_length=2000)]
_PAGE = 200


@router.get("")
def people_page(request: Request, service: Svc, actor: SignedIn, q: str = "") -> Response:
    """Everybody, and the form for one more."""
    found = accounts.listing(service, actor, search=q[:200], limit=_PAGE + 1)
    return page(request, "people.html", people=found[:_PAGE], more=len(found) > _PAGE, q=q[:200], roles=ROLES)


@router.post("")
def create_form(
    request: Request, service: Svc, actor: SignedIn, name: _Text, role: Annotated[Role, Form()],
    queues: _Text = ANY, languages: _Text = ANY,
) -> Response:  # fmt: skip
    """Make an account, and show its password for one use."""
    made = accounts.create(
        service, actor, name=name, role=role, queues=_names(queues), languages=_names(languages)
    )  # fmt: skip
    return _person(request, service, actor, made.actor.user_id, password=made.one_time_password)


@router.get("/{user_id}")
def person_page(request: Request, service: Svc, actor: SignedIn, user_id: UserId) -> Response:
    """One account, and what can be done with it."""
    return _person(request, service, actor, user_id)


@router.post("/{user_id}")
def change_form(
    service: Svc, actor: SignedIn, user_id: UserId, role: Annotated[Role, Form()],
    queues: _Text = "", languages: _Text = "", active: Annotated[bool, Form()] = False,
    items: _Text = "", weighted_minutes: _Text = "",
) -> Response:  # fmt: skip
    """Change role, queues, languages, limits of exposure, or close and open the account."""
    accounts.change(
        service, actor, user_id, role=role, queues=_names(queues), languages=_names(languages), active=active,
        exposure=_limits(items, weighted_minutes),
    )  # fmt: skip
    return redirect(f"/people/{user_id}")


@router.post("/{user_id}/password")
def password_form(request: Request, service: Svc, actor: SignedIn, user_id: UserId) -> Response:
    """Give a person a password for one use, and show it."""
    password = accounts.reset_password(service, actor, user_id)
    return _person(request, service, actor, user_id, password=password)


@router.post("/{user_id}/sessions")
def sessions_form(service: Svc, actor: SignedIn, user_id: UserId) -> Response:
    """End every session of a person."""
    accounts.revoke_sessions(service, actor, user_id)
    return redirect(f"/people/{user_id}")


@router.post("/{user_id}/tokens")
def token_form(request: Request, service: Svc, actor: SignedIn, user_id: UserId, name: _Text) -> Response:
    """Make a token for a service account, and show it."""
    token = tokens.make(service, actor, user_id, name)
    return _person(request, service, actor, user_id, token=token)


@router.post("/{user_id}/tokens/{token_id}")
def revoke_token_form(service: Svc, actor: SignedIn, user_id: UserId, token_id: TokenId) -> Response:
    """End a token at once."""
    tokens.revoke(service, actor, user_id, token_id)
    return redirect(f"/people/{user_id}")


def _person(
    request: Request, service: Service, actor: Actor, user_id: str, *, password: str | None = None,
    token: str | None = None,
) -> Response:  # fmt: skip
    return page(
        request, "people_one.html", person=accounts.get(service, actor, user_id), roles=ROLES,
        tokens=tokens.listing(service, actor, user_id), password=password, token=token,
        most_items=MOST_ITEMS, most_minutes=MOST_MINUTES,
    )  # fmt: skip


def _limits(items: str, weighted_minutes: str) -> Own:
    """Limits from two fields; an empty one is left to the review file."""
    try:
        return Own(
            int(items) if items.strip() else None, float(weighted_minutes) if weighted_minutes.strip() else None
        )
    except ValueError:
        raise Invalid("a limit must be a number, or empty for that of the review file") from None


def _names(words: str) -> list[str]:
    """Names from a line, between commas or spaces."""
    return words.replace(",", " ").split()
