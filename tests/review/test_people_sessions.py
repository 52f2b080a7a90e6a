import pytest
from sqlalchemy import select, update

from human_review.database.tables import sessions as table
from human_review.people import accounts, sessions
from human_review.people.accounts import Issued
from human_review.testing_web import client
from human_review.web.app import create_app
from human_review.web.site import site_of

MINUTE, HOUR = 60_000, 3_600_000


@pytest.fixture
def person(service):
    return accounts.create(service, None, name="kim", role="reviewer", oidc=Issued("test", "kim")).actor


@pytest.fixture
def token(service, person):
    return begin(service, person)


def begin(service, person):
    with service.database.write() as connection:
        return sessions.begin(connection, service, person.user_id)


def later(service, **columns):
    """As if so many milliseconds had passed since the times in these columns."""
    with service.database.write() as connection:
        connection.execute(update(table).values(**{name: table.c[name] - ms for name, ms in columns.items()}))


def test_a_session_is_256_random_bits_of_which_the_database_holds_a_hash(service, person, token):
    assert len(token) == 43
    assert sessions.find(service, token).actor == person
    with service.database.read() as connection:
        row = connection.execute(select(table)).one()
    assert token not in str(row)
    assert begin(service, person) != token


def test_what_never_was_a_session_is_none(service, token):
    for other in ("", "x", token + "x", token[:-1], token.lower()):
        assert sessions.find(service, other) is None


def test_a_session_ends_when_it_idles(service, token):
    later(service, seen_ms=29 * MINUTE)
    assert sessions.find(service, token) is not None, "being seen starts the time again"
    later(service, seen_ms=29 * MINUTE)
    assert sessions.find(service, token) is not None
    later(service, seen_ms=30 * MINUTE)
    assert sessions.find(service, token) is None


def test_what_a_page_sends_by_itself_keeps_no_session_alive(service, token):
    app = create_app(service)
    page = client(service, app)
    page.cookies.set(site_of(service.settings).cookie, token)
    beat = {"url": "/api/v1/seats/none/heartbeat", "json": {"token": 1}}
    for _ in range(2):
        later(service, seen_ms=16 * MINUTE)
        answer = page.post(**beat, headers={"x-csrf-token": "wrong"})
    assert answer.status_code == 401
    assert sessions.find(service, token) is None


def test_a_session_ends_after_its_hours_however_busy_it_is(service, token):
    later(service, created_ms=12 * HOUR - MINUTE)
    assert sessions.find(service, token) is not None
    later(service, created_ms=MINUTE)
    assert sessions.find(service, token) is None


def test_an_ended_session_stays_ended_and_leaves_others_alone(service, person, token):
    other = begin(service, person)
    with service.database.write() as connection:
        sessions.end(connection, sessions.find(service, token).digest)
    assert sessions.find(service, token) is None
    assert sessions.find(service, other) is not None


def test_all_sessions_of_a_person_end_but_one(service, person, token):
    others = [begin(service, person) for _ in range(3)]
    stranger = accounts.create(service, None, name="sam", role="lead", oidc=Issued("test", "sam")).actor
    strange = begin(service, stranger)
    with service.database.write() as connection:
        assert sessions.end_all(connection, person.user_id, but=sessions.find(service, token).digest) == 3
    assert [sessions.find(service, each) for each in others] == [None] * 3
    assert sessions.find(service, token) is not None
    assert sessions.find(service, strange) is not None


def test_sessions_long_gone_are_forgotten(service, person, token):
    later(service, created_ms=25 * HOUR)
    begin(service, person)
    with service.database.read() as connection:
        assert len(connection.execute(select(table)).all()) == 1


def test_whoever_may_take_what_was_escalated_has_its_queue(service):
    def queues(role, *given):
        person = accounts.create(
            service, None, name=f"{role} {given}", role=role, queues=given, oidc=Issued(role, str(given))
        )
        return sessions.find(service, begin(service, person.actor)).actor.queues

    assert queues("lead", "general") == {"general", "escalated"}
    assert queues("lead", "*") == {"*"}
    assert queues("reviewer", "general") == {"general"}
