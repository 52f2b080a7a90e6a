import pytest
from sqlalchemy import insert, select

from human_review.database.engine import now_ms
from human_review.database.tables import audit, exposures
from human_review.errors import Invalid, TooMany
from human_review.people import accounts, exposure
from human_review.people.accounts import Issued
from human_review.people.exposure import Own
from human_review.testing_web import signed_in

SETTINGS = """
version: test
labels: {toxicity: {title: toxic, harm: 0.3, key: "1"}}
exposure: {items: ITEMS, weighted_minutes: MINUTES, pause_minutes: 15}
"""
MINUTE, HOUR = 60_000, 3_600_000


@pytest.fixture
def make(new_service):
    def make(items=0, minutes=0):
        service = new_service(config=SETTINGS.replace("ITEMS", str(items)).replace("MINUTES", str(minutes)))
        return service, accounts.create(service, None, name="kim", role="reviewer", oidc=Issued("test", "kim")).actor

    return make


def saw(service, person, *looks):
    """Looks as (how long ago in ms, seconds, severity)."""
    with service.database.write() as connection:
        now = now_ms(connection)
        for ago, seconds, severity in looks:
            connection.execute(
                insert(exposures).values(
                    user_id=person.user_id, at_ms=now - ago, seconds=seconds, severity=severity, shown=1
                )
            )


def wait(service, person):
    with service.database.read() as connection:
        try:
            exposure.check(connection, service, person)
        except TooMany as problem:
            return problem.retry_after_seconds
    return 0


def test_without_limits_nobody_waits(make):
    service, person = make()
    saw(service, person, *[(MINUTE, 3600, 1.0)] * 50)
    assert wait(service, person) == 0


def test_a_minute_counts_by_its_severity(make):
    service, person = make(minutes=10)
    saw(service, person, (HOUR, 19 * 60, 0.5))
    assert wait(service, person) == 0
    saw(service, person, (HOUR, 60, 0.5))
    assert wait(service, person) > 0


def test_the_message_says_when_it_goes_on(make):
    service, person = make(items=2)
    saw(service, person, (23 * HOUR, 1, 1), (MINUTE, 1, 1))
    with service.database.read() as connection, pytest.raises(TooMany, match="goes on in 60 min") as problem:
        exposure.check(connection, service, person)
    assert 3590 <= problem.value.retry_after_seconds <= 3600


def test_a_pause_is_never_shorter_than_it_should_be(make):
    service, person = make(items=2)
    saw(service, person, (24 * HOUR - 2 * MINUTE, 1, 1), (5 * MINUTE, 1, 1))
    assert 590 <= wait(service, person) <= 600, "the budget is free in 2 minutes, the pause ends in 10"


def test_a_look_that_is_a_day_old_counts_no_more(make):
    service, person = make(items=2)
    saw(service, person, (24 * HOUR + 40 * MINUTE, 1, 1), (30 * MINUTE, 1, 1))
    assert wait(service, person) == 0


def test_a_budget_that_was_reached_is_free_again_a_day_later(make):
    service, person = make(items=2)
    saw(service, person, (25 * HOUR, 1, 1), (24 * HOUR + 1, 1, 1))
    assert wait(service, person) == 0


def test_items_that_were_shown_at_once_count_each_and_time_is_no_item(make):
    service, person = make(items=4)
    with service.database.write() as connection:
        exposure.shown(connection, person.user_id)
        exposure.shown(connection, person.user_id, 2)
        exposure.spent(connection, person.user_id, 60.0, 0.5)
        found = exposure.seen(connection, person.user_id, now_ms(connection))
    assert (found.items, found.weighted_minutes) == (3, 0.5)
    assert wait(service, person) == 0
    saw(service, person, (0, 1, 1))
    assert wait(service, person) > 0


def test_everybody_has_a_budget_of_their_own(make):
    service, person = make(items=1)
    other = accounts.create(service, None, name="sam", role="reviewer", oidc=Issued("test", "sam")).actor
    saw(service, other, (MINUTE, 1, 1))
    assert wait(service, person) == 0
    assert wait(service, other) > 0


