from collections.abc import Callable

import pytest

from human_review.errors import NotFound, NotSignedIn
from human_review.people import accounts, links, sessions
from human_review.service import Service


def _secret(path: str) -> str:
    return path.partition("#")[2]


@pytest.fixture
def kim(service: Service) -> Service:
    accounts.create(service, None, name="kim", role="reviewer", password="four words in a row")
    return service


def test_a_link_signs_its_person_in_once(kim: Service) -> None:
    secret = _secret(links.make(kim, "Kim", minutes=5))
    session = sessions.find(kim, links.use(kim, secret))
    assert session is not None
    assert session.actor.role == "reviewer"
    with pytest.raises(NotSignedIn, match="used before"):
        links.use(kim, secret)


def test_a_link_whose_time_is_over_signs_nobody_in(kim: Service) -> None:
    with pytest.raises(NotSignedIn):
        links.use(kim, _secret(links.make(kim, "kim", minutes=0)))


def test_a_link_of_a_closed_account_signs_nobody_in(kim: Service) -> None:
    admin = accounts.create(kim, None, name="ada", role="admin", password="four words in a row").actor
    secret = _secret(links.make(kim, "kim", minutes=5))
    [account] = [each for each in accounts.listing(kim, admin) if each.name == "kim"]
    accounts.change(kim, admin, account.actor.user_id, active=False)
    with pytest.raises(NotSignedIn):
        links.use(kim, secret)


def test_the_session_that_was_there_before_ends(kim: Service) -> None:
    first = links.use(kim, _secret(links.make(kim, "kim", minutes=5)))
    before = sessions.find(kim, first)
    assert before is not None
    links.use(kim, _secret(links.make(kim, "kim", minutes=5)), before.digest)
    assert sessions.find(kim, first) is None


def test_nobody_gets_a_link_for_somebody_who_is_not_there(new_service: Callable[..., Service]) -> None:
    with pytest.raises(NotFound, match="add-user"):
        links.make(new_service(), "nobody", minutes=5)


@pytest.mark.parametrize("end", ["reset", "revoke", "close"])
def test_open_links_end_with_whatever_ends_sessions(kim: Service, end: str) -> None:
    admin = accounts.create(kim, None, name="ada", role="admin", password="four words in a row").actor
    user_id = accounts.find_by_name(kim, "kim")
    secret = _secret(links.make(kim, "kim", minutes=5))
    if end == "reset":
        accounts.reset_password(kim, admin, user_id)
    elif end == "revoke":
        accounts.revoke_sessions(kim, admin, user_id)
    else:
        accounts.change(kim, admin, user_id, active=False)
        accounts.change(kim, admin, user_id, active=True)
    with pytest.raises(NotSignedIn):
        links.use(kim, secret)
