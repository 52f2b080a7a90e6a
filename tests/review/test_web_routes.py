"""Every route says who may use it, or the application does not start."""

import pytest
from fastapi import APIRouter
from starlette.routing import Route

from human_review.web import app
from human_review.web.access import declared, public, requires


def answer():
    return {}


def found(router):
    return [len(declared(route)) for route in app.all_routes([router])]


def test_each_route_of_the_service_declares_one():
    assert {len(declared(route)) for route in app.all_routes(app.routers())} == {1}


@pytest.mark.parametrize("dependencies", [[], [public(), requires("review")], [public(), public()]])
def test_a_route_that_declares_none_or_two_stops_the_start(monkeypatch, dependencies):
    from human_review.web.routes import health

    router = APIRouter()
    router.get("/x", dependencies=dependencies)(answer)
    monkeypatch.setattr(health, "router", router)
    with pytest.raises(RuntimeError, match="/x must declare exactly one"):
        app.routers()


def test_what_a_router_declares_holds_for_its_routes():
    router = APIRouter(dependencies=[requires("review")])
    router.get("/x")(answer)
    assert found(router) == [1]
    router.get("/y", dependencies=[public()])(answer)
    assert found(router) == [1, 2]


def test_what_is_no_route_of_its_own_stops_the_start():
    inner, outer = APIRouter(), APIRouter()
    inner.get("/x", dependencies=[public()])(answer)
    outer.include_router(inner)
    with pytest.raises(RuntimeError, match="must be a route of its own"):
        app.all_routes([outer])
    with pytest.raises(RuntimeError, match="must be a route of its own"):
        app.all_routes([APIRouter(routes=[Route("/y", answer)])])
