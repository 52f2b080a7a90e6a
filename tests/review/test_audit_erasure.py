"""What was learned from an item goes when the item does: the labels that went out are followed by an Erasure."""

from sqlalchemy import select

from human_review.database.tables import outbox
from human_review.desk.closing import erase
from human_review.desk.intake import add_task
from human_review.service import Service
from human_review.testing import make_review_task
from stream_app.contracts.codec import decode
from stream_app.contracts.review import Erasure
from stream_app.contracts.topics import REVIEW_LABELS


def erasures(service: Service) -> list[Erasure]:
    with service.database.read() as connection:
        rows = connection.execute(select(outbox).where(outbox.c.schema == "Erasure.v1")).all()
    assert all((row.topic, row.item_id, row.not_before_ms) == (REVIEW_LABELS.name, None, 0) for row in rows)
    found = [decode(row.value, Erasure) for row in rows]
    assert [row.key for row in rows] == [each.item_id for each in found]
    return found


def test_an_item_that_people_were_asked_about_is_followed_by_one_erasure(service: Service) -> None:
    with service.database.write() as connection:
        add_task(connection, service, make_review_task(1))
    for _ in range(2):
        with service.database.write() as connection:
            erase(connection, service, "item-1")
    assert [each.item_id for each in erasures(service)] == ["item-1"]


def test_an_item_that_nobody_was_asked_about_is_not(service: Service) -> None:
    with service.database.write() as connection:
        erase(connection, service, "item-2")
    assert erasures(service) == []
