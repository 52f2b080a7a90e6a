"""What each topic causes in the database."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from sqlalchemy import Table, select

from human_review.database.tables import appeals, audit, items, reports, statements, tasks, unread
from human_review.service import Service
from human_review.stream.intake import Arrived, take_in
from human_review.stream.readers import readers
from human_review.testing import make_review_task
from stream_app.adapters.trip import Trip
from stream_app.contracts.codec import encode
from stream_app.contracts.decision import EnforcementAction, StatementOfReasons
from stream_app.contracts.metrics import REVIEW_READ
from stream_app.contracts.origin import Origin
from stream_app.contracts.review import Appeal, UserReport
from stream_app.contracts.topics import TOPICS

TASK = make_review_task(1)
NOW = datetime.now(UTC)


def take(service: Service, *messages: tuple[str, msgspec.Struct | bytes | None]) -> threading.Event:
    """Take in one message after the other; tells whether something was erased."""
    erased = threading.Event()
    for offset, (topic, message) in enumerate(messages):
        value = encode(message) if isinstance(message, msgspec.Struct) else message
        take_in(service, readers(erased), [Arrived(topic, 0, offset, b"item-1", value)], Trip())
    return erased


def rows(service: Service, table: Table) -> list[Any]:
    with service.database.read() as connection:
        return list(connection.execute(select(table)).all())


def test_every_topic_that_is_read_is_a_declared_one() -> None:
    assert readers(threading.Event()).keys() < {topic.name for topic in TOPICS}


def test_a_task_is_opened_once(service: Service) -> None:
    take(service, ("review-queue", TASK), ("review-queue", TASK))
    [task] = rows(service, tasks)
    assert (task.task_id, task.state) == (TASK.task_id, "open")


def test_a_task_that_cannot_be_read_is_noted_by_the_path_of_its_field(service: Service) -> None:
    broken = encode(TASK).replace(b'"why":"unsure"', b'"why":"canary"')
    take(service, ("review-queue", broken))
    [problem] = rows(service, unread)
    assert (problem.topic, problem.position, problem.problem) == ("review-queue", 0, "schema `$.why`")


@pytest.mark.parametrize(
    "deletion",
    [None, b'{"item_id":"item-1","deleted":true}', b'{"item_id":"item-1", "\\u0064eleted": true, "text": ""}'],
)
def test_a_deletion_erases_the_item(service: Service, deletion: bytes | None) -> None:
    erased = take(service, ("review-queue", TASK), ("content", deletion))
    [task] = rows(service, tasks)
    assert (task.state, task.closed_why, task.sealed) == ("closed", "deleted", None)
    assert erased.is_set()


def test_a_task_of_an_erased_item_is_not_opened(service: Service) -> None:
    take(service, ("content", None), ("review-queue", TASK))
    assert rows(service, tasks) == []


def test_a_null_value_means_nothing_where_keys_are_no_items(new_service: Callable[..., Service]) -> None:
    service = new_service(content_keyed_by_item=False)
    take(service, ("review-queue", TASK), ("content", None))
    assert rows(service, tasks)[0].state == "open"


@pytest.mark.parametrize(
    "content",
    [
        b'{"item_id":"item-1","text":"deleted"}',
        b'{"item_id":"item-1","text":"x","deleted":false}',
        b'{"item_id":"item-1","deleted":true',
        b'{"deleted":true}',
        b'{"item_id":7,"deleted":true}',
        b'{"item_id":"' + b"x" * 300 + b'","deleted":true}',
        b"\xff deleted",
    ],
)
def test_other_content_is_passed_over(service: Service, content: bytes) -> None:
    erased = take(service, ("review-queue", TASK), ("content", content))
    assert rows(service, tasks)[0].state == "open"
    assert rows(service, unread) == []
    assert not erased.is_set()


def test_a_later_decision_closes_the_task_and_is_noted_as_the_one_in_force(service: Service) -> None:
    later = msgspec.structs.replace(
        TASK.decision, decision_id="later", verdict="allow", origin=Origin(topic="c", partition=1, offset=99)
    )
    first = msgspec.structs.replace(TASK, origin=Origin(topic="c", partition=1, offset=1))
    take(service, ("review-queue", first), ("decisions", later))
    assert rows(service, tasks)[0].closed_why == "superseded"
    assert rows(service, items)[0].decision_id == "later"


def test_a_deleted_decision_changes_nothing(service: Service) -> None:
    take(service, ("review-queue", TASK), ("decisions", None))
    assert rows(service, tasks)[0].state == "open"


def test_an_action_leaves_its_statement(service: Service) -> None:
    statement = StatementOfReasons(
        restriction="removed",
        ground="policy",
        facts="",
        automated_detection=True,
        automated_decision=True,
        redress="",
    )
    action = EnforcementAction(
        action_id="action", decision_id=TASK.decision.decision_id, item_id="item-1", kind="remove", reason="",
        statement=statement,
    )  # fmt: skip
    take(service, ("enforcement", action), ("enforcement", action))
    assert [row.action_id for row in rows(service, statements)] == ["action"]


def test_an_appeal_is_taken_in_once(service: Service) -> None:
    appeal = Appeal(
        appeal_id="appeal", decision_id=TASK.decision.decision_id, item=TASK.item, origin=TASK.origin,
        statement="no", appealed_at=NOW,
    )  # fmt: skip
    take(service, ("appeals", appeal), ("appeals", appeal))
    assert [row.appeal_id for row in rows(service, appeals)] == ["appeal"]


def test_a_report_is_taken_in_once(service: Service) -> None:
    report = UserReport(report_id="report", item_id="item-1", reason="spam", reporter_id="somebody", reported_at=NOW)
    take(service, ("review-queue", TASK), ("reports", report), ("reports", report))
    assert [row.report_id for row in rows(service, reports)] == ["report"]


def test_a_report_with_the_id_of_another_is_noted_and_the_next_is_taken_in(service: Service) -> None:
    first = UserReport(report_id="1", item_id="item-1", reason="spam", reporter_id="canary-a", reported_at=NOW)
    other = msgspec.structs.replace(first, item_id="canary-item", reporter_id="canary-b")
    third = msgspec.structs.replace(other, report_id="3")
    take(service, ("reports", first), ("reports", other), ("reports", third))
    assert [(row.report_id, row.item_id) for row in rows(service, reports)] == [
        ("1", "item-1"), ("3", "canary-item"),
    ]  # fmt: skip
    [problem] = rows(service, unread)
    assert (problem.topic, problem.position) == ("reports", 1)
    assert "report_id" in problem.problem
    assert "canary" not in problem.problem


def test_an_erasure_is_in_the_audit_log_where_something_was_erased(service: Service) -> None:
    take(service, ("content", None))
    assert rows(service, audit) == []


def test_the_audit_log_says_how_much_was_erased(service: Service) -> None:
    take(service, ("review-queue", TASK), ("content", None), ("content", None))
    assert [(row.act, row.subject, row.facts) for row in rows(service, audit)] == [
        ("erase", "item-1", '{"messages":0,"tasks":1}')
    ]


def test_a_checkpoint_is_asked_for_once_the_erasure_is_committed(service: Service) -> None:
    erased = threading.Event()

    class Crash(Trip):
        def __call__(self, point: str) -> None:
            if point == "in-intake":
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        take_in(service, readers(erased), [Arrived("content", 0, 0, b"item-1", None)], Crash())
    assert not erased.is_set()


def test_a_task_of_an_erased_item_is_counted_as_refused(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    take(service, ("content", None), ("review-queue", TASK))
    assert service.telemetry.value(REVIEW_READ, "review-queue", "refused") == 1
    assert "item-1" in {getattr(record, "facts", {}).get("item_id") for record in caplog.records}
