"""Signing in and out: the page, the same for programs, and the way over an OpenID issuer."""

from typing import Annotated

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import APIRouter, Form, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from human_review.errors import Forbidden, NotSignedIn, ReviewError
from human_review.people import issuer, oidc, rate, sessions, sign_in
from human_review.people.passwords import MOST
from human_review.people.sessions import Session
from human_review.service import Service
from human_review.web import cookies
from human_review.web.access import AnySession, Svc, public, requires, site_of_app
from human_review.web.openapi import problems
from human_review.web.pages import page, redirect, same_site

router = APIRouter()
_Short = Annotated[str, Field(max_length=300)]
_Address = Annotated[str, Field(max_length=4000)]
_OIDC = "oidc"
_FAR = CapacityLimiter(4)  # an issuer that hangs holds these threads, and none of those that reviewers need


class Credentials(BaseModel):
    """Who wants to sign in."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "kim", "password": "four words in a row"}]})
    name: _Short
    password: Annotated[str, Field(max_length=MOST)]


class SessionOut(BaseModel):
    """A session; ``csrf_token`` goes into the header X-CSRF-Token of everything that changes something."""

    csrf_token: str
    pseudonym: str
    role: str
    must_change_password: bool


@router.get("/sign-in", dependencies=[public()])
def sign_in_page(request: Request, service: Svc, session: AnySession, next: _Address = "/") -> Response:
    """The form; who is signed in goes on."""
    if session is not None:
        return redirect(same_site(next))
    return _form(request, service, next)


@router.post("/sign-in", dependencies=[public()])
def sign_in_form(
    request: Request, service: Svc, session: AnySession,
    name: Annotated[_Short, Form()] = "", password: Annotated[str, Form(max_length=MOST)] = "",
    next: Annotated[_Address, Form()] = "/",
) -> Response:  # fmt: skip
    """Sign in and go on to ``next``, if it is a path of this site."""
    try:
        token = _sign_in(request, service, session, name, password)
    except ReviewError as problem:
        return _form(request, service, next, problem)
    response = redirect(same_site(next))
    cookies.set_session(response, site_of_app(request), token)
    return response


@router.post("/sign-out", dependencies=[requires("see-own-work")])
def sign_out_form(request: Request, service: Svc, session: AnySession) -> Response:
    """End the session."""
    response = redirect("/sign-in")
    _sign_out(request, service, session, response)
    return response


@router.post("/api/v1/session", dependencies=[public()], tags=["session"], responses=problems(401, 429))
def sign_in_api(
    request: Request, response: Response, service: Svc, session: AnySession, given: Credentials
) -> SessionOut:
    """Sign in: sets the session cookie."""
    token = _sign_in(request, service, session, given.name, given.password)
    cookies.set_session(response, site_of_app(request), token)
    return _out(sessions.find(service, token))


@router.get("/api/v1/session", dependencies=[requires("see-own-work")], tags=["session"])
def session_api(session: AnySession) -> SessionOut:
    """Whose session it is."""
    return _out(session)


@router.delete("/api/v1/session", dependencies=[requires("see-own-work")], status_code=204, tags=["session"])
def sign_out_api(request: Request, response: Response, service: Svc, session: AnySession) -> None:
    """End the session."""
    _sign_out(request, service, session, response)


@router.get("/sign-in/oidc", dependencies=[public()])
async def to_issuer(request: Request, service: Svc, next: _Address = "/") -> Response:
    """Go to the OpenID issuer. A GET, as the pages' policy allows no form to end at another site.

    Other sites cannot send anybody on: nobody is signed in unasked.
    """
    return await run_sync(_to_issuer, request, service, next, limiter=_FAR)


def _to_issuer(request: Request, service: Service, next: str) -> Response:
    if request.headers.get("sec-fetch-site") == "cross-site":
        raise Forbidden("begin to sign in on the page of this site")
    limits, site = service.config.sign_in, site_of_app(request)
    rate.attempt(service, _oidc_bucket(request, service), limits.per_address, limits.per_minutes)
    begun = oidc.begin(service, site.url, same_site(next))
    response = redirect(begun.address)
    cookies.set_secret(response, site, f"{site.cookie}-{_OIDC}", begun.browser_secret)
    return response


@router.get(issuer.CALLBACK, dependencies=[public()])
async def from_issuer(
    request: Request, service: Svc, session: AnySession, state: _Address = "", code: _Address = "",
    iss: Annotated[_Address | None, Query()] = None,
) -> Response:  # fmt: skip
    """Come back from the issuer."""
    return await run_sync(_from_issuer, request, service, session, state, code, iss, limiter=_FAR)


def _from_issuer(
    request: Request, service: Service, session: Session | None, state: str, code: str, iss: str | None
) -> Response:
    site = site_of_app(request)
    name = f"{site.cookie}-{_OIDC}"
    secret = request.cookies.get(name, "")
    try:
        arrived = oidc.finish(
            service, site.url, state=state, code=code, browser_secret=secret, issuer=iss, old_session=_digest(session)
        )
    except NotSignedIn as problem:
        return _form(request, service, "/", problem)
    rate.forgive_latest(service, _oidc_bucket(request, service))
    response = redirect(same_site(arrived.next))
    cookies.set_session(response, site, arrived.token)
    cookies.drop(response, site, name)
    return response


def _sign_in(request: Request, service: Service, session: AnySession, name: str, password: str) -> str:
    old = _digest(session)
    return sign_in.sign_in(service, name=name, password=password, address=_address(request), old_session=old)


def _digest(session: AnySession) -> str | None:
    """Of the session in the browser's cookie; bearer tokens have none that could end."""
    return session.digest if session is not None and session.csrf is not None else None


def _oidc_bucket(request: Request, service: Service) -> str:
    return f"oidc:{service.keyed_digest('sign-in', _address(request))}"


def _sign_out(request: Request, service: Service, session: AnySession, response: Response) -> None:
    if session is not None:
        with service.database.write() as connection:
            sessions.end(connection, session.digest)
    cookies.drop_session(response, site_of_app(request))


def _form(request: Request, service: Service, next_path: str, problem: ReviewError | None = None) -> Response:
    """The form, empty: a name that was typed by mistake may be a password."""
    headers = {"Retry-After": str(getattr(problem, "retry_after_seconds", ""))} if problem else {}
    shown = page(
        request, "sign_in.html", status_code=problem.status if problem else 200, next=same_site(next_path),
        problem=str(problem) if problem else "", oidc=issuer.is_configured(service.settings),
    )  # fmt: skip
    shown.headers.update({key: value for key, value in headers.items() if value})
    return shown


def _address(request: Request) -> str:
    """The other end of the connection, or whom a trusted proxy there speaks for (`human_review.web.server`)."""
    return request.client.host if request.client else ""


def _out(session: AnySession) -> SessionOut:
    if session is None or session.csrf is None:
        raise NotSignedIn("sign in first")
    return SessionOut(
        csrf_token=session.csrf, pseudonym=session.actor.pseudonym, role=session.actor.role,
        must_change_password=session.must_change_password,
    )  # fmt: skip
