"""Limits of signing in count what failed, and lock nobody out by what others do."""

from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from human_review.database.tables import attempts
from human_review.errors import NotSignedIn, TooMany
from human_review.people import accounts, links, sessions
from human_review.people.sign_in import sign_in
from human_review.service import Service
from human_review.testing_web import client
from human_review.web.site import site_of

PASSWORD = "four words in a row"


@pytest.fixture
def kim(new_service: Callable[..., Service]) -> Service:
    service = new_service()
    accounts.create(service, None, name="kim", role="reviewer", password=PASSWORD)
    return service


def counted(service: Service) -> int:
    with service.database.read() as connection:
        return connection.execute(select(func.count()).select_from(attempts)).scalar_one()


def guess(service: Service, address: str) -> None:
    with pytest.raises(NotSignedIn):
        sign_in(service, name="kim", password="wrong words in a row", address=address)


def test_a_link_that_worked_is_not_counted_and_one_that_did_not_is(kim: Service) -> None:
    browser = client(kim)
    origin = {"Origin": site_of(kim.settings).url}
    secret = links.make(kim, "kim", minutes=5).partition("#")[2]
    assert browser.post(links.PATH, data={"secret": secret}, headers=origin).status_code == 303
    assert counted(kim) == 0
    assert browser.post(links.PATH, data={"secret": secret}, headers=origin).status_code == 401
    assert counted(kim) == 1


def test_guesses_from_one_address_lock_nobody_out_elsewhere(kim: Service) -> None:
    for _ in range(kim.config.sign_in.attempts):
        guess(kim, "192.0.2.1")
    with pytest.raises(TooMany):
        sign_in(kim, name="kim", password=PASSWORD, address="192.0.2.1")
    assert sessions.find(kim, sign_in(kim, name="kim", password=PASSWORD, address="192.0.2.2")) is not None


def test_beyond_the_limit_nothing_is_written(kim: Service) -> None:
    for _ in range(kim.config.sign_in.attempts):
        guess(kim, "192.0.2.1")
    before = counted(kim)
    for _ in range(3):
        with pytest.raises(TooMany):
            sign_in(kim, name="kim", password=PASSWORD, address="192.0.2.1")
    assert counted(kim) == before
