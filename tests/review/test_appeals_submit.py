from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import func, select

from human_review.appeals import appeals, statements
from human_review.appeals.opening import task_id_of
from human_review.database.tables import acted_on, items, seats, tasks
from human_review.database.tables import appeals as rows
from human_review.desk.intake import add_task, erase
from human_review.errors import Conflict, Invalid
from human_review.service import Service
from human_review.testing import make_review_task
from stream_app.contracts.codec import decode
from stream_app.contracts.decision import Decision
from stream_app.contracts.review import Appeal, ReviewTask

STATEMENT = "it was a quotation, kanarienvogel"


def make_decision(number: int = 1, **over: Any) -> Decision:
    decision = make_review_task(number).decision
    return msgspec.structs.replace(decision, verdict="remove", **over)


def make_appeal(number: int = 1, **over: Any) -> Appeal:
    task = make_review_task(number)
    values: dict[str, Any] = {
        "appeal_id": f"appeal-{number}", "decision_id": task.decision.decision_id, "item": task.item,
        "origin": task.origin, "statement": STATEMENT, "appealed_at": datetime.now(UTC),
        "decision": make_decision(number),
    }  # fmt: skip
    return Appeal(**(values | over))


def submit(service: Service, appeal: Appeal) -> bool:
    with service.database.write() as connection:
        return appeals.submit(connection, service, appeal)


def state_of(service: Service, appeal_id: str = "appeal-1") -> str:
    with service.database.read() as connection:
        return connection.execute(select(rows.c.state).where(rows.c.appeal_id == appeal_id)).scalar_one()


def test_an_appeal_opens_one_task_in_the_queue_of_appeals_with_its_own_deadline(service: Service) -> None:
    appeal = make_appeal()
    assert submit(service, appeal)
    with service.database.read() as connection:
        task = connection.execute(select(tasks)).one()
        assert connection.execute(select(func.count()).select_from(seats)).scalar_one() == 1
        sealed = decode(service.sealer.open(connection, task.item_id, task.sealed), ReviewTask)
    assert (task.kind, task.why, task.queue, task.state) == ("appeal", "appeal", "appeals", "open")
    due = appeal.appealed_at + timedelta(hours=service.config.appeals.due_hours)
    assert abs(task.due_ms / 1000 - due.timestamp()) < 1
    assert sealed.decision == appeal.decision


def test_the_same_appeal_twice_is_one(service: Service) -> None:
    assert [submit(service, make_appeal()) for _ in range(3)] == [True, False, False]
    with service.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(tasks)).scalar_one() == 1


def test_an_appeal_id_belongs_to_one_decision_and_a_decision_to_one_appeal(service: Service) -> None:
    submit(service, make_appeal())
    with pytest.raises(Conflict, match="appeal_id"):
        submit(service, make_appeal(2, appeal_id="appeal-1"))
    with pytest.raises(Conflict, match="once"):
        submit(service, make_appeal(appeal_id="another"))


@pytest.mark.parametrize(
    ("over", "message"),
    [
        ({"decision": make_decision(decided_at=datetime.now(UTC) - timedelta(days=184))}, "183 days"),
        ({"decision": msgspec.structs.replace(make_decision(), verdict="allow")}, "restricts nothing"),
        ({"decision": msgspec.structs.replace(make_decision(), for_the_record=True)}, "restricts nothing"),
        ({"decision": make_decision(2)}, "decision_id"),
        ({"appealed_at": datetime.now()}, "zone"),  # noqa: DTZ005 - the point of the case
        ({"appealed_at": datetime.now(UTC) + timedelta(days=3)}, "past"),
        ({"appeal_id": "x" * 65}, "appeal_id"),
        ({"appeal_id": "nul\x00"}, "appeal_id"),
        ({"appeal_id": ""}, "appeal_id"),
        ({"statement": "x" * 10_001}, "10000"),
    ],
)
def test_what_cannot_be_appealed_is_refused_with_the_reason(
    service: Service, over: dict[str, Any], message: str
) -> None:
    with pytest.raises(Invalid, match=message):
        submit(service, make_appeal(**over))
    with service.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(tasks)).scalar_one() == 0


def test_an_appeal_on_the_last_day_of_the_window_is_taken(service: Service) -> None:
    decision = make_decision(decided_at=datetime.now(UTC) - timedelta(days=182, hours=23))
    assert submit(service, make_appeal(decision=decision))


