from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from sqlalchemy import Row, select, update

from human_review.audit import heads
from human_review.audit.log import append
from human_review.audit.reading import verify_database
from human_review.database.tables import audit_head, outbox
from human_review.service import Service
from stream_app.contracts.codec import decode
from stream_app.contracts.review import AuditHead


def fill(service: Service, number: int) -> None:
    with service.database.write() as connection:
        for turn in range(number):
            append(connection, None, "label", f"item-{turn}")


def waiting(service: Service) -> list[Row[Any]]:
    with service.database.read() as connection:
        return list(connection.execute(select(outbox).order_by(outbox.c.seq)).all())


def let_a_minute_pass(service: Service) -> None:
    with service.database.write() as connection:
        connection.execute(update(audit_head).values(announced_ms=audit_head.c.announced_ms - heads.EVERY_MS))


def test_an_empty_log_has_no_head(service: Service) -> None:
    assert not heads.announce(service)
    assert waiting(service) == []


def test_a_head_goes_out_a_minute_after_the_one_before_if_there_is_anything_new(service: Service) -> None:
    fill(service, 2)
    assert heads.announce(service)  # the first is due at once
    fill(service, 1)
    assert not heads.announce(service)
    let_a_minute_pass(service)
    assert heads.announce(service)
    let_a_minute_pass(service)
    assert not heads.announce(service)
    rows = waiting(service)
    assert [(row.topic, row.key, row.schema) for row in rows] == [
        ("audit-heads", key, "AuditHead.v1") for key in ("review", "review:2", "review", "review:3")
    ]  # fmt: skip
    published = [decode(row.value, AuditHead) for row in rows if row.key != "review"]
    assert [(head.chain, head.seq, head.entries) for head in published] == [("review", 2, 2), ("review", 3, 1)]
    report = verify_database(service.database, published)
    assert (report.verified, report.anchored, report.bad) == (3, 3, None)
    wrong = msgspec.structs.replace(published[0], hash="0" * 64)
    bad = verify_database(service.database, [wrong, published[1]]).bad
    assert bad is not None
    assert (bad.since, bad.seq) == (1, 2)


def test_a_head_goes_out_after_so_many_entries(
    new_service: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heads, "EVERY_ENTRIES", 5)
    service = new_service()
    fill(service, 1)
    assert heads.announce(service)
    fill(service, 4)
    assert not heads.announce(service)
    fill(service, 1)
    assert heads.announce(service)
    assert [row.key for row in waiting(service)] == ["review", "review:1", "review", "review:6"]
