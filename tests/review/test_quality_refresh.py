import csv
import io
from math import isnan
from typing import Any

import msgspec
import pytest
from sqlalchemy import insert, select, update

from human_review.database.engine import now_ms
from human_review.database.tables import golden, golden_results, priors, reliability, seats, tasks, verdict_counts
from human_review.quality.estimate import Estimate
from human_review.quality.export import as_csv, inert
from human_review.quality.golden import propose
from human_review.quality.refresh import refresh
from human_review.quality.summary import Row, Summary, current
from human_review.quality.weights import ALL, weight_of
from human_review.service import Service
from human_review.testing import make_review_task
from human_review.testing_quality import answer_directly, close_directly, make_actor, open_tasks
from stream_app.contracts import metrics
from stream_app.contracts.ids import digest
from stream_app.contracts.review import ReviewTask


def two_seats(service: Service, count: int, **over: Any) -> list[ReviewTask]:
    """Open tasks that two people answer each."""
    made = [make_review_task(number, text=f"text number {number}", **over) for number in range(count)]
    open_tasks(service, *made)
    with service.database.write() as connection:
        connection.execute(update(tasks).values(paired=True, wanted=2))
        for task in made:
            known = connection.execute(select(seats).where(seats.c.task_id == task.task_id)).all()
            if len(known) < 2:
                first = known[0]._mapping
                connection.execute(insert(seats).values({**first, "seat_id": digest(task.task_id), "number": 2}))
    return made


def row_of(summary: Summary, label: str, language: str = "*") -> Row:
    return next(row for row in summary.rows if (row.label, row.language) == (label, language))


def test_nothing_is_known_of_an_empty_database(service: Service) -> None:
    summary = refresh(service)
    row = row_of(summary, "*")
    assert row.precision == row.miss_rate == row.prevalence == row.agreement["alpha"] == Estimate(0)
    assert isnan(service.telemetry.value(metrics.QUALITY_PRECISION, "*", "*", "value"))
    assert service.telemetry.value(metrics.QUALITY_PRECISION, "*", "*", "n") == 0


def test_people_are_measured_by_label_and_over_all(service: Service) -> None:
    """Ann and Bob agree on everything; Cleo says the opposite of golden tasks on spam."""
    for name in ("ann", "bob", "cleo"):
        make_actor(service, name)
    made = two_seats(service, 40)
    with service.database.write() as connection:
        for at, task in enumerate(made):
            verdict = "remove" if at % 2 else "allow"
            for name in ("ann", "bob"):
                answer_directly(connection, task.task_id, f"id-{name}", verdict)
            close_directly(connection, task.task_id, verdict)
    golden_answers(service, "cleo", "spam", rights=[False] * 12)
    refresh(service)
    with service.database.read() as connection:
        rows = {(row.user_id, row.label): row for row in connection.execute(select(reliability))}
        assert weight_of(connection, service, "id-ann", "toxicity") > 0.85
        assert weight_of(connection, service, "id-cleo", "spam") < 0.4
        shares = connection.execute(select(priors.c.share).where(priors.c.label == ALL)).scalars().all()
    assert rows["id-ann", "toxicity"].answers == rows["id-ann", ALL].answers == 40
    assert rows["id-cleo", "spam"].high < 0.8
    assert rows["id-ann", ALL].low < 0.95 < rows["id-ann", ALL].high
    assert sum(shares) == pytest.approx(1.0)
    assert ("id-ann", "spam") not in rows


def golden_answers(service: Service, name: str, label: str, *, rights: list[bool]) -> None:
    """Copies of golden items that a person has answered, rightly or not."""
    for at, right in enumerate(rights):
        item = f"{name}-{label}-{at}"
        task = make_review_task(0, text=f"golden {item}", item_id=item, label=label)
        open_tasks(service, task)
        with service.database.write() as connection:
            connection.execute(update(tasks).where(tasks.c.task_id == task.task_id).values(kind="golden"))
            golden_id = digest("golden", item)
            connection.execute(
                insert(golden).values(
                    golden_id=golden_id, item_id=item, queue="general", label=label, language="en", verdict="remove",
                    labels=f'["{label}"]', source="lead", state="active", created_ms=now_ms(connection),
                )
            )  # fmt: skip
            verdict = "remove" if right else "allow"
            answer_directly(connection, task.task_id, f"id-{name}", verdict, (label,) if right else ())
            connection.execute(
                insert(golden_results).values(
                    task_id=task.task_id, golden_id=golden_id, user_id=f"id-{name}", label=label, right=right,
                    at_ms=now_ms(connection) + at,
                )
            )  # fmt: skip