def test_an_appeal_about_a_deleted_item_is_refused(service: Service) -> None:
    with service.database.write() as connection:
        erase(connection, service, "item-1")
    with pytest.raises(Invalid, match="deleted"):
        submit(service, make_appeal())


def test_without_its_decision_an_appeal_waits_and_opens_once_the_decision_is_read(service: Service) -> None:
    assert submit(service, make_appeal(decision=None))
    assert state_of(service) == "waiting"
    with service.database.write() as connection:
        statements.decided(connection, service, make_decision())
    assert state_of(service) == "open"
    with service.database.read() as connection:
        assert connection.execute(select(tasks.c.task_id)).scalar_one() == task_id_of("appeal-1")


def test_a_waiting_appeal_whose_decision_turns_out_too_old_is_refused(service: Service) -> None:
    submit(service, make_appeal(decision=None))
    with service.database.write() as connection:
        statements.decided(connection, service, make_decision(decided_at=datetime.now(UTC) - timedelta(days=400)))
    assert state_of(service) == "refused"
    with service.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(tasks)).scalar_one() == 0


def test_the_decision_is_found_in_a_task_or_among_what_was_acted_on(service: Service) -> None:
    task = make_review_task(1)
    removed = msgspec.structs.replace(task, decision=make_decision())
    with service.database.write() as connection:
        add_task(connection, service, removed)
        statements.decided(connection, service, make_decision(2))
    submit(service, make_appeal(1, decision=None))
    submit(service, make_appeal(2, decision=None))
    assert [state_of(service, "appeal-1"), state_of(service, "appeal-2")] == ["open", "open"]


def test_decisions_that_restrict_nothing_are_not_kept(service: Service) -> None:
    with service.database.write() as connection:
        statements.decided(connection, service, msgspec.structs.replace(make_decision(), verdict="allow"))
        assert connection.execute(select(func.count()).select_from(acted_on)).scalar_one() == 0
        assert connection.execute(select(func.count()).select_from(items)).scalar_one() == 0


def test_what_the_author_says_is_kept_sealed(service: Service) -> None:
    submit(service, make_appeal())
    with service.database.read() as connection:
        row = connection.execute(select(rows)).one()
        assert b"kanarienvogel" not in row.sealed_statement
        opened = service.sealer.open(connection, row.item_id, row.sealed_statement)
    assert decode(opened, Appeal).statement == STATEMENT


@pytest.mark.parametrize("over", [{"verdict": "allow"}, {"for_the_record": True}])
def test_a_waiting_appeal_of_a_decision_that_restricts_nothing_is_refused(
    service: Service, over: dict[str, Any]
) -> None:
    submit(service, make_appeal(decision=None))
    with service.database.write() as connection:
        statements.decided(connection, service, msgspec.structs.replace(make_decision(), **over))
    assert state_of(service) == "refused"


def test_a_waiting_appeal_of_an_erased_item_stays_as_it_is(service: Service) -> None:
    submit(service, make_appeal(decision=None))
    with service.database.write() as connection:
        erase(connection, service, "item-1")
        statements.decided(connection, service, make_decision())
    assert state_of(service) == "waiting"


NO_TIMES = ("0001-01-01T00:00:00+02:00", "0001-01-01T00:00:00", "9999-12-31T23:59:59-05:00", "1601-01-01T00:00:00Z")


@pytest.mark.parametrize("stated", NO_TIMES)
def test_a_time_that_says_nothing_is_left_out_of_the_item(service: Service, stated: str) -> None:
    task = make_review_task(1)
    item = msgspec.structs.replace(task.item, created_at=datetime.fromisoformat(stated))
    assert submit(service, make_appeal(item=item))
    with service.database.read() as connection:
        row = connection.execute(select(tasks)).one()
        sealed = decode(service.sealer.open(connection, row.item_id, row.sealed), ReviewTask)
    assert sealed.item == msgspec.structs.replace(item, created_at=None)


def test_a_ruling_finds_the_worker_that_read_the_item_whatever_the_platform_says(service: Service) -> None:
    read = make_review_task(1).origin
    elsewhere = msgspec.structs.replace(read, partition=77)
    submit(service, make_appeal(decision=make_decision(origin=read), origin=elsewhere))
    silent = make_decision(2, origin=None)
    submit(service, make_appeal(2, decision=silent, origin=elsewhere))
    with service.database.read() as connection:
        found = {
            row.item_id: decode(service.sealer.open(connection, row.item_id, row.sealed), ReviewTask).origin.partition
            for row in connection.execute(select(tasks)).all()
        }
    assert found == {"item-1": read.partition, "item-2": 77}
