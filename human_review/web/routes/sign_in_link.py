"""Signing in with a link that works once."""

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import Response

from human_review.errors import NotSignedIn
from human_review.people import links, rate
from human_review.web import cookies
from human_review.web.access import AnySession, Svc, public, site_of_app
from human_review.web.pages import page, redirect

router = APIRouter()


@router.get(links.PATH, dependencies=[public()])
def link_page(request: Request) -> Response:
    """The page reads the secret from the address and sends it; opening it alone changes nothing."""
    return page(request, "sign_in_link.html", problem="")


@router.post(links.PATH, dependencies=[public()])
def link_form(
    request: Request, service: Svc, session: AnySession, secret: Annotated[str, Form(max_length=200)] = ""
) -> Response:
    """Sign in."""
    limits = service.config.sign_in
    address = request.client.host if request.client else ""
    bucket = f"link:{service.keyed_digest('sign-in', address)}"
    tried = rate.attempt(service, bucket, limits.per_address, limits.per_minutes)
    old = session.digest if session is not None and session.csrf is not None else None
    try:
        token = links.use(service, secret, old)
    except NotSignedIn as problem:
        return page(request, "sign_in_link.html", status_code=problem.status, problem=str(problem))
    rate.forgive(service, tried)
    response = redirect("/")
    cookies.set_session(response, site_of_app(request), token)
    return response
