from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from human_review.audit.log import START, Entry, append
from human_review.database.tables import audit, audit_head
from human_review.permissions import Actor
from human_review.service import Service

ACTOR = Actor(user_id="u-1", pseudonym="p-1", role="reviewer")


def entries(service: Service) -> list[Entry]:
    with service.database.read() as connection:
        return [Entry(*row) for row in connection.execute(select(audit).order_by(audit.c.seq))]


def test_entries_are_numbered_from_one_and_chained(service: Service) -> None:
    with service.database.write() as connection:
        assert append(connection, ACTOR, "label", "item-1", verdict="remove", seconds=2.5) == 1
        assert append(connection, None, "erase", "item-1") == 2
    first, second = entries(service)
    assert (first.previous, second.previous) == (START, first.hash)
    assert (first.hash, second.hash) == (first.hashed(), second.hashed())
    assert (first.actor, second.actor) == ("p-1", "system")
    assert first.facts == '{"seconds":2.5,"verdict":"remove"}'


def test_an_entry_of_a_transaction_that_fails_is_not_written_and_leaves_no_gap(service: Service) -> None:
    def fail() -> None:
        with service.database.write() as connection:
            append(connection, ACTOR, "label", "item-1")
            raise RuntimeError("changed my mind")

    with pytest.raises(RuntimeError, match="changed"):
        fail()
    with service.database.write() as connection:
        assert append(connection, ACTOR, "label", "item-2") == 1
    assert [entry.subject for entry in entries(service)] == ["item-2"]


def test_people_who_append_at_once_share_one_chain(service: Service) -> None:
    def one(number: int) -> None:
        with service.database.write() as connection:
            append(connection, ACTOR, "label", f"item-{number}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(40)))
    found = entries(service)
    assert [entry.seq for entry in found] == list(range(1, 41))
    assert all(entry.hash == entry.hashed() for entry in found)
    assert [entry.previous for entry in found] == [START, *(entry.hash for entry in found[:-1])]
    with service.database.read() as connection:
        head = connection.execute(select(audit_head)).one()
    assert (head.seq, head.hash) == (40, found[-1].hash)


def test_a_fact_that_is_not_a_number_is_refused(service: Service) -> None:
    with service.database.write() as connection, pytest.raises(ValueError, match="JSON compliant"):
        append(connection, ACTOR, "label", "item-1", weight=float("nan"))
