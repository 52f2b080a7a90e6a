"""What people set for themselves, over the API and on their page."""

import pytest

from human_review.testing import make_service
from human_review.testing_web import signed_in


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    service = make_service(tmp_path_factory.mktemp("me"))
    yield service
    service.database.close()


@pytest.fixture
def browser(service):
    return signed_in(service, "reviewer", queues=["general"], languages=["pt"])


def me(browser):
    return browser.get("/api/v1/me").json()


def test_one_sees_what_one_may_do_and_has_seen(browser):
    found = me(browser)
    assert (found["role"], found["queues"], found["languages"]) == ("reviewer", ["general"], ["pt"])
    assert found["exposure"] == {
        "items": 0, "items_limit": 0, "weighted_minutes": 0.0, "weighted_minutes_limit": 240.0, "goes_on_at": None,
    }  # fmt: skip


def test_preferences_are_kept_and_are_the_configuration_s_until_then(service, browser):
    assert me(browser)["preferences"] == {"veil": True, "greyscale": True, "keys": {}}
    chosen = {"veil": False, "greyscale": True, "keys": {"remove": "x", "label:toxicity": "9"}}
    assert browser.put("/api/v1/me/preferences", json=chosen).json() == chosen
    assert me(browser)["preferences"] == chosen
    assert me(signed_in(service, "reviewer"))["preferences"]["keys"] == {}, "and are one person's own"


@pytest.mark.parametrize(
    "keys", [{"remove": "x", "allow": "x"}, {"unheard-of": "x"}, {"remove": ""}, {"remove": "a b"},
             {"remove": "x" * 21}, {"<script>": "x"}]
)  # fmt: skip
def test_keys_that_cannot_be_are_refused(browser, keys):
    answer = browser.put("/api/v1/me/preferences", json={"veil": True, "greyscale": True, "keys": keys})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert me(browser)["preferences"]["keys"] == {}


def test_the_form_sets_the_same(browser):
    form = {"locale": "ar", "veil": "1", "keys": "remove x\r\n\r\n allow  y \r\n"}
    assert browser.post("/me/settings", data=form).headers["location"] == "/me?saved=1"
    assert me(browser)["preferences"] == {"veil": True, "greyscale": False, "keys": {"remove": "x", "allow": "y"}}
    page = browser.get("/me").text
    assert '<html lang="ar" dir="rtl">' in page
    assert "remove x\nallow y\n</textarea>" in page
    assert browser.post("/me/settings", data={"locale": "en", "keys": "remove"}).status_code == 422


@pytest.mark.parametrize("locale", ["", "xx", "../../etc/passwd", "EN", "pt\x00"])
def test_the_interface_speaks_what_there_is_a_catalog_for(browser, locale):
    assert browser.put("/api/v1/me/locale", json={"locale": locale}).status_code == 422
    assert me(browser)["locale"] == "en"


def test_two_new_passwords_that_differ_change_nothing(browser):
    form = {"old": "x", "new": "eight loud cranes", "again": "nine loud cranes"}
    assert browser.post("/me/password", data=form).status_code == 422
