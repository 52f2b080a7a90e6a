"""Requests that no client of ours sends, and what every answer carries."""

import logging

import pytest
from sqlalchemy.exc import OperationalError

from human_review.testing import make_service
from human_review.testing_web import client, signed_in
from human_review.web.app import create_app
from human_review.web.headers import FIXED, MOST_BODY_BYTES

OWN = "127.0.0.1:8788"


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """One service for all: nothing here depends on the kind of database."""
    service = make_service(tmp_path_factory.mktemp("service"))
    yield service
    service.database.close()


def test_every_answer_carries_the_headers_that_keep_browsers_safe(service):
    browser = signed_in(service, "admin")
    paths = ["/me", "/sign-in", "/people", "/nothing/here", "/api/nothing", "/api/v1/me", "/healthz", "/metrics",
             "/api/openapi.json", "/static/nothing", "/static/weir.svg"]  # fmt: skip
    for path in paths:
        answer = browser.get(path)
        assert {name: answer.headers.get(name) for name in FIXED} == FIXED, path
        assert answer.headers["cache-control"] == ("no-cache" if path.startswith("/static/") else "no-store"), path
        assert "server" not in answer.headers, path


def test_the_policy_allows_nothing_inline_and_nothing_from_elsewhere():
    policy = dict(part.strip().split(" ", 1) for part in FIXED["Content-Security-Policy"].split(";"))
    assert policy.pop("default-src") == "'none'"
    assert policy.pop("frame-ancestors") == "'none'"
    assert policy.pop("base-uri") == "'none'"
    assert set(policy.values()) == {"'self'"}


@pytest.mark.parametrize(
    "host", ["other.example", f"{OWN}.other.example", "other.example:8788", "127.0.0.1", "", f"{OWN}@other.example",
             "127.0.0.1:1"]
)  # fmt: skip
def test_a_forged_host_is_refused(service, host):
    browser = signed_in(service, "admin")
    answer = browser.get("/people", headers={"host": host})
    assert answer.status_code == 421
    assert "other" not in answer.text
    assert browser.get("/healthz", headers={"host": host}).status_code == 200, "orchestrators ask by address"


def test_two_hosts_are_refused(service):
    assert client(service).get("/sign-in", headers=[("host", OWN), ("host", "other.example")]).status_code == 421


@pytest.mark.parametrize(
    "name",
    ["X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-For", "Forwarded", "X-Original-URL", "X-Rewrite-URL"],
)
def test_what_claims_to_be_from_a_proxy_changes_nothing(service, name):
    browser = client(service)
    plain = browser.get("/people")
    forged = browser.get("/people", headers={name: "other.example"})
    assert forged.headers["location"] == plain.headers["location"] == "/sign-in?next=/people"


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PATCH", "PROPFIND", "BREW"])
def test_methods_that_are_not_used_are_refused(service, method):
    browser = signed_in(service, "admin")
    for path in ("/", "/me", "/api/v1/me", "/nothing", "/static/weir.svg"):
        assert browser.request(method, path).status_code == 405


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_a_method_cannot_be_overridden(service, header):
    admin = signed_in(service, "admin")
    other = signed_in(service, "lead")
    address = f"/api/v1/people/{other.actor.user_id}/sessions"
    assert admin.get(address, headers={header: "DELETE"}).status_code == 405
    assert admin.post(address, headers={header: "DELETE"}, json={}).status_code == 405
    assert other.get("/api/v1/me").status_code == 200


def test_a_body_may_have_a_mebibyte(service):
    browser = signed_in(service, "admin")
    for size, status in ((MOST_BODY_BYTES, 422), (MOST_BODY_BYTES + 1, 413)):
        body = b'{"name": "' + b"x" * (size - 12) + b'"}'
        answer = browser.post("/api/v1/people", content=body, headers={"content-type": "application/json"})
        assert (len(body), answer.status_code) == (size, status)
        assert len(answer.content) < 1000


@pytest.mark.parametrize("path", ["/api/v1/people", "/people", "/sign-in"])
def test_a_body_without_a_length_is_cut_at_the_limit(service, path):
    read = 0

    def endless():
        nonlocal read
        for _ in range(100):
            read += 65536
            yield b"a" * 65536

    kind = "application/json" if path.startswith("/api/") else "application/x-www-form-urlencoded"
    answer = signed_in(service, "admin").post(path, content=endless(), headers={"content-type": kind})
    assert answer.status_code == 413


def test_lengths_that_are_none_are_refused(service):
    for length in ("-1", "1e9", "9" * 30, "٣"):
        answer = client(service).post("/sign-in", content=b"x", headers=[(b"content-length", length.encode())])
        assert answer.status_code == 413, length


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "zstd", "gzip, identity"])
def test_compressed_bodies_are_refused(service, coding):
    answer = client(service).post("/api/v1/session", content=b"\x1f\x8b", headers={"content-encoding": coding})
    assert answer.status_code == 415


