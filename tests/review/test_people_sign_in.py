"""Signing in over HTTP: what somebody outside can find out and try."""

import logging

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select, update

from human_review.database.tables import attempts, users
from human_review.people import accounts, passwords
from human_review.people import sign_in as people_sign_in
from human_review.testing_web import client, signed_in
from human_review.web.app import create_app
from stream_app.contracts.metrics import SIGN_INS

PASSWORD = "seven quiet herons"
COOKIE = "weir"


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch):
    """Signing in happens often here; what the hashes cost is tested elsewhere."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    passwords._nobody.cache_clear()
    yield
    passwords._nobody.cache_clear()


@pytest.fixture
def app(service):
    accounts.create(service, None, name="Kim", role="reviewer", password=PASSWORD)
    return create_app(service)


def sign_in(browser, name="kim", password=PASSWORD, **more):
    return browser.post("/sign-in", data={"name": name, "password": password, **more})


def test_the_right_password_signs_in_whatever_the_case_of_the_name(service, app):
    for name in ("kim", "KIM", " Kim "):
        browser = client(service, app)
        answer = sign_in(browser, name)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert browser.get("/api/v1/me").status_code == 200


def test_the_cookie_is_unseen_by_scripts_and_not_sent_by_other_sites(service, app):
    cookie = sign_in(client(service, app)).headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    parts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert parts == {"httponly", "path=/", "samesite=lax"}


def test_over_https_the_cookie_belongs_to_this_host_alone(new_service):
    service = new_service(review_url="https://review.example.org")
    accounts.create(service, None, name="kim", role="reviewer", password=PASSWORD)
    browser = client(service)
    answer = sign_in(browser)
    assert answer.headers["set-cookie"].startswith("__Host-weir=")
    assert "; Secure" in answer.headers["set-cookie"]
    assert "Domain" not in answer.headers["set-cookie"]
    assert answer.headers["strict-transport-security"]
    assert browser.get("/api/v1/me").status_code == 200


def test_names_cannot_be_found_out(service, app):
    accounts.create(service, None, name="closed", role="reviewer", password=PASSWORD)
    accounts.create(service, None, name="platform", role="service")
    accounts.create(service, None, name="issued", role="lead", oidc=accounts.Issued("i", "s"))
    with service.database.write() as connection:
        connection.execute(update(users).where(users.c.name == "closed").values(active=False))
    wrong = [("kim", "not the password"), ("nobody", PASSWORD), ("closed", PASSWORD), ("platform", ""),
             ("issued", ""), ("", ""), ("a\r\nb", PASSWORD), ("\x00", PASSWORD)]  # fmt: skip
    answers = {
        (answer.status_code, answer.text) for answer in (sign_in(client(service, app), *each) for each in wrong)
    }
    assert len(answers) == 1
    assert answers.pop()[0] == 401


def test_an_account_can_be_tried_five_times_known_or_not(service, app):
    for name in ("kim", "nobody"):
        answers = [sign_in(client(service, app), name, "wrong password").status_code for _ in range(7)]
        assert answers == [401] * 5 + [429] * 2
    assert sign_in(client(service, app)).status_code == 429, "the right password does not pass either"
    blocked = client(service, app).post("/api/v1/session", json={"name": "kim", "password": PASSWORD})
    assert blocked.json()["code"] == "too_many"
    assert 1 <= int(blocked.headers["retry-after"]) <= 15 * 60


def test_an_address_can_try_fifty_times_over_all_accounts(new_service):
    service = new_service()
    app = create_app(service)
    sign_in(client(service, app), "n0", "wrong")
    with service.database.write() as connection:
        [address] = {row.bucket for row in connection.execute(select(attempts)) if row.bucket.startswith("address:")}
        at = connection.execute(select(attempts.c.at_ms)).scalars().first()
        connection.execute(attempts.insert(), [{"bucket": address, "at_ms": at} for _ in range(48)])
    assert sign_in(client(service, app), "n1", "wrong").status_code == 401
    assert sign_in(client(service, app), "n2", "wrong").status_code == 429
    forged = client(service, app).post(
        "/sign-in", data={"name": "n3", "password": "x"}, headers={"X-Forwarded-For": "203.0.113.7"}
    )
    assert forged.status_code == 429, "what a client says of its address is not asked"


def test_tries_are_forgotten_after_their_minutes_and_hammering_does_not_prolong_them(service, app):
    for _ in range(9):
        sign_in(client(service, app), password="wrong password")
    with service.database.write() as connection:
        connection.execute(update(attempts).values(at_ms=attempts.c.at_ms - 15 * 60_000))
    assert sign_in(client(service, app)).status_code == 303


def test_what_was_typed_as_a_name_is_not_kept(service, app, caplog):
    caplog.set_level(logging.DEBUG)
    sign_in(client(service, app), "canary typed a password here", "x")
    sign_in(client(service, app), "canary\r\n{} forged line", "x")
    with service.database.read() as connection:
        assert "canary" not in str(connection.execute(select(attempts)).all())
    refusals = [record for record in caplog.records if record.name == "human_review.people"]
    assert len(refusals) == 2
    assert "canary" not in caplog.text
    assert not any("canary" in str(vars(record)) for record in refusals)


def test_a_session_that_somebody_planted_is_not_the_one_that_is_signed_in(service, app):
    for planted in ("planted-by-somebody", "x" * 43):
        browser = client(service, app)
        browser.cookies.set(COOKIE, planted)
        sign_in(browser)
        assert client_with(service, app, planted).get("/api/v1/me").status_code == 401


def test_signing_in_again_ends_the_session_from_before(service, app):
    browser = client(service, app)
    sign_in(browser)
    before = browser.cookies[COOKIE]
    assert sign_in(browser).status_code == 303
    assert browser.cookies[COOKIE] != before
    assert client_with(service, app, before).get("/api/v1/me").status_code == 401


def test_a_cookie_is_worth_nothing_after_signing_out(service, app):
    browser = client(service, app)
    sign_in(browser)
    kept, csrf = browser.cookies[COOKIE], browser.get("/api/v1/session").json()["csrf_token"]
    answer = browser.post("/sign-out", data={"csrf_token": csrf})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    replay = client_with(service, app, kept)
    assert replay.get("/api/v1/me").status_code == 401
    assert replay.get("/me").headers["location"] == "/sign-in?next=/me"
    assert replay.post("/sign-out", data={"csrf_token": csrf}).headers["location"] == "/sign-in"


def test_an_admin_ends_sessions_at_once(service, app):
    for act in ("sessions", "close", "password"):
        browser = signed_in(service, "reviewer", app=app)
        admin = signed_in(service, "admin", app=app)
        address = f"/api/v1/people/{browser.actor.user_id}"
        assert browser.get("/api/v1/me").status_code == 200
        if act == "sessions":
            assert admin.delete(f"{address}/sessions").json() == {"sessions": 1}
        elif act == "close":
            assert admin.put(address, json={"active": False}).status_code == 200
        else:
            with service.database.write() as connection:
                connection.execute(update(users).values(oidc_issuer=None))
            assert admin.post(f"{address}/password").status_code == 200
        assert browser.get("/api/v1/me").status_code == 401


def test_a_new_password_ends_every_other_session(service, app):
    here, there = client(service, app), client(service, app)
    for browser in (here, there):
        sign_in(browser)
    csrf = here.get("/api/v1/session").json()["csrf_token"]
    new = {"old": PASSWORD, "new": "eight loud cranes", "again": "eight loud cranes", "csrf_token": csrf}
    assert here.post("/me/password", data=new).headers["location"] == "/me?saved=1"
    assert here.get("/api/v1/me").status_code == 200
    assert there.get("/api/v1/me").status_code == 401
    assert sign_in(client(service, app)).status_code == 401
    assert sign_in(client(service, app), password="eight loud cranes").status_code == 303


def test_the_present_password_cannot_be_guessed_from_an_open_page(service, app):
    browser = client(service, app)
    sign_in(browser)
    browser.headers["x-csrf-token"] = browser.get("/api/v1/session").json()["csrf_token"]
    tries = [
        browser.put("/api/v1/me/password", json={"old": f"guess {number}", "new": "eight loud cranes"}).status_code
        for number in range(6)
    ]
    assert tries == [422] * 5 + [429]


def test_with_a_password_from_somebody_else_nothing_but_changing_it_goes(service, app):
    given = accounts.create(service, None, name="new", role="admin").one_time_password
    browser = client(service, app)
    sign_in(browser, "new", given)
    assert browser.get("/people").headers["location"] == "/me"
    assert browser.get("/api/v1/people").json()["code"] == "own_password_first"
    assert "Somebody else has chosen your password" in browser.get("/me").text
    browser.headers["x-csrf-token"] = browser.get("/api/v1/session").json()["csrf_token"]
    assert browser.put("/api/v1/me/password", json={"old": given, "new": given}).status_code == 422
    assert browser.put("/api/v1/me/password", json={"old": given, "new": "eight loud cranes"}).status_code == 204
    assert browser.get("/api/v1/people").status_code == 200


def test_a_weak_hash_is_made_anew_at_sign_in(service, app):
    weak = PasswordHasher(time_cost=1, memory_cost=32, parallelism=1).hash(PASSWORD)
    with service.database.write() as connection:
        connection.execute(update(users).values(password_hash=weak))
    assert sign_in(client(service, app)).status_code == 303
    with service.database.read() as connection:
        stored = connection.execute(select(users.c.password_hash)).scalar_one()
    assert stored != weak
    assert not passwords.is_outdated(stored)
    assert sign_in(client(service, app)).status_code == 303


def test_nobody_is_sent_to_another_site(service, app):
    for elsewhere in ("//other.example", "https://other.example", "/\\other.example", "/a\r\nSet-Cookie: x=1"):
        assert sign_in(client(service, app), next=elsewhere).headers["location"] == "/"
        page = client(service, app).get("/sign-in", params={"next": elsewhere}).text
        assert 'name="next" value="/"' in page


def test_one_comes_back_to_where_one_was(service, app):
    browser = client(service, app)
    sent = browser.get("/people?q=a%20b").headers["location"]
    assert sent == "/sign-in?next=/people%3Fq%3Da%2520b"
    assert 'value="/people?q=a%20b"' in browser.get(sent).text
    assert sign_in(browser, next="/people?q=a%20b").headers["location"] == "/people?q=a%20b"


def client_with(service, app, cookie):
    browser = client(service, app)
    browser.cookies.set(COOKIE, cookie)
    return browser


def test_sign_ins_are_counted(service, app):
    sign_in(client(service, app))
    for _ in range(6):
        sign_in(client(service, app), password="wrong password")
    counted = {outcome: service.telemetry.value(SIGN_INS, outcome) for outcome in ("in", "refused", "slowed")}
    assert counted == {"in": 1, "refused": 5, "slowed": 1}


def test_nobody_is_locked_out_from_another_address(service, app):
    for _ in range(6):
        sign_in(client(service, app), password="wrong password")
    assert sign_in_at(service, "kim", PASSWORD, address="203.0.113.9")


def test_what_is_refused_writes_nothing(service, app):
    for _ in range(5):
        sign_in(client(service, app), password="wrong password")
    with service.database.read() as connection:
        before = connection.execute(select(attempts)).all()
    assert sign_in(client(service, app)).status_code == 429
    with service.database.read() as connection:
        assert connection.execute(select(attempts)).all() == before


def sign_in_at(service, name, password, address):
    return people_sign_in.sign_in(service, name=name, password=password, address=address)
