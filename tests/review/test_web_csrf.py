"""Another site must not act for who is signed in here."""

import pytest

from human_review.testing import make_service
from human_review.testing_web import client, signed_in


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """One service for all: nothing here depends on the kind of database."""
    service = make_service(tmp_path_factory.mktemp("service"))
    yield service
    service.database.close()


def locale(browser):
    return browser.get("/api/v1/me").json()["locale"]


@pytest.fixture
def browser(service):
    return signed_in(service, "reviewer")


def put(browser, **headers):
    return browser.put(
        "/api/v1/me/locale", json={"locale": "pt"}, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )


def test_with_the_session_s_token_it_works(browser):
    assert put(browser).status_code == 204
    assert locale(browser) == "pt"


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "\x7f"])
def test_without_the_session_s_token_nothing_changes(browser, token):
    browser.headers["x-csrf-token"] = token
    answer = put(browser)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert locale(browser) == "en"


def test_the_token_of_another_session_is_refused(service, browser):
    browser.headers["x-csrf-token"] = signed_in(service, "reviewer").headers["x-csrf-token"]
    assert put(browser).status_code == 403
    assert locale(browser) == "en"


@pytest.mark.parametrize("origin", ["https://other.example", "null", "http://127.0.0.1:1", "http://127.0.0.1:8788.other.example",
                                    "https://127.0.0.1:8788", ""])  # fmt: skip
def test_another_origin_is_refused_even_with_the_token(browser, origin):
    assert put(browser, origin=origin).status_code == 403
    assert locale(browser) == "en"


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_the_browser_calls_another_site_is_refused(browser, site):
    assert put(browser, sec_fetch_site=site).status_code == 403
    assert locale(browser) == "en"


def test_our_own_origin_works(browser):
    assert put(browser, origin="http://127.0.0.1:8788", sec_fetch_site="same-origin").status_code == 204


def test_nobody_is_signed_in_by_another_site(service):
    for headers in ({"origin": "https://other.example"}, {"sec-fetch-site": "cross-site"}):
        for answer in (
            client(service).post("/sign-in", data={"name": "a", "password": "b"}, headers=headers),
            client(service).post("/api/v1/session", json={"name": "a", "password": "b"}, headers=headers),
        ):
            assert answer.status_code == 403
            assert "set-cookie" not in answer.headers


def test_a_form_carries_the_token_in_a_field(service, browser):
    token = browser.headers.pop("x-csrf-token")
    form = {"locale": "de", "veil": "1"}
    assert browser.post("/me/settings", data=form).status_code == 403
    assert locale(browser) == "en"
    assert browser.post("/me/settings", data=form | {"csrf_token": token}).status_code == 303
    assert locale(browser) == "de"
    multipart = browser.post("/me/settings", files={"csrf_token": (None, token), "locale": (None, "fr")})
    assert multipart.status_code == 303
    assert locale(browser) == "fr"


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_the_api_takes_json_alone(browser, kind):
    body = '{"locale":"pt"}'
    assert browser.put("/api/v1/me/locale", content=body, headers={"content-type": kind}).status_code == 415
    del browser.headers["x-csrf-token"]
    assert browser.put("/api/v1/me/locale", content=body, headers={"content-type": kind}).status_code == 403
    assert locale(browser) == "en"


def test_no_get_changes_anything(service):
    """What a link alone can lead a browser to, called by whoever may, leaves the people as they were."""
    admin = signed_in(service, "admin")
    before = admin.get("/api/v1/people").json()
    for path in ("/people", "/me", f"/people/{admin.actor.user_id}", "/sign-out", "/me/settings", "/me/password"):
        admin.get(path, params={"locale": "pt", "role": "lead", "active": "0"})
    assert admin.get("/api/v1/people").json() == before
    assert locale(admin) == "en"