def test_oversized_addresses_and_headers_are_refused(service):
    browser = signed_in(service, "admin")
    assert browser.get("/people", params={"q": "x" * 64_000}).status_code == 414
    assert browser.get("/me", headers={"cookie": "a=" + "x" * 100_000}).status_code == 431
    assert browser.get("/me", headers=[(f"x-{number}", "1") for number in range(200)]).status_code == 431


def test_websockets_are_refused(service):
    from starlette.websockets import WebSocketDisconnect

    for path in ("/", "/api/v1/me", "/ws"):
        with (
            pytest.raises(WebSocketDisconnect) as refused,
            signed_in(service, "admin").websocket_connect(path, headers={"origin": "https://other.example"}),
        ):
            pass
        assert refused.value.code == 1008


@pytest.mark.parametrize(
    "query", [{"limit": -1}, {"limit": 10**9}, {"skip": -1}, {"skip": 10**9}, {"limit": "x"}, {"q": "x" * 201}]
)
def test_bounds_of_lists_are_kept(service, query):
    answer = signed_in(service, "admin").get("/api/v1/people", params=query)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


@pytest.mark.parametrize(
    "q", ["' OR '1'='1", "{{7*7}}", "${7*7}", "*)(uid=*", "../../etc/passwd", "%00", "\x00", "<script>"]
)
def test_a_search_is_plain_text(service, q):
    browser = signed_in(service, "admin")
    assert browser.get("/api/v1/people", params={"q": q}).json() == []
    shown = browser.get("/people", params={"q": q})
    assert shown.status_code == 200
    assert "<script>" not in shown.text.replace('<script src="/static/', "")
    assert "49" not in shown.text.partition("<main")[2].partition("</form>")[0]


def test_fields_that_are_not_asked_for_change_nothing(service):
    browser = signed_in(service, "reviewer")
    browser.put("/api/v1/me/locale", json={"locale": "pt", "role": "admin", "queues": ["*"]})
    browser.post("/me/settings", data={"locale": "pt", "role": "admin"})
    assert browser.get("/api/v1/me").json()["role"] == "reviewer"
    assert browser.get("/api/v1/people").status_code == 403


def test_errors_do_not_repeat_what_was_sent(service):
    browser = signed_in(service, "admin")
    for body in ({"name": {"canary": "canary"}, "role": "canary"}, {"canary" * 100: 1, "name": "x", "role": "lead"}):
        answer = browser.post("/api/v1/people", json=body)
        assert answer.status_code == 422
        assert "canary" * 11 not in answer.text
        assert len(answer.text) < 600
    assert "canary" not in browser.get("/canary").text


def test_an_unexpected_error_says_nothing_and_logs_its_place_alone(service, monkeypatch, caplog):
    from human_review.people import accounts

    def broken(*_, **__):
        raise RuntimeError("canary of an item")

    monkeypatch.setattr(accounts, "listing", broken)
    browser = signed_in(service, "admin")
    for path in ("/api/v1/people", "/people"):
        caplog.clear()
        with caplog.at_level(logging.ERROR):
            answer = browser.get(path)
        assert answer.status_code == 500
        assert "canary" not in answer.text
        assert answer.headers["content-security-policy"]
        [record] = [each for each in caplog.records if each.name == "human_review.web"]
        assert record.facts == {"kind": "RuntimeError", "at": f"{__name__}:{broken.__code__.co_firstlineno + 1}"}
        assert "canary" not in caplog.text


def test_without_its_database_the_service_says_so(service, monkeypatch):
    browser = signed_in(service, "admin")

    def away(*_, **__):
        raise OperationalError("SELECT canary", {}, Exception("gone"))

    monkeypatch.setattr(type(service.database), "read", away)
    answer = browser.get("/api/v1/me")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert "canary" not in answer.text
    ready = browser.get("/readyz")
    assert (ready.status_code, ready.json()) == (503, {"database": False, "stream": True})
    assert browser.get("/healthz").status_code == 200


def test_ready_is_who_is_healthy(service):
    class Stream:
        def healthy(self):
            return False

    ready = client(service, create_app(service, stream=Stream())).get("/readyz")
    assert (ready.status_code, ready.json()) == (503, {"database": True, "stream": False})
    assert client(service).get("/readyz").status_code == 200


def test_requests_are_timed_by_route_and_not_by_address(service):
    browser = signed_in(service, "admin")
    for path in (f"/people/{browser.actor.user_id}", "/canary-address", "/api/v1/people?q=canary"):
        browser.get(path)
    shown = browser.get("/metrics").text
    assert 'weir_review_request_seconds_count{route="/people/{user_id}",status="2xx"}' in shown
    assert 'route="none",status="4xx"' in shown
    assert "canary" not in shown
