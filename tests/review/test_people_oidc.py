"""Signing in through an issuer: a small real one, over HTTP on loopback, that can be told to lie."""

import base64
import hashlib
import threading
import time
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Form, Request
from fastapi.responses import JSONResponse, Response
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from sqlalchemy import select, update

from human_review.database.tables import audit, metadata, oidc_flows, users
from human_review.people import issuer as issuer_module
from human_review.testing import make_service
from human_review.testing_web import client
from human_review.web.app import create_app
from stream_app.errors import ConfigError
from stream_app.testing_kafka import free_ports

CLIENT, SECRET = "weir-review", "an issuer's secret"
CONFIG = """
version: test
labels: {toxicity: {title: toxic, harm: 0.3, key: "1"}}
oidc: {groups: {weir-admins: admin, weir-leads: lead, weir-reviewers: reviewer}}
"""


class FakeIssuer:
    """Codes, PKCE and client secrets are checked as a real one does; ``instead`` answers in place of a path."""

    def __init__(self, port):
        self.url = f"http://127.0.0.1:{port}"
        self.keys = [RSAKey.generate_key(2048, {"kid": "one"})]
        self.person = {"sub": "kim-1", "preferred_username": "kim", "groups": ["weir-reviewers"]}
        self.claims, self.header, self.described, self.signing, self.instead = {}, {}, {}, None, {}
        self._codes = {}
        self.app = self._make()

    def _make(self):
        app = FastAPI()

        @app.get("/.well-known/openid-configuration")
        def description():
            return self.instead.get("description") or {
                "issuer": self.url, "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token", "jwks_uri": f"{self.url}/keys",
            } | self.described  # fmt: skip

        @app.get("/keys")
        def keys():
            return self.instead.get("keys") or KeySet(self.keys).as_dict(private=False)

        @app.post("/token")
        def token(request: Request, code: str = Form(), code_verifier: str = Form(), redirect_uri: str = Form()):
            asked = self._codes.pop(code, None)
            challenge = base64.urlsafe_b64encode(hashlib.sha256(code_verifier.encode()).digest()).decode().rstrip("=")
            basic = httpx.BasicAuth(CLIENT, "an%20issuer%27s%20secret")._auth_header
            if (
                asked is None
                or asked["code_challenge"] != [challenge]
                or asked["redirect_uri"] != [redirect_uri]
                or request.headers["authorization"] != basic
            ):
                return JSONResponse({"error": "invalid_grant"}, 400)
            return {"access_token": "access", "token_type": "Bearer", "id_token": self._id_token(asked["nonce"][0])}

        return app

    def _id_token(self, nonce):
        now = int(time.time())
        claims = (
            {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 60, "nonce": nonce} | self.person | self.claims
        )
        claims = {name: value for name, value in claims.items() if value is not None}
        key = self.signing or self.keys[-1]
        header = {"alg": "RS256", "kid": key.kid} | self.header
        return jwt.encode(header, claims, key, algorithms=["RS256", "HS256"])

    def asked_for_a_code(self, address):
        """Somebody comes with this address, says yes, and is sent back; returns the code and the state."""
        query = parse_qs(urlsplit(address).query)
        assert address.startswith(f"{self.url}/authorize?")
        assert query["client_id"] == [CLIENT]
        assert query["response_type"] == ["code"]
        assert query["code_challenge_method"] == ["S256"]
        code = f"code-{len(self._codes)}-{query['state'][0][:8]}"
        self._codes[code] = query
        return {"code": code, "state": query["state"][0]}


