"""The statements of a span of time, as the transparency database takes them, and what had to be refused."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, exists, select, tuple_

from human_review.appeals.dsa import MOST_IN_A_CALL, Refused, Told, exported
from human_review.appeals.dsa_rules import Problem
from human_review.audit import log
from human_review.database.tables import reports, statements
from human_review.errors import Invalid
from human_review.permissions import Actor
from human_review.service import Service
from human_review.times import to_ms
from stream_app.contracts.codec import decode
from stream_app.contracts.decision import StatementOfReasons

_reported = exists().where(reports.c.item_id == statements.c.item_id, reports.c.counted)


def export(service: Service, actor: Actor | None, begin: datetime, end: datetime) -> Iterator[bytes]:
    """JSON lines: bodies of single calls, ``{"statements": […]}`` with at most 100 each, and one report at the end.

    The report is ``{"exported": n, "refused": [{"decision_id", "problems": [{"field", "why"}]}]}``. A restriction
    is exported where ``begin`` <= when it was applied < ``end``. ``actor`` is None for the command line; others
    get what is in their languages. Raises
    Invalid for a span that is none.
    """
    if actor is not None:
        actor.must("export")
    if begin.tzinfo is None or end.tzinfo is None or begin >= end:
        raise Invalid("from and to must be times with their zone, such as 2026-01-31T00:00:00Z, and from the earlier")
    with service.database.write() as connection:
        log.append(connection, actor, "export-dsa", "statements", begin=begin.isoformat(), end=end.isoformat())
    return _lines(service, actor, to_ms(begin), to_ms(end))


def _lines(service: Service, actor: Actor | None, begin_ms: int, end_ms: int) -> Iterator[bytes]:
    count, refused, last = 0, list[Refused](), (begin_ms, "")
    while True:
        with service.database.read() as connection:
            rows = _rows(connection, last, end_ms)
        if not rows:
            break
        last = (rows[-1].applied_ms, rows[-1].action_id)
        found = [exported(_told(row), service.config.dsa) for row in rows if _may(actor, row)]
        body = [each for each in found if not isinstance(each, Refused)]
        refused += [each for each in found if isinstance(each, Refused)]
        count += len(body)
        if body:
            yield _line({"statements": body})
    yield _line({"exported": count, "refused": [_refusal(each) for each in refused]})


def _may(actor: Actor | None, row: Row[Any]) -> bool:
    return actor is None or actor.may("export", language=row.language)


def _rows(connection: Connection, after: tuple[int, str], end_ms: int) -> list[Row[Any]]:
    place = tuple_(statements.c.applied_ms, statements.c.action_id)
    return list(
        connection.execute(
            select(statements, _reported.label("reported"))
            .where(statements.c.applied_ms < end_ms, place > after)
            .order_by(statements.c.applied_ms, statements.c.action_id)
            .limit(MOST_IN_A_CALL)
        ).all()
    )  # fmt: skip


def _told(row: Row[Any]) -> Told:
    return Told(
        decision_id=row.decision_id, kind=row.kind, label=row.label, language=row.language, surface=row.surface,
        content_ms=row.content_ms, applied_ms=row.applied_ms, expires_ms=row.expires_ms,
        statement=decode(row.statement.encode(), StatementOfReasons), reported=bool(row.reported),
    )  # fmt: skip


def _refusal(refused: Refused) -> dict[str, Any]:
    return {"decision_id": refused.decision_id, "problems": [_problem(each) for each in refused.problems]}


def _problem(problem: Problem) -> dict[str, str]:
    return {"field": problem.field, "why": problem.why}


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"
