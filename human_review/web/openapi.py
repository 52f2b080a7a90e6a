"""What the description of the API says of every route: who is let in and how, and the one shape of its errors.

Most follows from what a route declares and takes. What only some routes answer, they say themselves::

    @router.get("/labels/{label_id}", dependencies=[requires("see-own-work")], responses=problems(404))
"""

from collections.abc import Iterable
from typing import Any

from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict

from human_review.permissions import GRANTS, Act
from human_review.web import csrf
from human_review.web.access import declared

Responses = dict[int | str, dict[str, Any]]

_ABOUT = {
    400: "the body is no text in UTF-8",
    401: "no valid session or token",
    403: "not for this person, or sent from another site",
    404: "not there, or not this person's to see",
    409: "somebody was first, or the state has moved on; code says which",
    413: "a body may have 1 MiB",
    415: "the body must be JSON, without Content-Encoding",
    422: "cannot be carried out as it stands; the message says what would do",
    429: "slow down; Retry-After says for how long",
    503: "the database does not answer; try again in a moment",
}
_WAIT = {"Retry-After": {"description": "seconds", "schema": {"type": "integer"}}}
_SHAPE = {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_TOKEN, _SESSION, _CSRF = "token", "session", "csrf"


class Problem(BaseModel):
    """Every error: ``code`` is for programs, ``message`` for people."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"code": "lease_lost", "message": "it ran out"}]})
    code: str
    message: str


def problems(*statuses: int) -> Responses:
    """The errors that a route answers with beyond those that all of its kind have."""
    return {status: _problem(status) for status in statuses}


def complete(description: dict[str, Any], routes: Iterable[APIRoute], cookie: str) -> None:
    """Add to what the library says of the routes what follows from their declarations."""
    parts = description["components"]
    parts["schemas"] |= {"Problem": Problem.model_json_schema()}
    for name in ("HTTPValidationError", "ValidationError"):  # the library's own shape of a 422, which nobody gets
        parts["schemas"].pop(name, None)
    parts["securitySchemes"] = _schemes(cookie)
    for route in routes:
        if route.include_in_schema:
            for method in route.methods or ():
                _complete(description["paths"][route.path_format][method.lower()], declared(route)[0].act, method)


def _complete(operation: dict[str, Any], act: Act | None, method: str) -> None:
    statuses = [503]
    if act is not None:
        statuses += [401, 403]
        operation["security"] = _ways_in(act, method)
    elif method not in csrf.SAFE:
        statuses.append(403)
    if "parameters" in operation or "requestBody" in operation:
        statuses.append(422)
    if "requestBody" in operation:
        statuses += [400, 413, 415]
    answers = operation["responses"] | {str(status): _problem(status) for status in statuses}
    operation["responses"] = dict(sorted(answers.items()))


def _problem(status: int) -> dict[str, Any]:
    headers = {"headers": _WAIT} if status == 429 else {}
    return {"description": _ABOUT[status], "content": _SHAPE} | headers


def _ways_in(act: Act, method: str) -> list[dict[str, list[str]]]:
    """Any of these is enough; what one of them names is needed together. Services have tokens, people sessions."""
    ways: list[dict[str, list[str]]] = []
    if act in GRANTS["service"]:
        ways.append({_TOKEN: []})
    if any(act in acts for role, acts in GRANTS.items() if role != "service"):
        ways.append({_SESSION: []} if method in csrf.SAFE else {_SESSION: [], _CSRF: []})
    return ways


def _schemes(cookie: str) -> dict[str, dict[str, str]]:
    return {
        _TOKEN: {
            "type": "http", "scheme": "bearer",
            "description": "The token of a service account, from `weir review add-token` or POST /people/…/tokens.",
        },
        _SESSION: {
            "type": "apiKey", "in": "cookie", "name": cookie,
            "description": "Set by POST /api/v1/session, or by the page on which people sign in.",
        },
        _CSRF: {
            "type": "apiKey", "in": "header", "name": "X-CSRF-Token",
            "description": "csrf_token of GET or POST /api/v1/session; with a session, for what changes something.",
        },
    }  # fmt: skip
