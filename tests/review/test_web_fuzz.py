"""Whatever is sent to the API and to the forms, by whoever may use it: never a 5xx.

Every error of the API has the one shape of errors. What an address names is there: each kind of id is made anew for
whoever asks, and the first thing that is sent about it must work.
"""

import json
from collections import defaultdict
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count

import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.core import NotSet

from human_review.appeals import appeals, statements
from human_review.appeals.decide import decide_appeal
from human_review.desk.answer import Answer
from human_review.desk.decide import decide
from human_review.desk.groups import decide_group, group
from human_review.desk.routing import APPEALS
from human_review.desk.take import release, take
from human_review.people import accounts, tokens
from human_review.permissions import GRANTS
from human_review.testing import make_review_task
from human_review.testing_quality import make_golden, open_tasks
from human_review.testing_web import browser_of, signed_in
from human_review.web import desk_view
from human_review.web.access import declared
from human_review.web.app import all_routes, create_app, routers
from human_review.webhooks import registry
from stream_app.contracts.decision import EnforcementAction, StatementOfReasons
from stream_app.contracts.review import Appeal

ROLES = ("reviewer", "lead", "admin", "service")
ERROR = {"code", "message"}
NUMBERS = count(1)
# No second answers and no golden tasks in between, and time to take everything back.
CONFIG = """
version: "1"
labels: {threat: {title: a threat, harm: 0.5, key: "1"}, spam: {title: spam, harm: 0.1, key: "2"}}
quality: {second_share: 0, golden: {share: 0, new_share: 0}}
exposure: {items: 0, weighted_minutes: 0}
undo_seconds: 600
skip_reasons: [language, context]
"""


@pytest.fixture
def service(new_service):
    return new_service(config=CONFIG)


@pytest.fixture
def app(service):
    return create_app(service)


@pytest.fixture
def people(service, app):
    return {role: signed_in(service, role, app=app).actor for role in ROLES}


# -- what an id in an address can name, made anew --


def in_hand(service, actor, queue=None):
    if card := desk_view.held(service, actor):
        release(service, actor, card.seat_id, card.token)
    card = take(service, actor, queue)
    return {"seat_id": card.seat_id, "token": card.token, "task_id": card.task_id}


def urgent(number):
    """Due before everything that was made before."""
    return timedelta(days=-30, hours=-number)


def seat(service, actor):
    """A task in hand that two others belong to; ``checked`` are those to look at."""
    text, numbers = f"the same words {next(NUMBERS)}", [next(NUMBERS) for _ in range(3)]
    open_tasks(service, *(make_review_task(number, text=text, due=urgent(numbers[0])) for number in numbers))
    made = in_hand(service, actor)
    found = group(service, actor, made["seat_id"], made["token"])
    assert found.size == 3
    return made | {"checked": [one.task_id for one in found.sample]}


def label(service, actor):
    made = seat(service, actor)
    return {"label_id": decide(service, actor, made["seat_id"], made["token"], Answer(verdict="allow")).label_id}


def batch(service, actor):
    made = seat(service, actor)
    answer = Answer(verdict="allow")
    given = decide_group(service, actor, made["seat_id"], made["token"], answer, tuple(made["checked"]))
    return {"batch_id": given.batch_id}


def appeal(service, _):
    number, now = next(NUMBERS), datetime.now(UTC)
    task = make_review_task(number)
    removed = msgspec.structs.replace(task.decision, verdict="remove", decided_at=now)
    made = Appeal(
        appeal_id=f"appeal-{number}", decision_id=removed.decision_id, item=task.item, origin=task.origin,
        statement="It was a quotation.", appealed_at=now, decision=removed,
    )  # fmt: skip
    with service.database.write() as connection:
        assert appeals.submit(connection, service, made)
    return {"appeal_id": made.appeal_id}


def appeal_in_hand(service, actor):
    return appeal(service, actor) | in_hand(service, actor, APPEALS)


def decided_appeal(service, actor):
    made = appeal_in_hand(service, actor)
    given = decide_appeal(service, actor, made["seat_id"], made["token"], "upheld", "It stands.")
    return {"appeal_id": given.appeal_id}


def golden(service, _):
    [golden_id] = make_golden(service, next(NUMBERS), 1)
    return {"golden_id": golden_id, "state": "retired"}


def webhook(service, actor):
    made = registry.register(service, actor, f"https://hook.example/{next(NUMBERS)}", ["appeal.decided"])
    return {"webhook_id": made.webhook_id}


