from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from sqlalchemy import func, select, update

from human_review.appeals import reports, show
from human_review.appeals.raising import attach, raise_of
from human_review.appeals.reports import Reported
from human_review.appeals.reputation import Reputation
from human_review.database.tables import answers, items, outbox, seats, tasks
from human_review.database.tables import reports as rows
from human_review.desk.intake import add_task, erase, supersede
from human_review.errors import Conflict, Invalid
from human_review.permissions import Actor
from human_review.review_file import Reports
from human_review.service import Service
from human_review.testing import make_review_task
from stream_app.contracts.codec import decode
from stream_app.contracts.content import ContentItem
from stream_app.contracts.review import ReviewTask, UserReport

LEAD = Actor("u", "r-1", "lead")


def make_report(number: int = 1, item: int = 1, *, reporter: str | None = None, **over: Any) -> UserReport:
    values: dict[str, Any] = {
        "report_id": f"report-{number}", "item_id": f"item-{item}", "reason": "hate",
        "reporter_id": reporter or f"user-{number}", "reported_at": datetime.now(UTC),
    }  # fmt: skip
    return UserReport(**(values | over))


def with_item(number: int = 1, item: int = 1, **over: Any) -> UserReport:
    """As a platform sends it that knows where it posted the item."""
    task = make_review_task(item)
    return msgspec.structs.replace(make_report(number, item, **over), item=task.item, origin=task.origin)


def add(service: Service, report: UserReport) -> Reported:
    with service.database.write() as connection:
        return reports.add(connection, service, report)


def open_task(service: Service, number: int = 1, **over: Any) -> str:
    task = make_review_task(number, **over)
    with service.database.write() as connection:
        add_task(connection, service, task)
    return task.task_id


def priorities(service: Service) -> dict[str, tuple[float, int]]:
    with service.database.read() as connection:
        found = connection.execute(select(tasks.c.task_id, tasks.c.priority, tasks.c.rank_ms)).all()
    return {row.task_id: (row.priority, row.rank_ms) for row in found}


def close(service: Service, task_id: str, verdict: str) -> None:
    with service.database.write() as connection:
        connection.execute(
            update(tasks)
            .where(tasks.c.task_id == task_id)
            .values(state="closed", closed_why="decided", verdict=verdict)
        )


def test_a_report_moves_the_open_task_of_its_item_forward_with_its_seats(service: Service) -> None:
    task_id, other = open_task(service, 1), open_task(service, 2)
    before = priorities(service)
    became = add(service, make_report())
    after = priorities(service)
    assert (became.counted, became.task_id) == (True, task_id)
    assert after[task_id][0] == pytest.approx(before[task_id][0] + 0.15)
    assert after[task_id][1] < before[task_id][1]
    assert after[other] == before[other]
    with service.database.read() as connection:
        ranks = connection.execute(select(seats.c.rank_ms).where(seats.c.task_id == task_id)).scalars().all()
    assert set(ranks) == {after[task_id][1]}


def test_one_reporter_counts_once_for_an_item(service: Service) -> None:
    task_id = open_task(service)
    add(service, make_report(1, reporter="anna"))
    once = priorities(service)[task_id]
    repeat = add(service, make_report(2, reporter="anna"))
    same = add(service, make_report(1, reporter="anna"))
    assert (repeat.counted, same.counted) == (False, False)
    assert priorities(service)[task_id] == once


def test_a_reporter_who_reports_too_much_in_an_hour_does_not_count(service: Service) -> None:
    limit = service.config.reports.per_reporter_hour
    counted = [add(service, make_report(number, number, reporter="anna")).counted for number in range(limit + 2)]
    assert counted == [True] * limit + [False] * 2
    an_hour_later(service)
    assert add(service, make_report(99, 99, reporter="anna")).counted


def an_hour_later(service: Service) -> None:
    with service.database.write() as connection:
        connection.execute(update(rows).values(reported_ms=rows.c.reported_ms - 3_600_001))


