from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from human_review.database.tables import audit, users
from human_review.errors import Conflict, Forbidden, Invalid, NotFound
from human_review.people import accounts, sessions, tokens
from human_review.people.accounts import Issued


def made(service, name, role="reviewer", **over):
    over = {"oidc": None if role == "service" else Issued("test", name)} | over
    return accounts.create(service, None, name=name, role=role, **over).actor


def test_names_that_look_the_same_are_one_name(service):
    made(service, "Kim")
    for same in ("kim", "KIM", " kim ", "ｋｉｍ"):
        with pytest.raises(Conflict):
            made(service, same)


def test_a_name_that_could_forge_a_list_or_a_log_is_refused(service):
    for name in ["", " ", "a\r\nb", "a\x1b[31m", "a\u202eb", "a\u200bb", "x" * 201, "a\x00b", "a\u2066b"]:
        with pytest.raises(Invalid):
            made(service, name)


def test_pseudonyms_say_nothing_about_the_person(service):
    people = [made(service, f"person {number}") for number in range(20)]
    assert len({person.pseudonym for person in people}) == 20
    assert not any("person" in person.pseudonym or person.user_id in person.pseudonym for person in people)


def test_an_account_without_a_password_gets_one_for_one_use(service):
    new = accounts.create(service, None, name="kim", role="reviewer")
    assert new.one_time_password is not None
    assert len(new.one_time_password) >= 20
    with service.database.read() as connection:
        row = connection.execute(select(users)).one()
    assert row.must_change_password
    assert new.one_time_password not in str(row)


def test_service_accounts_have_no_password(service):
    assert accounts.create(service, None, name="platform", role="service").one_time_password is None
    with service.database.read() as connection:
        assert connection.execute(select(users.c.password_hash)).scalar_one() is None


def test_rights_that_are_no_names_are_refused(service):
    for rights in [
        {"queues": ["a b"]},
        {"queues": ["x" * 101]},
        {"languages": ["english!"]},
        {"languages": ["a"]},
        {"queues": [""]},
        {"queues": ["q"] * 201},
    ]:
        with pytest.raises(Invalid):
            made(service, "kim", **rights)


def test_only_admins_manage_people(service):
    person = made(service, "kim")
    for role in ("reviewer", "lead", "auditor", "service"):
        by = made(service, f"a {role}", role)
        for act in (
            lambda by=by: accounts.listing(service, by),
            lambda by=by: accounts.get(service, by, person.user_id),
            lambda by=by: accounts.create(service, by, name="new", role="admin"),
            lambda by=by: accounts.change(service, by, person.user_id, role="admin"),
            lambda by=by: accounts.reset_password(service, by, person.user_id),
            lambda by=by: accounts.revoke_sessions(service, by, person.user_id),
            lambda by=by: tokens.make(service, by, person.user_id, "x"),
            lambda by=by: tokens.listing(service, by, person.user_id),
            lambda by=by: tokens.revoke(service, by, person.user_id, "0" * 16),
        ):
            with pytest.raises(Forbidden):
                act()


def test_a_change_holds_at_once_and_ends_sessions_where_the_role_changes(service):
    admin, person = made(service, "boss", "admin"), made(service, "kim")
    token = begin(service, person)
    accounts.change(service, admin, person.user_id, queues=["general"], languages=["pt"])
    assert sessions.find(service, token).actor.queues == {"general"}
    assert sessions.find(service, token).actor.languages == {"pt"}
    accounts.change(service, admin, person.user_id, role="lead")
    assert sessions.find(service, token) is None
    assert accounts.get(service, admin, person.user_id).actor.role == "lead"


def test_a_closed_account_has_no_sessions_and_no_tokens_also_once_it_is_open_again(service):
    admin, person, platform = made(service, "boss", "admin"), made(service, "kim"), made(service, "api", "service")
    session, token = begin(service, person), tokens.make(service, admin, platform.user_id, "x")
    for each in (person, platform):
        accounts.change(service, admin, each.user_id, active=False)
        assert sessions.find(service, session) is None or each is not person
    for each in (person, platform):
        accounts.change(service, admin, each.user_id, active=True)
    assert sessions.find(service, session) is None
    assert tokens.find(service, token) is None


def test_the_last_admin_stays(service):
    admin = made(service, "boss", "admin")
    for change in ({"active": False}, {"role": "lead"}):
        with pytest.raises(Conflict):
            accounts.change(service, admin, admin.user_id, **change)
    assert accounts.get(service, admin, admin.user_id).active
    assert accounts.get(service, admin, admin.user_id).actor.role == "admin"


def test_two_admins_cannot_close_each_other_at_once(service):
    one, two = made(service, "one", "admin"), made(service, "two", "admin")

    def close(pair):
        try:
            accounts.change(service, pair[0], pair[1].user_id, active=False)
        except Conflict:
            return False
        return True

    for _ in range(12):  # a deadlock of the two came in every fourth
        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(close, [(one, two), (two, one)])) == [False, True]
        for each in (one, two):
            accounts.change(service, each, each.user_id, active=True)


def test_people_do_not_become_services(service):
    admin, person, platform = made(service, "boss", "admin"), made(service, "kim"), made(service, "api", "service")
    with pytest.raises(Invalid):
        accounts.change(service, admin, person.user_id, role="service")
    with pytest.raises(Invalid):
        accounts.change(service, admin, platform.user_id, role="lead")


def test_an_unknown_account_is_not_found(service):
    admin = made(service, "boss", "admin")
    for act in (accounts.get, accounts.reset_password, accounts.revoke_sessions):
        with pytest.raises(NotFound):
            act(service, admin, "0" * 32)


def test_search_is_plain_text(service):
    admin = made(service, "boss", "admin")
    made(service, "100% kim_")
    found = {
        search: [each.name for each in accounts.listing(service, admin, search=search)]
        for search in ("%", "_", "K", "' OR 1=1 --", "*)(uid=*", "../", "{{7*7}}")
    }
    assert found == {"%": ["100% kim_"], "_": ["100% kim_"], "K": ["100% kim_"], "' OR 1=1 --": [], "*)(uid=*": [],
                     "../": [], "{{7*7}}": []}  # fmt: skip


def test_the_audit_log_has_every_change_and_no_names(service):
    admin = made(service, "boss", "admin")
    person = made(service, "canary kim", oidc=None)
    accounts.change(service, admin, person.user_id, role="lead", queues=["general"])
    accounts.reset_password(service, admin, person.user_id)
    accounts.revoke_sessions(service, admin, person.user_id)
    with service.database.read() as connection:
        rows = connection.execute(select(audit).order_by(audit.c.seq)).all()
    assert [row.act for row in rows] == [
        "account-made", "account-made", "account-changed", "password-reset", "sessions-revoked",
    ]  # fmt: skip
    assert rows[2].actor == admin.pseudonym
    assert rows[2].subject == person.user_id
    assert "canary" not in str(rows)


def test_the_first_start_makes_one_admin_once(service):
    password = accounts.first_admin(service)
    assert password is not None
    assert accounts.first_admin(service) is None


def begin(service, actor):
    with service.database.write() as connection:
        return sessions.begin(connection, service, actor.user_id)