def test_an_alarm_is_raised_for_who_is_often_wrong_and_for_nobody_else(service: Service) -> None:
    for name in ("ann", "cleo"):
        make_actor(service, name)
    golden_answers(service, "ann", "hate", rights=[True] * 9 + [False])
    golden_answers(service, "cleo", "hate", rights=[False, False, True, False, False, False])
    summary = refresh(service)
    with service.database.read() as connection:
        raised = connection.execute(select(reliability.c.user_id).where(reliability.c.alarm)).scalars().all()
    assert raised == ["id-cleo"]
    assert summary.alarms == service.telemetry.value(metrics.QUALITY_ALARMS) == 1
    assert summary.golden[0].right == Estimate(16)  # under 30


def test_consensus_makes_candidates_and_one_batch_makes_one(service: Service) -> None:
    for name in ("ann", "bob"):
        make_actor(service, name)
    made = two_seats(service, 5)
    with service.database.write() as connection:
        for at, task in enumerate(made):
            for name in ("ann", "bob"):
                verdict = "allow" if (at, name) == (4, "bob") else "remove"
                batch = "one-batch" if at < 3 and name == "bob" else None
                answer_directly(connection, task.task_id, f"id-{name}", verdict, ("toxicity",), batch_id=batch)
            close_directly(connection, task.task_id, "remove")
    refresh(service)
    refresh(service)
    with service.database.read() as connection:
        rows = connection.execute(select(golden)).all()
    assert sorted(row.batch_id or "" for row in rows) == ["", "one-batch"]
    assert {(row.state, row.source, row.verdict, row.labels) for row in rows} == {
        ("candidate", "consensus", "remove", '["toxicity"]')
    }


def audited(service: Service, count: int, *, machine: str, wrong: int, first: int, probability: float = 0.1) -> None:
    """Drawn tasks that people decided; ``wrong`` of them otherwise than the machine."""
    made = [
        make_review_task(number, text=f"drawn {number}", why="sampled", label="hate" if machine != "allow" else None,
                         sampling_probability=probability)
        for number in range(first, first + count)
    ]  # fmt: skip
    open_tasks(service, *made)
    with service.database.write() as connection:
        for at, task in enumerate(made):
            restricts = (at < wrong) == (machine == "allow")
            verdict = "remove" if restricts else "allow"
            answer_directly(connection, task.task_id, "id-ann", verdict, ("hate",) if restricts else ())
            close_directly(connection, task.task_id, verdict)
        of_these = tasks.c.task_id.in_([task.task_id for task in made])
        connection.execute(update(tasks).where(of_these).values(machine_verdict=machine))


def test_audits_give_precision_misses_and_prevalence_with_intervals(service: Service) -> None:
    make_actor(service, "ann")
    audited(service, 60, machine="remove", wrong=3, first=0)
    audited(service, 100, machine="allow", wrong=2, first=100, probability=0.02)
    count(service, remove=600, allow=5000)
    summary = refresh(service)
    row = row_of(summary, "hate")
    assert row.precision.value == pytest.approx(57 / 60)
    assert (row.precision.low, row.precision.high) == pytest.approx((0.8608, 0.9896), abs=5e-5)
    assert row.miss_rate.value == pytest.approx(0.02)
    assert row.missed.value == pytest.approx(100.0)
    assert row.prevalence.value == pytest.approx((600 * 0.95 + 5000 * 0.02) / 5600)
    assert row.prevalence.n == 160
    assert row_of(summary, "spam").miss_rate.value == 0.0
    assert row_of(summary, "spam").precision == Estimate(0)
    assert row_of(summary, "hate", "en").precision == row.precision
    assert service.telemetry.value(metrics.QUALITY_PRECISION, "hate", "*", "low") == row.precision.low


def count(service: Service, **by_verdict: int) -> None:
    with service.database.write() as connection:
        day = now_ms(connection) // 86_400_000
        connection.execute(insert(verdict_counts), [
            {"day": day, "verdict": verdict, "label": "", "language": "en", "count": number}
            for verdict, number in by_verdict.items()
        ])  # fmt: skip