def test_a_report_that_did_not_count_can_be_brought_again_and_then_counts(service: Service) -> None:
    limit = service.config.reports.per_reporter_hour
    task_id = open_task(service, limit)
    start = priorities(service)[task_id][0]
    became = [add(service, make_report(number, number, reporter="anna")) for number in range(limit + 1)]
    assert "reported again later" in became[-1].what_happens
    at_once = add(service, make_report(98, limit, reporter="anna"))
    assert (at_once.counted, priorities(service)[task_id][0]) == (False, start)
    an_hour_later(service)
    later = add(service, make_report(99, limit, reporter="anna"))
    assert (later.counted, later.task_id) == (True, task_id)
    assert priorities(service)[task_id][0] == pytest.approx(start + 0.15)
    assert not add(service, make_report(100, limit, reporter="anna")).counted
    with service.database.read() as connection:
        mine = select(rows.c.report_id, rows.c.counted).where(rows.c.item_id == f"item-{limit}")
        assert [tuple(row) for row in connection.execute(mine)] == [("report-99", True)]


@pytest.mark.parametrize(("item", "reporter"), [(2, "anna"), (2, "bo"), (1, "bo")])
def test_the_id_of_another_report_is_refused(service: Service, item: int, reporter: str) -> None:
    add(service, make_report(1, 1, reporter="anna"))
    with pytest.raises(Conflict, match="report_id"):
        add(service, make_report(1, item, reporter=reporter))
    assert add(service, make_report(2, 2, reporter="bo")).counted


def test_reports_open_one_task_an_item_where_item_and_origin_are_known(service: Service) -> None:
    first, second = add(service, with_item(1)), add(service, with_item(2))
    assert first.task_id is not None
    assert second.task_id == first.task_id
    with service.database.read() as connection:
        task = connection.execute(select(tasks)).one()
        sealed = decode(service.sealer.open(connection, task.item_id, task.sealed), ReviewTask)
    assert (task.why, task.label, task.queue) == ("report", None, "general")
    assert (sealed.decision.decision_id, sealed.decision.verdict) == ("", "allow")
    assert sealed.origin == make_review_task(1).origin


def test_a_decision_that_comes_with_the_report_is_what_the_task_is_about(service: Service) -> None:
    task = make_review_task(1, why="sampled")
    add(service, msgspec.structs.replace(make_report(), item=task.item, decision=task.decision))
    with service.database.read() as connection:
        assert connection.execute(select(tasks.c.decision_id)).scalar_one() == task.decision.decision_id


def test_after_people_have_looked_one_more_task_comes_of_reports_and_no_second(service: Service) -> None:
    task_id = open_task(service)
    close(service, task_id, "allow")
    again = add(service, make_report(1))
    assert again.task_id not in {None, task_id}
    close(service, again.task_id or "", "allow")
    never = add(service, make_report(2))
    assert (never.counted, never.task_id) == (True, None)
    edited = make_review_task(1, text="an edited text")
    anew = add(service, msgspec.structs.replace(make_report(3), item=edited.item, origin=edited.origin))
    assert anew.task_id is not None


def test_a_report_of_which_nothing_is_known_waits_for_the_task_of_its_item(service: Service) -> None:
    waits = add(service, make_report(1))
    assert (waits.counted, waits.task_id) == (True, None)
    assert "waits" in waits.what_happens
    task_id = open_task(service)
    before = priorities(service)[task_id][0]
    with service.database.write() as connection:
        assert attach(connection, service, task_id, "item-1") == pytest.approx(0.15)
    assert priorities(service)[task_id][0] == pytest.approx(before + 0.15)


def test_reports_of_a_removed_item_open_nothing(service: Service) -> None:
    add(service, make_report(1))
    with service.database.write() as connection:
        connection.execute(update(items).values(verdict="remove"))
    assert add(service, with_item(2)).task_id is None


def test_an_appeal_of_the_item_is_not_moved(service: Service) -> None:
    with service.database.write() as connection:
        task = make_review_task(1, why="appeal")
        add_task(connection, service, task, kind="appeal")
    before = priorities(service)[task.task_id]
    add(service, make_report(1))
    assert priorities(service)[task.task_id] == before


