"""Reports of users: they bring an item before people sooner. They never act, and never become labels."""

import re
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, func, or_, select, update

from human_review.appeals import acted_on, opening, raising
from human_review.appeals.given import mended, must_be_past
from human_review.appeals.reputation import reputation_of
from human_review.database.engine import now_ms
from human_review.database.rows import insert_new
from human_review.database.tables import items, reports, tasks
from human_review.desk.intake import add_task
from human_review.errors import Conflict, Invalid
from human_review.items import lock_item
from human_review.service import Service
from human_review.times import at
from stream_app.contracts.content import MAX_ID_CHARS, MAX_TEXT_CHARS
from stream_app.contracts.decision import Decision
from stream_app.contracts.ids import digest, text_digest
from stream_app.contracts.review import ReviewTask, UserReport

MAX_REPORT_ID_CHARS = 64
_HOUR_MS = 3_600_000
_REASON = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_OTHER = "other"
_REPEATED = "it does not count: this reporter has reported the item before"
_TOO_MANY = "it does not count: this reporter has reported too much in the last hour; reported again later, it can"
_ID_OF_ANOTHER = "this report_id belongs to another report; each needs its own"


class Reported(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a report. ``task_id`` is None where it opened and raised nothing."""

    report_id: str
    counted: bool
    task_id: str | None
    what_happens: str


def add(connection: Connection, service: Service, report: UserReport) -> Reported:
    """Take a report in. One counts for each item and reporter, and ``reports.per_reporter_hour`` for each reporter.

    One that did not count gives way to the reporter's next one about the item. A report that counts raises the open
    task of its item. Where there is none, it opens one, once for each text: if an earlier task or the report's
    ``decision`` says what was decided, or the report has ``item`` and ``origin``. Else it waits for the next task of
    the item. Raises Invalid for a report that names no item or a deleted one, Conflict for the id of another report.
    """
    item_id = _checked(report)
    if lock_item(connection, item_id).erased:
        raise Invalid("the item was deleted; there is nothing left to look at")
    reporter = service.keyed_digest("reporter", report.reporter_id)
    known = _known(connection, report, item_id, reporter)
    if known is not None:
        return known
    counted = _recent(connection, reporter) < service.config.reports.per_reporter_hour
    weight = reputation_of(connection, reporter).weight if counted else 0.0
    before = raising.weight_of_reports(connection, item_id)
    new = insert_new(
        connection, reports, report_id=report.report_id, item_id=item_id, reporter=reporter, counted=counted,
        reason=_word(report.reason), reported_ms=now_ms(connection), weight=weight,
    )  # fmt: skip
    if not new:  # at this moment, for another item
        raise Conflict(_ID_OF_ANOTHER)
    if not counted:
        return _said(report, _TOO_MANY, counted=False)
    return _count(connection, service, report, item_id, before)


def _count(connection: Connection, service: Service, report: UserReport, item_id: str, before: float) -> Reported:
    task_id = _open_task_of(connection, item_id)
    if task_id is not None:
        connection.execute(update(reports).where(reports.c.report_id == report.report_id).values(task_id=task_id))
        rules = service.config.reports
        after = raising.weight_of_reports(connection, item_id)
        raising.move(connection, service, task_id, raising.raise_of(rules, after) - raising.raise_of(rules, before))
        return _said(report, "it counts; the item comes sooner", task_id)
    if _is_removed(connection, item_id):
        return _said(report, "it counts; the item is removed already")
    task = _task(connection, service, report, item_id)
    if task is None:
        return _said(report, "it counts, and waits for a task of the item; with item and origin it would open one")
    if not add_task(connection, service, task):
        return _said(report, "it counts; reports have brought this text before people already, or it was edited")
    raising.attach(connection, service, task.task_id, item_id)
    return _said(report, "it counts; a person will look at the item", task.task_id)


def _checked(report: UserReport) -> str:
    item_id = report.item_id or (report.item.item_id if report.item else "")
    if report.item is not None and report.item.item_id != item_id:
        raise Invalid("item_id must be that of the item that comes with the report")
    if report.decision is not None and report.decision.item_id != item_id:
        raise Invalid("the decision is about another item")
    if report.decision is not None and not _fits(report.decision.decision_id, MAX_REPORT_ID_CHARS):
        raise Invalid(f"decision_id must have 1 to {MAX_REPORT_ID_CHARS} characters, all of them printable")
    for name, value, most in (
        ("item_id", item_id, MAX_ID_CHARS),
        ("report_id", report.report_id, MAX_REPORT_ID_CHARS),
    ):
        if not _fits(value, most):
            raise Invalid(f"{name} must have 1 to {most} characters, all of them printable")
    if report.decision is not None:
        must_be_past("decision.decided_at", report.decision.decided_at)
    if report.item is not None and len(report.item.text) > MAX_TEXT_CHARS:
        raise Invalid(f"a text has at most {MAX_TEXT_CHARS} characters")
    return item_id


def _fits(name: str, most: int) -> bool:
    return 0 < len(name) <= most and name.isprintable()


def _known(connection: Connection, report: UserReport, item_id: str, reporter: str) -> Reported | None:
    """What there is to say of a report that was taken in before; forgets the reporter's earlier one if it may.

    Raises Conflict for the id of another report.
    """
    same = (reports.c.item_id == item_id) & (reports.c.reporter == reporter)
    rows = connection.execute(select(reports).where(or_(reports.c.report_id == report.report_id, same))).all()
    for row in rows:
        if row.report_id == report.report_id:
            if (row.item_id, row.reporter) != (item_id, reporter):
                raise Conflict(_ID_OF_ANOTHER)
            return _said(report, "it is known already", row.task_id, counted=False)
    for row in rows:
        if row.counted:
            return _said(report, _REPEATED, row.task_id, counted=False)
    connection.execute(delete(reports).where(same))
    return None


def _recent(connection: Connection, reporter: str) -> int:
    since = now_ms(connection) - _HOUR_MS
    of_hour = (reports.c.reporter == reporter) & (reports.c.reported_ms > since) & reports.c.counted
    return connection.execute(select(func.count()).select_from(reports).where(of_hour)).scalar_one()


def _word(reason: str) -> str:
    """A reason of one word; what people write freely is not kept."""
    return reason if _REASON.fullmatch(reason) else _OTHER


def _open_task_of(connection: Connection, item_id: str) -> str | None:
    is_open = (tasks.c.item_id == item_id) & (tasks.c.state == "open") & (tasks.c.kind == "review")
    return connection.execute(
        select(tasks.c.task_id).where(is_open).order_by(tasks.c.rank_ms, tasks.c.task_id).limit(1)
    ).scalar()


def _is_removed(connection: Connection, item_id: str) -> bool:
    return connection.execute(select(items.c.verdict).where(items.c.item_id == item_id)).scalar() == "remove"


def _task(connection: Connection, service: Service, report: UserReport, item_id: str) -> ReviewTask | None:
    """The task that a report opens; None where too little is known. Its id depends on item and text alone."""
    now = at(now_ms(connection))
    rules = service.config.reports
    facts = _from_report(report, now) or _from_task(acted_on.latest_task(connection, service, item_id))
    if facts is None:
        return None
    return ReviewTask(
        task_id=digest("task", "report", item_id, text_digest(facts["item"].text)), queue=rules.queue,
        priority=rules.priority, why="report", due_at=now + timedelta(hours=rules.due_hours), **facts,
    )  # fmt: skip


def _from_task(task: ReviewTask | None) -> dict[str, Any] | None:
    if task is None:
        return None
    return {
        "decision": task.decision, "item": task.item, "origin": task.origin, "folded_text": task.folded_text,
        "context": task.context,
    }  # fmt: skip


def _from_report(report: UserReport, now: datetime) -> dict[str, Any] | None:
    origin = (report.decision.origin if report.decision else None) or report.origin
    if report.item is None or origin is None:
        return None
    return {
        "decision": report.decision or _unknown(report, now), "item": mended(report.item), "origin": origin,
        "folded_text": opening.folded(report.item),
    }  # fmt: skip


def _unknown(report: UserReport, now: datetime) -> Decision:
    """Stands for a decision that nobody has told us: without an id, so that a ruling goes by what is in force."""
    item = report.item
    if item is None:
        raise ValueError("a report without an item names no text")
    return Decision(
        decision_id="", item_id=item.item_id, verdict="allow", label=None, scores={}, thresholds={}, reasons=(),
        level="report", artifacts={}, policy_version="", language=item.language or "und", decided_at=now,
        latency_ms=0.0, text_digest=text_digest(item.text), based_on="",
    )  # fmt: skip


def _said(report: UserReport, what: str, task_id: str | None = None, *, counted: bool = True) -> Reported:
    return Reported(report_id=report.report_id, counted=counted, task_id=task_id, what_happens=what)