@pytest.mark.parametrize(
    ("seconds", "severity", "kept"), [(-5, 2.0, (0, 1)), (99_999, -1, (3600, 0)), (7, 0.5, (7, 0.5))]
)
def test_a_look_is_kept_within_bounds(make, seconds, severity, kept):
    service, person = make()
    with service.database.write() as connection:
        exposure.spent(connection, person.user_id, seconds, severity)
        assert connection.execute(select(exposures.c.seconds, exposures.c.severity)).one() == kept


def test_what_no_budget_needs_is_forgotten(make):
    service, person = make()
    saw(service, person, (73 * HOUR, 1, 1), (71 * HOUR, 1, 1))
    with service.database.write() as connection:
        exposure.shown(connection, person.user_id)
        assert len(connection.execute(select(exposures)).all()) == 2


def test_a_person_can_have_limits_of_their_own(make):
    service, person = make(items=2, minutes=10)
    admin = accounts.create(service, None, name="ada", role="admin", oidc=Issued("test", "ada")).actor
    other = accounts.create(service, None, name="lee", role="reviewer", oidc=Issued("test", "lee")).actor
    for each in (person, other):
        saw(service, each, *[(HOUR, 60, 0.5)] * 3)
    accounts.change(service, admin, person.user_id, exposure=Own(items=4))
    assert wait(service, person) == 0
    assert wait(service, other) > 0
    saw(service, person, (HOUR, 60, 0.5))
    assert wait(service, person) > 0
    accounts.change(service, admin, person.user_id, exposure=Own(items=0, weighted_minutes=2.5))
    assert wait(service, person) == 0
    saw(service, person, (HOUR, 60, 0.5))
    assert wait(service, person) > 0
    accounts.change(service, admin, person.user_id, exposure=Own(items=0, weighted_minutes=0))
    assert wait(service, person) == 0
    accounts.change(service, admin, person.user_id, exposure=Own())
    assert wait(service, person) > 0


def test_other_changes_leave_the_limits_and_the_audit_log_does_not_tell_them(make):
    service, person = make()
    admin = accounts.create(service, None, name="ada", role="admin", oidc=Issued("test", "ada")).actor
    accounts.change(service, admin, person.user_id, exposure=Own(items=4711, weighted_minutes=0.0))
    assert accounts.change(service, admin, person.user_id, queues=["general"]).exposure == Own(4711, 0.0)
    with service.database.read() as connection:
        told = str(connection.execute(select(audit)).all())
    assert "exposure" in told
    assert "4711" not in told


@pytest.mark.parametrize(
    ("items", "minutes"), [(-1, None), (100_001, None), (None, -0.1), (None, 1441), (None, float("nan"))]
)
def test_limits_that_no_day_can_hold_are_refused(items, minutes):
    with pytest.raises(Invalid):
        Own(items, minutes)


def test_admins_set_limits_over_the_api_and_on_the_page_and_the_person_sees_them(make):
    service, _ = make(items=7, minutes=8)
    admin, kim, lead = (signed_in(service, role) for role in ("admin", "reviewer", "lead"))
    address = f"/api/v1/people/{kim.actor.user_id}"
    assert admin.get(address).json()["exposure"] == {"items": None, "weighted_minutes": None}
    changed = admin.put(address, json={"exposure": {"items": 3}}).json()
    assert changed["exposure"] == {"items": 3, "weighted_minutes": None}
    assert (changed["role"], changed["active"]) == ("reviewer", True)
    mine = kim.get("/api/v1/me").json()["exposure"]
    assert (mine["items_limit"], mine["weighted_minutes_limit"]) == (3, 8.0)
    assert admin.put(address, json={"exposure": {"items": -1}}).status_code == 422
    assert lead.put(address, json={"exposure": {"items": 9}}).status_code == kim.get(address).status_code == 403
    page = f"/people/{kim.actor.user_id}"
    form = {
        "role": "reviewer",
        "queues": "*",
        "languages": "*",
        "active": "1",
        "items": "",
        "weighted_minutes": "90.5",
    }
    assert admin.post(page, data=form).status_code == 303
    assert 'value="90.5"' in admin.get(page).text
    assert admin.get(address).json()["exposure"] == {"items": None, "weighted_minutes": 90.5}
    assert admin.post(page, data=form | {"items": "many"}).status_code == 422
