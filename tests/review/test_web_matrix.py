"""Every route × role × method against the declared table (matrix.tsv), cell by cell, by asking the application.

A route that is not in the table fails, and so does a row without a route. A method that the table does not have for
an address is refused to everybody.
"""

import csv
import re
from pathlib import Path

import pytest
from sqlalchemy import select

from human_review.database.tables import metadata, seats, sessions, tasks
from human_review.desk.intake import add_task
from human_review.permissions import ROLES
from human_review.testing import make_review_task, make_service
from human_review.testing_web import browser_of, client, signed_in
from human_review.web.app import all_routes, create_app, routers

TABLE = Path(__file__).with_name("matrix.tsv")
WHO = ("anonymous", *ROLES)
NO_ID = "0" * 32
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def rows():
    with TABLE.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


def routes():
    return sorted((route.path, method) for route in all_routes(routers()) for method in route.methods)


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    service = make_service(tmp_path_factory.mktemp("matrix"))
    yield service
    service.database.close()


@pytest.fixture(scope="module")
def app(service):
    return create_app(service)


@pytest.fixture(scope="module")
def people(service, app):
    return {role: signed_in(service, role, app=app).actor for role in ROLES}


def test_the_table_has_every_route_and_nothing_else():
    declared = sorted((row["path"], row["method"]) for row in rows())
    missing = "\n".join(f"{method}\t{path}" for path, method in routes() if (path, method) not in declared)
    assert declared == routes(), f"matrix.tsv must say who may use:\n{missing}"


def refused(answer):
    """Not for this person. A sign-in that fails is an answer of the route itself."""
    if answer.status_code == 401:
        return answer.headers.get("www-authenticate") == "Bearer" and "sign in first" in answer.text
    return answer.status_code == 403 or answer.headers.get("location", "").startswith("/sign-in")


@pytest.mark.parametrize("who", WHO)
def test_each_cell_of_the_table_holds(service, app, people, who):
    found = {}
    for row in rows():
        # A session for each request: some of the routes end it.
        browser = client(service, app) if who == "anonymous" else browser_of(service, people[who], app)
        answer = ask(browser, row["method"], row["path"])
        signing_out = row["path"] == "/sign-out" and who not in ("anonymous", "service")
        assert answer.status_code < 500, (row["method"], row["path"], answer.text)
        found[row["method"], row["path"]] = "no" if refused(answer) and not signing_out else "yes"
    assert found == {(row["method"], row["path"]): row[who] for row in rows()}


def ask(browser, method, path):
    """The route with an id of nothing in each of its places."""
    filled = re.sub(r"\{[^}]*\}", NO_ID, path)
    return browser.request(method, filled, **({"json": {}} if method in ("POST", "PUT", "PATCH", "DELETE") else {}))


@pytest.mark.parametrize("who", WHO)
def test_no_other_method_is_used_at_any_address(service, app, people, who):
    declared = {(row["path"], row["method"]) for row in rows()}
    addresses = sorted({row["path"] for row in rows()})
    others = [(path, method) for path in addresses for method in METHODS if (path, method) not in declared]
    assert len(others) > 5 * len(addresses)
    browser = client(service, app) if who == "anonymous" else browser_of(service, people[who], app)
    before = state_of(service)
    with browser:  # one loop for all requests
        found = {(path, method): ask(browser, method, path).status_code for path, method in others}
    assert {cell: status for cell, status in found.items() if status != 405} == {}
    assert state_of(service) == before


def state_of(service):
    """Everything in the database but when a session was last seen."""
    with service.database.read() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(select(table))))
            for table in metadata.sorted_tables
            if table is not sessions
        }


def test_who_may_not_see_a_task_learns_nothing_of_it_and_changes_nothing(service, app):
    """Role × queue × language, on every route over seats and tasks; whoever may see it could use all of them."""
    with service.database.write() as connection:
        add_task(connection, service, make_review_task(1, queue="general", language="pt", text="canary text"))
        seat = connection.execute(select(seats.c.seat_id, seats.c.task_id)).one()
        assert connection.execute(select(tasks.c.queue, tasks.c.language)).one() == ("general", "pt")
    holder = signed_in(service, "reviewer", app=app)
    assert "canary" in holder.post("/api/v1/tasks/next", json={}).text
    asked = 0
    for rights in ({"queues": ["other"]}, {"languages": ["de"]}):
        limited = signed_in(service, "reviewer", app=app, **rights)
        assert seat.seat_id not in limited.post("/api/v1/tasks/next", json={}).text
        for method, path in [(row["method"], row["path"]) for row in rows()]:
            if "{seat_id}" not in path and "{task_id}" not in path:
                continue
            body = body_for(app, path, method)
            real = limited.request(method, named(path, seat.seat_id, seat.task_id), **body)
            unreal = limited.request(method, named(path, NO_ID, NO_ID), **body)
            assert real.status_code in (403, 404, 409, 422), (path, real.text)
            assert "canary" not in real.text
            assert "item-1" not in real.text
            if method == "GET":
                assert real.status_code == unreal.status_code, path
            asked += 1
        assert "canary" not in limited.get("/history").text
    assert asked > 10
    with service.database.read() as connection:
        assert connection.execute(select(seats.c.state, seats.c.holder)).one() == ("leased", holder.actor.user_id)


def named(path, seat_id, task_id):
    return path.replace("{seat_id}", seat_id).replace("{task_id}", task_id)


def body_for(app, path, method):
    """What the description of the API gives as an example; for a page, all that forms over seats hold."""
    if method == "GET":
        return {"params": {"token": 1}}
    if not path.startswith("/api/"):
        return {"data": {"token": 1, "verdict": "allow", "seconds": 1, "reason": "language", "outcome": "upheld"}}
    described = app.openapi()
    kind = described["paths"][path][method.lower()]["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    return {"json": described["components"]["schemas"][kind.rpartition("/")[2]]["examples"][0] | {"token": 1}}