@pytest.fixture(scope="module")
def running():
    [port] = free_ports(1)
    issuer = FakeIssuer(port)
    server = uvicorn.Server(uvicorn.Config(issuer.app, port=port, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield issuer
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def issuer(running):
    issuer_module._issuer.cache_clear()
    running.person = {"sub": "kim-1", "preferred_username": "kim", "groups": ["weir-reviewers"]}
    running.claims, running.header, running.described, running.signing, running.instead = {}, {}, {}, None, {}
    return running


def settings(issuer):
    return {
        "config": CONFIG, "review_oidc_issuer": issuer.url, "review_oidc_client_id": CLIENT,
        "review_oidc_client_secret": SECRET,
    }  # fmt: skip


@pytest.fixture(scope="module")
def one_service(tmp_path_factory, running):
    """On SQLite: what the issuer says has nothing to do with the kind of database."""
    service = make_service(tmp_path_factory.mktemp("service"), **settings(running))
    yield service
    service.database.close()


@pytest.fixture
def service(one_service, issuer):
    with one_service.database.write() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
    return one_service


@pytest.fixture
def browser(service):
    return client(service)


def leave(browser, issuer, next_path="/work"):
    return issuer.asked_for_a_code(browser.get("/sign-in/oidc", params={"next": next_path}).headers["location"])


def come_back(browser, answer):
    return browser.get("/sign-in/oidc/back", params=answer)


def sign_in(browser, issuer):
    return come_back(browser, leave(browser, issuer))


def refused(answer):
    return answer.status_code == 401 and "set-cookie" not in answer.headers and "sign in again" in answer.text


def test_the_page_offers_it_where_there_is_an_issuer(browser, tmp_path_factory):
    assert "/sign-in/oidc?next=/" in browser.get("/sign-in").text
    assert "/sign-in/oidc" not in client(make_service(tmp_path_factory.mktemp("other"))).get("/sign-in").text


def test_who_is_in_a_group_comes_in_as_what_it_says_and_where_they_wanted_to_go(browser, issuer):
    answer = sign_in(browser, issuer)
    assert (answer.status_code, answer.headers["location"]) == (303, "/work")
    me = browser.get("/api/v1/me").json()
    assert me["role"] == "reviewer"
    assert "kim" not in me["pseudonym"]


def test_the_same_person_has_one_account_and_the_role_of_today(new_service, issuer):
    service = new_service(**settings(issuer))
    browser = client(service)
    sign_in(browser, issuer)
    pseudonym = browser.get("/api/v1/me").json()["pseudonym"]
    issuer.person |= {"preferred_username": "renamed", "groups": ["other", "weir-leads", "weir-reviewers"]}
    later = client(service)
    sign_in(later, issuer)
    assert later.get("/api/v1/me").json() | {"role": "lead", "pseudonym": pseudonym} == later.get("/api/v1/me").json()
    assert browser.get("/api/v1/me").status_code == 401, "sessions with the old role have ended"


def test_a_name_of_the_issuer_is_never_that_of_another_account(service, browser, issuer):
    from human_review.people import accounts

    accounts.create(service, None, name="admin", role="admin", oidc=accounts.Issued("x", "y"))
    issuer.person["preferred_username"] = "admin"
    sign_in(browser, issuer)
    assert browser.get("/api/v1/me").json()["role"] == "reviewer"
    with service.database.read() as connection:
        assert len(connection.execute(select(users)).all()) == 2


def test_control_characters_in_a_name_are_left_out(service, browser, issuer):
    issuer.person["preferred_username"] = "kim\r\n\u202eforged"
    sign_in(browser, issuer)
    with service.database.read() as connection:
        assert connection.execute(select(users.c.name)).scalar_one().startswith("kimforged (")


@pytest.mark.parametrize("groups", [[], ["other"], None, "weir", {"weir-leads": 1}, [["weir-leads"]]])
def test_who_is_in_no_group_has_no_access(service, browser, issuer, groups):
    issuer.person["groups"] = groups
    answer = sign_in(browser, issuer)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    with service.database.read() as connection:
        assert connection.execute(select(users)).all() == []


def test_who_lost_their_group_loses_their_sessions(service, browser, issuer):
    sign_in(browser, issuer)
    issuer.person["groups"] = []
    assert sign_in(client(service), issuer).status_code == 403
    assert browser.get("/api/v1/me").status_code == 401


def test_a_closed_account_stays_closed(service, browser, issuer):
    sign_in(browser, issuer)
    with service.database.write() as connection:
        connection.execute(update(users).values(active=False))
    assert sign_in(client(service), issuer).status_code == 403


@pytest.mark.parametrize(
    "claims",
    [{"nonce": "another"}, {"nonce": None}, {"aud": "somebody-else"}, {"aud": ["somebody-else"]}, {"aud": None},
     {"iss": "https://other.example"}, {"iss": None}, {"exp": int(time.time()) - 3600}, {"exp": None},
     {"sub": None}, {"sub": ""}, {"sub": 7}, {"iat": int(time.time()) + 3600}, {"azp": "somebody-else"},
     {"aud": [CLIENT, "somebody-else"], "azp": "somebody-else"}, {"at_hash": "wrong"}],
    ids=lambda claims: " ".join(claims),
)  # fmt: skip
def test_a_claim_that_does_not_hold_lets_nobody_in(service, browser, issuer, claims):
    issuer.claims = claims
    assert refused(sign_in(browser, issuer))
    with service.database.read() as connection:
        assert connection.execute(select(users)).all() == []


def test_a_signature_by_another_key_lets_nobody_in(browser, issuer):
    issuer.signing = RSAKey.generate_key(2048, {"kid": "one"})
    assert refused(sign_in(browser, issuer))
    issuer.signing = RSAKey.generate_key(2048, {"kid": "unknown"})
    assert refused(sign_in(browser, issuer))


def test_a_token_that_is_not_signed_by_the_issuer_s_kind_of_key_lets_nobody_in(browser, issuer):
    from joserfc.jwk import OctKey

    issuer.signing, issuer.header = OctKey.import_key(SECRET + "x" * 32), {"alg": "HS256", "kid": "one"}
    assert refused(sign_in(browser, issuer))


def test_a_new_key_of_the_issuer_is_fetched(browser, issuer):
    sign_in(browser, issuer)
    issuer.keys.append(RSAKey.generate_key(2048, {"kid": f"two-{len(issuer.keys)}"}))
    assert sign_in(browser, issuer).status_code == 303


def test_an_answer_counts_once(new_service, issuer):
    service = new_service(**settings(issuer))
    browser = client(service)
    answer = leave(browser, issuer)
    kept = dict(browser.cookies)
    assert come_back(browser, answer).status_code == 303
    again = client(service)
    again.cookies.update(kept)
    assert refused(come_back(again, answer))


def test_an_answer_to_another_browser_lets_nobody_in(service, browser, issuer):
    stranger = client(service)
    leave(stranger, issuer)
    assert refused(come_back(stranger, leave(browser, issuer)))


def test_an_answer_that_nobody_asked_for_lets_nobody_in(browser, issuer):
    for answer in ({}, {"state": "x", "code": "y"}, {"error": "access_denied", "state": "x"}):
        assert refused(come_back(browser, answer))


def test_an_answer_after_ten_minutes_lets_nobody_in(service, browser, issuer):
    answer = leave(browser, issuer)
    with service.database.write() as connection:
        connection.execute(update(oidc_flows).values(created_ms=oidc_flows.c.created_ms - 600_001))
    assert refused(come_back(browser, answer))


def test_a_code_that_the_issuer_refuses_lets_nobody_in(browser, issuer):
    answer = leave(browser, issuer)
    assert refused(come_back(browser, answer | {"code": "another"}))


def test_an_answer_that_names_another_issuer_lets_nobody_in(browser, issuer):
    assert refused(come_back(browser, leave(browser, issuer) | {"iss": "https://other.example"}))


@pytest.mark.parametrize(
    ("described", "instead", "problem"),
    [({"issuer": "https://other.example"}, None, "it calls itself 'https://other.example'"),
     ({"issuer": {"canary": "\n"}}, None, "it does not say what it calls itself"),
     ({"authorization_endpoint": None}, None, "it does not say its authorization_endpoint"),
     ({"token_endpoint": "javascript:canary"}, None, "it does not say its token_endpoint"),
     ({"jwks_uri": 7}, None, "it does not say its jwks_uri"),
     ({}, (404, "canary"), "it answered 404"), ({}, (401, "canary"), "it answered 401"),
     ({}, (200, "canary"), "it answered no JSON object"), ({}, (200, '["canary"]'), "it answered no JSON object")],
)  # fmt: skip
def test_an_issuer_that_does_not_describe_itself_as_it_must_is_not_used(
    browser, issuer, caplog, described, instead, problem
):
    issuer.described = described
    issuer.instead = {"description": Response(instead[1], instead[0])} if instead else {}
    answer = browser.get("/sign-in/oidc")
    assert (answer.status_code, "set-cookie" in answer.headers) == (502, False)
    assert "WEIR_REVIEW_OIDC_ISSUER" in answer.text
    assert "name and password" in answer.text
    assert "canary" not in answer.text
    assert "other.example" not in answer.text
    [record] = [each for each in caplog.records if each.name == "human_review.people"]
    assert record.facts == {"problem": problem}
    assert "canary" not in caplog.text
    assert SECRET not in caplog.text
    issuer.described, issuer.instead = {}, {}
    assert browser.get("/sign-in/oidc").status_code == 303, "once it is mended, it works at once"


def test_an_address_of_the_issuer_that_cannot_be_read_is_its_fault(browser, issuer):
    issuer.described = {"jwks_uri": "http://localhost:canary/"}
    assert come_back(browser, leave(browser, issuer)).status_code == 502


@pytest.mark.parametrize(("instead", "status"), [((404, "no"), 502), ((200, "[]"), 502), ((500, "no"), 503)])
def test_keys_that_the_issuer_does_not_give_are_its_fault(browser, issuer, instead, status):
    issuer.instead = {"keys": Response(instead[1], instead[0])}
    answer = come_back(browser, leave(browser, issuer))
    assert (answer.status_code, "set-cookie" in answer.headers) == (status, False)


def test_an_issuer_that_fails_is_said_to(browser, issuer):
    issuer.instead = {"description": Response("canary", 500)}
    answer = browser.get("/sign-in/oidc")
    assert answer.status_code == 503
    assert "try again in a moment" in answer.text
    assert "canary" not in answer.text


def test_an_issuer_that_does_not_answer_is_said_to(tmp_path):
    [port] = free_ports(1)
    service = make_service(tmp_path, review_oidc_issuer=f"http://127.0.0.1:{port}", review_oidc_client_id=CLIENT)
    answer = client(service, create_app(service)).get("/sign-in/oidc")
    assert answer.status_code == 503
    assert "try again in a moment" in answer.text
    service.database.close()


def test_an_issuer_without_our_name_there_stops_the_start(tmp_path):
    service = make_service(tmp_path, review_oidc_issuer="https://issuer.example")
    with pytest.raises(ConfigError, match="WEIR_REVIEW_OIDC_CLIENT_ID"):
        create_app(service)
    service.database.close()


def test_a_planted_session_is_not_the_one_that_is_signed_in(service, browser, issuer):
    browser.cookies.set("weir", "planted")
    sign_in(browser, issuer)
    planted = client(service)
    planted.cookies.set("weir", "planted")
    assert planted.get("/api/v1/me").status_code == 401


def test_the_audit_log_has_the_sign_in_and_not_the_name(service, browser, issuer):
    sign_in(browser, issuer)
    with service.database.read() as connection:
        rows = connection.execute(select(audit).order_by(audit.c.seq)).all()
    assert [row.act for row in rows] == ["account-made", "signed-in"]
    assert "kim" not in str(rows)


def test_the_session_of_before_ends(service, browser, issuer):
    sign_in(browser, issuer)
    before = client(service)
    before.cookies.set("weir", browser.cookies["weir"])
    assert before.get("/api/v1/me").status_code == 200
    sign_in(browser, issuer)
    assert before.get("/api/v1/me").status_code == 401


def test_no_other_site_begins_a_sign_in(browser):
    answer = browser.get("/sign-in/oidc", headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