@pytest.mark.parametrize(
    ("report", "message"),
    [
        (make_report(item_id=None), "item_id"),
        (make_report(item_id="x" * 257), "item_id"),
        (make_report(item_id="nul\x00"), "item_id"),
        (make_report(report_id="x" * 65), "report_id"),
        (msgspec.structs.replace(make_report(), item=ContentItem(item_id="item-2", text="t")), "item_id"),
        (msgspec.structs.replace(make_report(), decision=make_review_task(2).decision), "another item"),
    ],
)
def test_what_cannot_be_a_report_is_refused(service: Service, report: UserReport, message: str) -> None:
    with pytest.raises(Invalid, match=message):
        add(service, report)


def test_reports_of_a_deleted_item_are_refused(service: Service) -> None:
    with service.database.write() as connection:
        erase(connection, service, "item-1")
    with pytest.raises(Invalid, match="deleted"):
        add(service, make_report())


def test_who_reports_and_what_they_write_is_not_kept(service: Service) -> None:
    add(service, make_report(1, reporter="anna-kanarienvogel", reason="she wrote kanarienvogel to me!"))
    with service.database.read() as connection:
        row = connection.execute(select(rows)).one()
    assert "kanarienvogel" not in str(row)
    assert row.reason == "other"


def test_a_reporter_who_was_wrong_before_counts_less_and_one_who_was_right_more(service: Service) -> None:
    for number in range(6):
        task_id = open_task(service, number)
        add(service, make_report(number, number, reporter="right" if number < 3 else "wrong"))
        close(service, task_id, "remove" if number < 3 else "allow")
    with service.database.read() as connection:
        found = connection.execute(select(rows.c.report_id, rows.c.weight)).all()
    weights = {row.report_id: row.weight for row in found}
    assert weights["report-0"] == 1.0
    raised = {}
    for number, reporter in ((10, "right"), (11, "wrong"), (12, "new")):
        task_id = open_task(service, number)
        before = priorities(service)[task_id][0]
        add(service, make_report(number, number, reporter=reporter))
        raised[reporter] = priorities(service)[task_id][0] - before
    assert raised["wrong"] < raised["new"] < raised["right"]
    shown = show.reports_of(service, LEAD, "item-10")
    assert (shown.reports, shown.reasons) == (1, {"hate": 1})
    assert shown.reliability is not None
    assert shown.reliability[0] > 0.4


def test_the_range_of_a_reputation_narrows_with_what_is_known() -> None:
    widths = [high - low for low, high in (Reputation(count, count).interval() for count in (0, 2, 20, 200))]
    assert widths == sorted(widths, reverse=True)
    low, high = Reputation(200, 200).interval()
    assert low < 0.5 < high
    assert Reputation(0, 0).weight == 1.0


def test_the_raise_is_that_of_the_file_for_one_report_and_never_more_than_the_most() -> None:
    rules = Reports()
    assert raise_of(rules, 0.0) == 0.0
    assert raise_of(rules, 1.0) == pytest.approx(rules.first)
    steps = [raise_of(rules, float(weight)) for weight in range(50)]
    gains = [later - earlier for earlier, later in pairwise(steps)]
    assert gains == sorted(gains, reverse=True)
    assert max(steps) < rules.most
    assert raise_of(rules, 1e6) <= rules.most


def flood(service: Service, size: int) -> None:
    """Reports of one benign item by as many accounts, while 20 others wait."""
    open_task(service, 0, priority=0.5)
    for number in range(1, 21):
        open_task(service, number, priority=0.03 * number, due=timedelta(hours=number % 5))
    before = [task_id for task_id, _ in sorted(priorities(service).items(), key=lambda pair: pair[1][1])]
    target = make_review_task(0).task_id
    start = priorities(service)[target][0]
    with service.database.write() as connection:
        for number in range(size):
            reports.add(connection, service, make_report(number, 0))
    after = [task_id for task_id, _ in sorted(priorities(service).items(), key=lambda pair: pair[1][1])]
    assert all(abs(before.index(each) - after.index(each)) <= 1 for each in before if each != target)
    assert start + 0.5 < priorities(service)[target][0] <= start + service.config.reports.most
    with service.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(tasks)).scalar_one() == 21
        for table in (answers, outbox):
            assert connection.execute(select(func.count()).select_from(table)).scalar_one() == 0
        assert connection.execute(select(tasks.c.state, tasks.c.verdict).distinct()).all() == [("open", None)]


