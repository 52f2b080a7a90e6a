"""Every error as an answer: ``{"code", "message"}`` under /api, a page elsewhere. No answer repeats what was sent."""

import logging
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DataError, OperationalError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from human_review.errors import NotSignedIn, ReviewError, TooMany
from human_review.web.access import OwnPasswordFirst
from human_review.web.pages import page, redirect, sign_in_address
from stream_app.errors import Unreachable
from stream_app.telemetry import facts

API = "/api/"
_log = logging.getLogger("human_review.web")
_CODES = {400: "bad_request", 404: "not_found", 405: "method_not_allowed", 413: "too_large", 415: "unsupported"}
_MESSAGES = {
    404: "there is nothing at this address",
    405: "this method is not used at this address",
    413: "a request may have 1 MiB",
}
_MOST_NAMED = 3
_MOST_NAME = 60


def install(app: FastAPI) -> None:
    """Answer every kind of error."""
    app.add_exception_handler(ReviewError, _review_error)
    app.add_exception_handler(RequestValidationError, _not_valid)
    app.add_exception_handler(HTTPException, _http_error)
    for kind in (DataError, OverflowError, UnicodeEncodeError):
        app.add_exception_handler(kind, _not_storable)
    app.add_exception_handler(OperationalError, _no_database)
    app.add_exception_handler(Unreachable, _no_issuer)


def answer(request: Request, status: int, code: str, message: str, **headers: str) -> Response:
    """An error in the shape that fits the address."""
    if request.url.path.startswith(API):
        return JSONResponse({"code": code, "message": message}, status, headers)
    shown = page(request, "error.html", status_code=status, code=code, message=message, status=status)
    shown.headers.update(headers)
    return shown


async def _review_error(request: Request, error: Any) -> Response:
    headers = {"Retry-After": str(error.retry_after_seconds)} if isinstance(error, TooMany) else {}
    if isinstance(error, NotSignedIn):
        if not request.url.path.startswith(API):
            return _to_sign_in(request)
        headers = {"WWW-Authenticate": "Bearer"}
    if isinstance(error, OwnPasswordFirst) and not request.url.path.startswith(API):
        return redirect("/me")
    return answer(request, error.status, error.code, str(error), **headers)


def _to_sign_in(request: Request) -> Response:
    """A whole page is sent on; a part of one (htmx) tells the page to go."""
    if request.headers.get("hx-request") is None:
        return redirect(sign_in_address(request))
    return Response(status_code=401, headers={"HX-Redirect": "/sign-in"})


async def _not_valid(request: Request, error: Any) -> Response:
    problems = [f"{_place(each['loc'])}: {each['msg']}" for each in error.errors()[:_MOST_NAMED]]
    return answer(request, 422, "invalid", "; ".join(problems) or "the request cannot be read")


def _place(location: tuple[int | str, ...]) -> str:
    """Where in the request, with names that came from outside cut short and made printable."""
    return ascii(".".join(str(part) for part in location))[1:-1][:_MOST_NAME]


async def _http_error(request: Request, error: Any) -> Response:
    status = int(error.status_code)
    message = _MESSAGES.get(status, str(error.detail))
    return answer(request, status, _CODES.get(status, "refused"), message, **dict(error.headers or {}))


async def _not_storable(request: Request, error: Any) -> Response:
    return answer(request, 422, "invalid", "a value is too large, or holds characters that cannot be stored")


async def _no_database(request: Request, error: Any) -> Response:
    _log.error("the database did not answer", extra=facts(kind=type(error.orig).__name__))
    return answer(
        request, 503, "unavailable", "the database does not answer; try again in a moment", **{"Retry-After": "5"}
    )


async def _no_issuer(request: Request, error: Any) -> Response:
    _log.error("another service did not answer", extra=facts(problem=str(error)))
    return answer(
        request, 503, "unavailable", "the issuer that people sign in through does not answer; try again in a moment"
    )


class Unexpected:
    """Answers what nothing else has caught.

    The text of such an error may hold anything, content of users too: the log gets its kind and its place. So it
    must not reach the server, which would write all of it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            await self._app(scope, receive, send)
        except Exception as error:  # noqa: BLE001 - whatever it is, the client gets an answer and the log its place
            _log.error("unexpected error", extra=facts(kind=type(error).__name__, at=_raised_at(error)))
            request = Request(scope, receive)
            said = answer(request, 500, "internal", "this is a fault of the service; its log says more")
            await said(scope, receive, send)


def _raised_at(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}"
