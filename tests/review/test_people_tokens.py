import pytest
from sqlalchemy import select

from human_review.database.tables import api_tokens
from human_review.errors import Invalid, NotFound
from human_review.people import accounts, tokens
from human_review.testing_web import client, signed_in


def test_a_token_is_shown_once_and_kept_as_a_hash(service):
    admin = signed_in(service, "admin")
    account = admin.post("/api/v1/people", json={"name": "platform", "role": "service"}).json()["account"]
    address = f"/api/v1/people/{account['user_id']}/tokens"
    token = admin.post(address, json={"name": "appeals"}).json()["token"]
    assert token.startswith("weir_")
    assert len(token) == 48
    listed = admin.get(address).json()
    assert [each["name"] for each in listed] == ["appeals"]
    assert token not in str(listed)
    with service.database.read() as connection:
        assert token.removeprefix("weir_") not in str(connection.execute(select(api_tokens)).all())


def test_a_token_is_worth_nothing_once_it_is_ended(service):
    admin, platform = signed_in(service, "admin"), signed_in(service, "service")
    address = f"/api/v1/people/{platform.actor.user_id}/tokens"
    [token] = admin.get(address).json()
    assert platform.get("/api/v1/me").status_code == 403, "known, and not for service accounts"
    assert admin.delete(f"{address}/{token['token_id']}").status_code == 204
    assert platform.get("/api/v1/me").status_code == 401
    assert admin.delete(f"{address}/{token['token_id']}").status_code == 404
    assert admin.get(address).json()[0]["revoked_at"] is not None


def test_what_is_no_token_is_nobody_also_with_a_session(service):
    browser = signed_in(service, "admin")
    for header in ["Bearer ", "Bearer x", "Basic a2ltOng=", "weir_x", "Bearer weir_" + "x" * 43, "bearer"]:
        answer = browser.get("/api/v1/people", headers={"authorization": header})
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer"), header


def test_people_have_no_tokens(service):
    person = signed_in(service, "lead").actor
    with pytest.raises(Invalid):
        tokens.make(service, None, person.user_id, "x")
    with pytest.raises(NotFound):
        tokens.make(service, None, "0" * 32, "x")


def test_a_token_is_named_in_full(service):
    admin = accounts.create(service, None, name="boss", role="admin", oidc=accounts.Issued("i", "s")).actor
    platform = accounts.create(service, None, name="api", role="service").actor
    tokens.make(service, None, platform.user_id, "x")
    for token_id in ("", "%", "0", "_" * 16):
        with pytest.raises(NotFound):
            tokens.revoke(service, admin, platform.user_id, token_id)
    assert tokens.listing(service, admin, platform.user_id)[0].revoked_ms is None


def test_a_token_needs_no_token_against_forged_requests(service):
    platform = signed_in(service, "service")
    stranger = client(service)
    stranger.headers["authorization"] = platform.headers["authorization"]
    answer = stranger.put("/api/v1/me/locale", json={"locale": "pt"})
    assert answer.json()["code"] == "forbidden"
    assert "role service" in answer.json()["message"], "refused for the role, not for a missing token"
