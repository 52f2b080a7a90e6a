"""Who may use a route. Every route declares it, with exactly one of ``requires(act)`` and ``public()``::

    @router.get("/api/v1/labels", dependencies=[requires("see-own-work")])
    def labels(service: Svc, actor: SignedIn) -> list[LabelOut]: ...

The rights on queues and languages are checked inside, where the task is known.
"""

from typing import Annotated, Any

from fastapi import Depends
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request

from human_review.errors import Forbidden, NotSignedIn
from human_review.people import sessions, tokens
from human_review.people.sessions import Session
from human_review.permissions import Act, Actor
from human_review.service import Service
from human_review.web import csrf
from human_review.web.site import Site

_OWN_PASSWORD_ACTS = ("see-own-work",)
_BEARER = "bearer "
_JSON = "application/json"
_BY_ITSELF = "/heartbeat"  # what a page sends while nobody need be there


class OwnPasswordFirst(Forbidden):
    """The password was given by somebody else, so that two people know it."""

    code = "own_password_first"


class Access:
    """What a route declares; ``act`` is None where everybody may use it."""

    def __init__(self, act: Act | None) -> None:
        self.act = act

    async def __call__(self, request: Request) -> None:
        """Raise NotSignedIn or Forbidden where the request may not be answered."""
        if self.act is None and request.method in csrf.SAFE:
            return  # and the database is not asked: these answer also while it is away
        session = await identify(request)
        if self.act is not None:
            _allow(self.act, session)
        # What everybody may do is done for nobody: our own origin is enough, and a sign-in from an old tab works.
        await csrf.check(request, site_of_app(request), session if self.act is not None else None)
        _check_type(request)


def requires(act: Act) -> Any:
    """Declares that a route is for those who may do ``act``."""
    return Depends(Access(act))


def public() -> Any:
    """Declares that a route is for everybody, also without signing in."""
    return Depends(Access(None))


def declared(route: APIRoute) -> list[Access]:
    """What a route declares, its dependencies and those of its router included; one entry where all is well."""
    return [each.dependency for each in route.dependencies if isinstance(each.dependency, Access)]


async def identify(request: Request) -> Session | None:
    """Whose request it is, asked once a request; None where nobody is signed in."""
    if not hasattr(request.state, "session"):
        request.state.session = await run_in_threadpool(_find, request)
    found: Session | None = request.state.session
    return found


async def _signed_in(request: Request) -> Actor:
    session = await identify(request)
    if session is None:
        raise NotSignedIn("sign in first, or send the token of a service account as Authorization: Bearer")
    return session.actor


async def _session(request: Request) -> Session | None:
    return await identify(request)


async def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


def site_of_app(request: Request) -> Site:
    """Where the application of a request is reached."""
    site: Site = request.app.state.site
    return site


SignedIn = Annotated[Actor, Depends(_signed_in)]
AnySession = Annotated[Session | None, Depends(_session)]
Svc = Annotated[Service, Depends(_service)]


def _find(request: Request) -> Session | None:
    service: Service = request.app.state.service
    header = request.headers.get("authorization")
    if header is not None:  # a token that does not hold must not fall back on a cookie
        is_bearer = header.lower().startswith(_BEARER)
        return tokens.find(service, header[len(_BEARER) :].strip()) if is_bearer else None
    cookie = request.cookies.get(site_of_app(request).cookie)
    by_itself = request.url.path.endswith(_BY_ITSELF)
    return sessions.find(service, cookie, seen=not by_itself) if cookie else None


def _check_type(request: Request) -> None:
    """The API takes JSON alone: any page can post a form or plain text to us, and only our own can post JSON."""
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.url.path.startswith("/api/") and request.method not in csrf.SAFE and given not in ("", _JSON):
        raise HTTPException(415, f"send the body as {_JSON}")


def _allow(act: Act, session: Session | None) -> None:
    if session is None:
        raise NotSignedIn("sign in first, or send the token of a service account as Authorization: Bearer")
    session.actor.must(act)
    if session.must_change_password and act not in _OWN_PASSWORD_ACTS:
        raise OwnPasswordFirst("somebody else has chosen your password; choose your own at /me first")
