"""Whatever is sent to the API, by whoever may use it: never a 5xx, and every error has the one shape of errors."""

import json
from collections import defaultdict
from contextlib import suppress

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core import NotSet
from sqlalchemy import select

from human_review.database.tables import appeals, seats
from human_review.desk.intake import add_task
from human_review.permissions import GRANTS
from human_review.testing import make_review_task
from human_review.testing_web import browser_of, signed_in
from human_review.web.access import declared
from human_review.web.app import all_routes, create_app, routers

ROLES = ("reviewer", "lead", "admin", "service")
ERROR = {"code", "message"}


@pytest.fixture
def app(service):
    return create_app(service)


@pytest.fixture
def people(service, app):
    return {role: signed_in(service, role, app=app).actor for role in ROLES}


@pytest.fixture
def names(service, app, people):
    """Ids of what is there, so that what is sent gets past the door."""
    with service.database.write() as connection:
        for number in range(3):
            add_task(connection, service, make_review_task(number, text="the same words"))
    for role in ("reviewer", "lead"):
        browser_of(service, people[role], app).post("/api/v1/tasks/next", json={})
    with service.database.read() as connection:
        held = connection.execute(select(seats).where(seats.c.state == "leased")).all()
        appeal = connection.execute(select(appeals.c.appeal_id)).scalars().first()
    found = {"seat_id": held[0].seat_id, "task_id": held[0].task_id, "user_id": people["reviewer"].user_id}
    return found | ({"appeal_id": appeal} if appeal else {})


def test_nothing_that_is_sent_makes_the_service_fail(service, app, people, names):
    fuzz(service, app, people, names, examples=2)


@pytest.mark.long
def test_nothing_that_is_sent_makes_the_service_fail_at_length(service, app, people, names):
    fuzz(service, app, people, names, examples=60)


def fuzz(service, app, people, names, *, examples):
    acts = {
        (route.path, method): declared(route)[0].act for route in all_routes(routers()) for method in route.methods
    }
    seen = defaultdict(set)
    schema = schemathesis.openapi.from_dict(app.openapi())
    for result in schema.get_all_operations():
        operation = result.ok()
        act = acts[operation.path, operation.method.upper()]
        known = {name: value for name, value in names.items() if f"{{{name}}}" in operation.path}
        for role in ROLES:
            if act is None or act in GRANTS[role]:
                for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                    every(operation.as_strategy(generation_mode=mode), service, app, people[role], examples, seen)
                if known:
                    strategy = operation.as_strategy(path_parameters=known)
                    every(strategy, service, app, people[role], examples, seen)
    assert any(status < 300 for statuses in seen.values() for status in statuses), "something must have worked"
    assert len(seen) > 20


def every(strategy, service, app, actor, examples, seen):
    @settings(
        max_examples=examples, database=None, deadline=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=strategy)
    def one(case):
        answer = send(browser_of(service, actor, app), case)
        said = f"{actor.role}: {case.method} {case.formatted_path} {case.query} {case.body!r}: {answer.text[:300]}"
        assert answer.status_code < 500, said
        if answer.status_code >= 400:
            assert answer.json().keys() == ERROR, said
        seen[case.method, case.path].add(answer.status_code)

    with suppress(Unsatisfiable):  # what takes nothing cannot be sent wrong
        one()


def send(browser, case):
    more = {}
    headers = {name: str(value) for name, value in (case.headers or {}).items() if sendable(name) and sendable(value)}
    if isinstance(case.body, bytes):
        more["content"] = case.body
    elif not isinstance(case.body, NotSet):
        more["content"] = json.dumps(case.body)
    if more:
        headers["content-type"] = "application/json"
    return browser.request(case.method, case.formatted_path, params=case.query or None, headers=headers, **more)


def sendable(value):
    """What a client can put into a header."""
    return str(value).isascii() and str(value).isprintable()