def test_under_59_audits_there_is_no_number(service: Service) -> None:
    make_actor(service, "ann")
    audited(service, 58, machine="remove", wrong=0, first=0)
    assert row_of(refresh(service), "hate").precision == Estimate(58)
    audited(service, 1, machine="remove", wrong=0, first=100)
    found = row_of(refresh(service), "hate").precision
    assert found.value == 1.0
    assert found.low == pytest.approx(0.9394, abs=5e-5)


def test_a_golden_copy_and_an_appeal_are_no_audits(service: Service) -> None:
    make_actor(service, "ann")
    audited(service, 60, machine="remove", wrong=0, first=0)
    with service.database.write() as connection:
        connection.execute(update(tasks).where(tasks.c.item_id == "item-0").values(kind="golden"))
        connection.execute(update(tasks).where(tasks.c.item_id == "item-1").values(kind="appeal"))
        connection.execute(update(tasks).where(tasks.c.item_id == "item-2").values(why="report"))
    assert row_of(refresh(service), "hate").precision == Estimate(57)


def test_agreement_and_overlap_are_on_the_page(service: Service) -> None:
    for name in ("ann", "bob"):
        make_actor(service, name)
    made = two_seats(service, 40)
    with service.database.write() as connection:
        for at, task in enumerate(made):
            answer_directly(connection, task.task_id, "id-ann", "remove" if at % 2 else "allow")
            answer_directly(connection, task.task_id, "id-bob", "remove" if at % 2 or at == 0 else "allow")
            close_directly(connection, task.task_id, "remove")
    summary = refresh(service)
    row = row_of(summary, "toxicity", "en")
    assert (row.decided, row.answers, row.several, row.split) == (40, 80, 40, 1)
    assert row.agreement["raw"].value == pytest.approx(39 / 40)
    assert service.telemetry.value(metrics.QUALITY_AGREEMENT, "raw", "toxicity", "en", "n") == 40
    with service.database.read() as connection:
        assert current(connection) == summary


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\r=1", "\n=1", " =1", "\x00=1"])
def test_no_cell_begins_a_formula(start: str) -> None:
    assert str(inert(start)).startswith("'")


def test_numbers_stay_numbers_in_the_export(service: Service) -> None:
    assert inert(-0.5) == -0.5
    make_actor(service, "ann")
    audited(service, 60, machine="remove", wrong=3, first=0)
    summary = refresh(service)
    hostile = msgspec.structs.replace(summary.rows[0], language='=HYPERLINK("http://evil.example")')
    lines = list(csv.DictReader(io.StringIO(as_csv(summary, (hostile, *summary.rows)))))
    assert lines[0]["language"].startswith("'=")
    hate = next(line for line in lines if (line["label"], line["language"]) == ("hate", "*"))
    assert float(hate["precision_value"]) == pytest.approx(0.95)
    assert hate["agreement_alpha_value"] == ""


def test_overturned_appeals_can_be_proposed_as_they_came_to_review(service: Service) -> None:
    task = make_review_task(
        1, why="appeal", decision=msgspec.structs.replace(make_review_task(1).decision, verdict="remove")
    )
    open_tasks(service, task)
    with service.database.write() as connection:
        connection.execute(update(tasks).values(kind="appeal"))
        propose(connection, service, task.task_id, "allow", (), "appeal")
        row = connection.execute(select(golden.c.why, golden.c.source, golden.c.verdict)).one()
    assert tuple(row) == ("sampled", "appeal", "allow")


def test_a_backlog_takes_the_numbers_away_until_it_is_worked_off(service: Service) -> None:
    make_actor(service, "ann")
    audited(service, 60, machine="remove", wrong=3, first=0)
    audited(service, 100, machine="allow", wrong=2, first=100, probability=0.02)
    count(service, remove=600, allow=5000, review=12)
    waiting = [make_review_task(number, text=f"waits {number}", label="hate") for number in range(300, 312)]
    open_tasks(service, *waiting)
    row = row_of(refresh(service), "hate")
    assert row.prevalence == Estimate(160)
    assert row.miss_rate.value == pytest.approx(0.02)
    with service.database.write() as connection:
        for task in waiting:
            answer_directly(connection, task.task_id, "id-ann", "allow")
            close_directly(connection, task.task_id, "allow")
    assert row_of(refresh(service), "hate").prevalence.n == 172
    assert row_of(refresh(service), "hate").prevalence.value is not None