def notice(service, _):
    number = next(NUMBERS)
    task = make_review_task(number)
    decision = msgspec.structs.replace(task.decision, verdict="remove", decided_at=datetime.now(UTC))
    said = StatementOfReasons(
        restriction="removed", ground="terms", facts="an insult", automated_detection=True, automated_decision=True,
        redress="appeal",
    )  # fmt: skip
    action = EnforcementAction(
        action_id=f"action-{number}", decision_id=decision.decision_id, item_id=decision.item_id, kind="remove",
        reason="an insult", statement=said,
    )  # fmt: skip
    with service.database.write() as connection:
        assert statements.note(connection, service, action, decision)
    return {"decision_id": decision.decision_id}


def person(service, _, *, with_password=False):
    name = f"somebody {next(NUMBERS)}"
    issued = None if with_password else accounts.Issued("test", name)
    made = accounts.create(service, None, name=name, role="reviewer", oidc=issued)
    return {"user_id": made.actor.user_id, "pseudonym": made.actor.pseudonym}


def platform(service, actor):
    made = accounts.create(service, None, name=f"platform {next(NUMBERS)}", role="service").actor
    tokens.make(service, None, made.user_id, "test")
    [token] = tokens.listing(service, actor, made.user_id)
    return {"user_id": made.user_id, "token_id": token.token_id}


# What is made for an address: the first that its path holds.
MAKERS = {
    "/appeals/{appeal_id}/undo": decided_appeal,
    "/appeal-decision": appeal_in_hand, "/appeals/seats/": appeal_in_hand,
    "/tasks/{task_id}/appeal": appeal_in_hand, "{appeal_id}": appeal, "{seat_id}": seat, "{label_id}": label,
    "{batch_id}": batch, "{golden_id}": golden, "{webhook_id}": webhook, "{decision_id}": notice,
    "{pseudonym}": person, "/tokens": platform,
    "/password": partial(person, with_password=True), "{user_id}": person,
}  # fmt: skip


def known(service, actor, path):
    make = next(make for part, make in MAKERS.items() if part in path)
    return make(service, actor)


def named(path, made):
    for name, value in made.items():
        path = path.replace(f"{{{name}}}", str(value))
    assert "{" not in path
    return path


def fitting(body, made):
    """A body with the token, the sample and so on of what was made, where it has such a field."""
    return body | {name: made[name] for name in body.keys() & made.keys()} if isinstance(body, dict) else body


def roles_of(route):
    act = declared(route)[0].act
    return [role for role in ROLES if act is None or act in GRANTS[role]]


def routes(*, api):
    return [route for route in all_routes(routers()) if route.path.startswith("/api/") == api]


# -- the API --


def test_nothing_that_is_sent_makes_the_service_fail(service, app, people):
    fuzz(service, app, people, examples=2)


@pytest.mark.long
def test_nothing_that_is_sent_makes_the_service_fail_at_length(service, app, people):
    fuzz(service, app, people, examples=60)


def fuzz(service, app, people, *, examples):
    roles = {(route.path, method): roles_of(route) for route in routes(api=True) for method in route.methods}
    seen = defaultdict(set)
    signed_in_already = SchemathesisConfig.from_dict({"generation": {"with-security-parameters": False}})
    for result in schemathesis.openapi.from_dict(app.openapi(), config=signed_in_already).get_all_operations():
        operation = result.ok()
        path, method = operation.path, operation.method.upper()
        for role in roles[path, method]:
            actor = people[role]
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                every(operation.as_strategy(generation_mode=mode), service, app, actor, examples, seen)
            if "{" in path:
                made = known(service, actor, path)
                every(operation.as_strategy(path_parameters=made), service, app, actor, examples, seen, made)
    assert any(status < 300 for statuses in seen.values() for status in statuses), "something must have worked"
    assert len(seen) > 20
    described = {
        (method.upper(), path): {int(status) for status in operation["responses"]}
        for path, methods in app.openapi()["paths"].items()
        for method, operation in methods.items()
    }
    unsaid = {each: statuses - described[each] for each, statuses in seen.items() if statuses - described[each]}
    assert unsaid == {}, "the description of the API must name every status that a route answers with"


@pytest.mark.parametrize("role", ROLES)
def test_each_id_in_an_address_of_the_api_can_name_something_that_is_there(service, app, people, role):
    """So that what the fuzz tests send about them gets past the door."""
    for route in routes(api=True):
        if "{" in route.path and role in roles_of(route):
            made = known(service, people[role], route.path)
            for method in route.methods:
                body = (
                    {} if method in ("GET", "DELETE") else {"json": fitting(example(app, route.path, method), made)}
                )
                asked = {"token": made["token"]} if method == "GET" and route.path.endswith("/group") else None
                browser = browser_of(service, people[role], app)
                answer = browser.request(method, named(route.path, made), params=asked, **body)
                assert worked(role, route.path, answer), (method, route.path, answer.text)


