"""The description of the API, route by route: who is let in and how, and every error with the shape that it has."""

import re
from typing import Any

import pytest

from human_review.permissions import GRANTS, ROLES
from human_review.testing import make_service
from human_review.testing_web import browser_of, client, signed_in
from human_review.web.access import declared
from human_review.web.app import all_routes, create_app, routers
from human_review.web.csrf import SAFE

ROUTES = {
    (route.path, method): route
    for route in all_routes(routers())
    for method in route.methods
    if route.path.startswith("/api/v1/")
}
OPERATIONS = [pytest.param(*each, id=f"{each[1]} {each[0]}") for each in sorted(ROUTES)]
PROBLEM = {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
HEADERS = {"token": "authorization", "session": "cookie", "csrf": "x-csrf-token"}


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """One service for all: nothing here depends on the kind of database."""
    service = make_service(tmp_path_factory.mktemp("service"))
    yield service
    service.database.close()


@pytest.fixture(scope="module")
def app(service):
    return create_app(service)


@pytest.fixture(scope="module")
def people(service, app):
    return {role: signed_in(service, role, app=app).actor for role in ROLES}


def act_of(path: str, method: str) -> str | None:
    return declared(ROUTES[path, method])[0].act


def operation(app: Any, path: str, method: str) -> dict[str, Any]:
    found: dict[str, Any] = app.openapi()["paths"][path][method.lower()]
    return found


def test_it_has_every_route_of_the_api_and_no_other(app):
    described = {(path, method.upper()) for path, each in app.openapi()["paths"].items() for method in each}
    assert described == ROUTES.keys()
    assert client(app.state.service, app).get("/api/openapi.json").json() == app.openapi()


def test_its_ways_in_are_a_token_a_session_and_what_keeps_other_sites_out(app):
    schemes = app.openapi()["components"]["securitySchemes"]
    places = ("type", "in", "name", "scheme")
    assert {name: tuple(one.get(place) for place in places) for name, one in schemes.items()} == {
        "token": ("http", None, None, "bearer"),
        "session": ("apiKey", "cookie", "weir", None),
        "csrf": ("apiKey", "header", "X-CSRF-Token", None),
    }  # fmt: skip
    assert "security" not in app.openapi()


def test_the_cookie_is_the_one_of_the_site(tmp_path):
    service = make_service(tmp_path, review_url="https://review.example.org")
    assert create_app(service).openapi()["components"]["securitySchemes"]["session"]["name"] == "__Host-weir"
    service.database.close()


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_a_route_says_how_to_be_let_in(app, path, method):
    act = act_of(path, method)
    ways = operation(app, path, method).get("security", [])
    session = {"session"} if method in SAFE else {"session", "csrf"}
    wanted = [{"token"}] if act == "submit" else [session] if act else []
    assert [set(way) for way in ways] == wanted


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_a_route_lets_in_who_comes_as_it_says_and_nobody_with_less(service, app, people, path, method):
    act = act_of(path, method)
    if act is None:
        return
    [way] = operation(app, path, method)["security"]
    allowed = next(role for role in ROLES if act in GRANTS[role])
    assert not is_refused(ask(service, app, people[allowed], path, method, way))
    for name in way:
        assert is_refused(ask(service, app, people[allowed], path, method, way.keys() - {name})), name


def ask(service, app, actor, path, method, way):
    """What somebody gets who sends nothing but this."""
    browser = browser_of(service, actor, app)
    for name in {"token", "csrf"} - set(way):
        browser.headers.pop(HEADERS[name], None)
    if "session" not in way:
        browser.cookies.clear()
    body = {} if method in SAFE else {"json": {}}
    return browser.request(method, re.sub(r"\{[^}]*\}", "0" * 32, path), **body)


def is_refused(answer):
    return answer.status_code in (401, 403)


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_a_route_names_its_errors_in_the_shape_that_they_have(app, path, method):
    described = operation(app, path, method)
    errors = {status: each for status, each in described["responses"].items() if int(status) >= 400}
    for status, each in errors.items():
        assert each["content"] == PROBLEM, status
        assert each["description"]
    act = act_of(path, method)
    expected = {"503"}
    if act is not None:
        expected |= {"401", "403"}
    elif method not in SAFE:
        expected |= {"403"}  # sent by another site
    if "parameters" in described or "requestBody" in described:
        expected |= {"422"}
    if "requestBody" in described:
        expected |= {"400", "413", "415"}
    own = {"401", "404", "409", "429"}  # what only some routes answer, as each says
    assert errors.keys() - own == expected - own
    assert expected <= errors.keys()
    assert list(described["responses"]) == sorted(described["responses"])


def test_what_waits_says_for_how_long(app):
    found = [
        each
        for methods in app.openapi()["paths"].values()
        for described in methods.values()
        for status, each in described["responses"].items()
        if status == "429"
    ]
    assert len(found) == 3  # signing in, the own password, the next task
    assert all("Retry-After" in each["headers"] for each in found)


def test_nothing_is_left_of_the_shape_that_the_library_would_have(app):
    assert "ValidationError" not in str(app.openapi())
    assert "Problem" in app.openapi()["components"]["schemas"]


def test_a_body_that_is_no_text_is_the_sender_s_mistake(service, app):
    answer = signed_in(service, "admin", app=app).post(
        "/api/v1/people", content=b'{"name": "\xff"}', headers={"content-type": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