def test_a_flood_of_reports_moves_one_item_a_bounded_way_and_decides_nothing(service: Service) -> None:
    flood(service, 60)


@pytest.mark.long
def test_a_flood_of_ten_thousand_reports_moves_one_item_a_bounded_way_and_decides_nothing(service: Service) -> None:
    flood(service, 10_000)


def test_a_flood_about_an_item_without_a_task_opens_one(service: Service) -> None:
    with service.database.write() as connection:
        opened = {reports.add(connection, service, with_item(number)).task_id for number in range(10)}
    assert len(opened) == 1


def test_a_time_that_says_nothing_is_left_out_of_a_reported_item(service: Service) -> None:
    report = with_item()
    assert report.item is not None
    nothing = datetime.fromisoformat("0001-01-01T00:00:00+02:00")
    add(service, msgspec.structs.replace(report, item=msgspec.structs.replace(report.item, created_at=nothing)))
    with service.database.read() as connection:
        row = connection.execute(select(tasks)).one()
        assert decode(service.sealer.open(connection, row.item_id, row.sealed), ReviewTask).item.created_at is None


def test_a_decision_that_comes_with_a_report_has_a_time_and_its_place_counts(service: Service) -> None:
    task = make_review_task(1)
    report = msgspec.structs.replace(with_item(), origin=msgspec.structs.replace(task.origin, partition=77))
    late = msgspec.structs.replace(task.decision, decided_at=datetime(1, 1, 1))  # noqa: DTZ001 - that is what is wrong
    with pytest.raises(Invalid, match="decided_at must be a time in the past"):
        add(service, msgspec.structs.replace(report, decision=late))
    add(service, msgspec.structs.replace(report, decision=msgspec.structs.replace(task.decision, origin=task.origin)))
    with service.database.read() as connection:
        row = connection.execute(select(tasks)).one()
        sealed = decode(service.sealer.open(connection, row.item_id, row.sealed), ReviewTask)
    assert sealed.origin.partition == task.origin.partition


@pytest.mark.parametrize("told", ["its item", "its decision"])
def test_the_workers_own_task_takes_the_place_of_the_one_that_a_report_opened(service: Service, told: str) -> None:
    task = make_review_task(1)
    report = with_item() if told == "its item" else msgspec.structs.replace(with_item(), decision=task.decision)
    opened = add(service, report).task_id
    assert opened not in (None, task.task_id)
    plain = open_task(service, 2)
    with service.database.write() as connection:
        supersede(connection, service, task.decision)
        assert add_task(connection, service, task)
        attach(connection, service, task.task_id, "item-1")
    with service.database.read() as connection:
        found = {row.task_id: (row.state, row.closed_why) for row in connection.execute(select(tasks)).all()}
        waiting = connection.execute(select(seats.c.task_id).where(seats.c.state == "open")).scalars().all()
        assert connection.execute(select(rows.c.task_id)).scalars().all() == [task.task_id]
    assert found == {
        opened: ("closed", "superseded"), task.task_id: ("open", None), plain: ("open", None)
    }  # fmt: skip
    assert opened not in waiting
    assert priorities(service)[task.task_id][0] > priorities(service)[plain][0]


def test_the_task_that_a_report_opened_stays_where_the_workers_is_about_another_text(service: Service) -> None:
    add(service, with_item())
    edited = make_review_task(1, text="as it was edited before the report")
    with service.database.write() as connection:
        add_task(connection, service, edited)
    with service.database.read() as connection:
        assert connection.execute(select(func.count()).where(tasks.c.state == "open")).scalar_one() == 2