def worked(role, path, answer):
    """A lead is whom others escalate to."""
    return answer.status_code == 409 if role == "lead" and path.endswith("/escalate") else answer.status_code < 400


def example(app, path, method):
    described = app.openapi()
    body = described["paths"][path][method.lower()].get("requestBody")
    if body is None:
        return {}
    kind = body["content"]["application/json"]["schema"]["$ref"]
    return described["components"]["schemas"][kind.rpartition("/")[2]]["examples"][0]


def every(strategy, service, app, actor, examples, seen, made=None):
    @settings(
        max_examples=examples, database=None, deadline=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=strategy)
    def one(case):
        case.body = fitting(case.body, made or {})
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


# -- the pages and their forms --

WORDS = ("", "0", "1", "-1", "1e999", "9" * 30, "allow", "remove", "upheld", "threat", "language", "lead", "true",
         "2026-01-31T12:00:00Z", "*", "en", "active", "x" * 5000, "\0", "\u202e", "=1+1",
         "https://hook.example/")  # fmt: skip
VALUES = st.sampled_from(WORDS) | st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
RIGHT = {
    "verdict": "allow", "outcome": "upheld", "reply": "It stands.", "reason": "language", "role": "reviewer",
    "name": "production", "queues": "*", "languages": "*", "active": "1",
}  # fmt: skip


def fields(dependant):
    """The names of what a route reads from forms and addresses, also through what it depends on."""
    own = {field.alias for field in (*dependant.body_params, *dependant.query_params)}
    return own.union(*(fields(each) for each in dependant.dependencies))


def sent(names, made):
    """Some of the fields with anything in them; what was made for the address is right in half of the cases."""
    right = {name: st.just([str(value)]) for name, value in made.items() if name in names}
    anything = {name: st.lists(VALUES, max_size=3) for name in sorted(names)}
    return st.fixed_dictionaries({}, optional=anything | {"strange": st.lists(VALUES, max_size=2)}) | (
        st.fixed_dictionaries(right, optional={name: each for name, each in anything.items() if name not in right})
    )


def ask(browser, method, path, values, *, partly=False):
    headers = {"hx-request": "true"} if partly else {}
    given = {"params": values} if method == "GET" else {"data": values}
    return browser.request(method, path, headers=headers, **given)


def test_nothing_that_is_sent_to_a_page_makes_the_service_fail(service, app, people):
    fuzz_pages(service, app, people, examples=3, most_roles=1)


@pytest.mark.long
def test_nothing_that_is_sent_to_a_page_makes_the_service_fail_at_length(service, app, people):
    fuzz_pages(service, app, people, examples=60, most_roles=len(ROLES))


def fuzz_pages(service, app, people, *, examples, most_roles):
    seen = defaultdict(set)
    for route in routes(api=False):
        for role in roles_of(route)[-most_roles:]:
            made = known(service, people[role], route.path) if "{" in route.path else {}
            every_form(route, made, service, app, people[role], examples, seen)
    assert len(seen) == len(routes(api=False))


def every_form(route, made, service, app, actor, examples, seen):
    path, [method] = named(route.path, made), route.methods

    @settings(
        max_examples=examples, database=None, deadline=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(values=sent(fields(route.dependant), made), partly=st.booleans())
    def one(values, partly):
        answer = ask(browser_of(service, actor, app), method, path, values, partly=partly)
        assert answer.status_code < 500, (actor.role, method, path, values, answer.text[:300])
        seen[method, route.path].add(answer.status_code)

    one()


@pytest.mark.parametrize("role", ROLES)
def test_each_id_in_an_address_of_a_page_can_name_something_that_is_there(service, app, people, role):
    for route in routes(api=False):
        if "{" in route.path and role in roles_of(route):
            made, [method] = known(service, people[role], route.path), route.methods
            values = fitting(
                {name: RIGHT[name] for name in fields(route.dependant) & RIGHT.keys()} | {"state": ""}, made
            )
            values |= {name: made[name] for name in ("token", "checked") if name in made}
            answer = ask(browser_of(service, people[role], app), method, named(route.path, made), values)
            assert worked(role, route.path, answer), (route.path, answer.text)
