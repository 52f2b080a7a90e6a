"""The log for those who may read it: a page at a time, latest first."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select

from human_review.audit.log import Entry
from human_review.database.tables import audit
from human_review.errors import Invalid
from human_review.permissions import Actor
from human_review.service import Service
from human_review.times import at

A_PAGE = 200
AN_EXPORT = 10_000
_COLUMNS = ("seq", "at", "actor", "act", "subject", "facts", "hash")
# Spreadsheets take a cell that begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries; what is None matches all. ``since`` is included, ``until`` is not, ``before`` is a number."""

    act: str | None = None
    actor: str | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None


def find(service: Service, actor: Actor, wanted: Filter, limit: int = 50) -> tuple[Entry, ...]:
    """The latest entries first; the next page has ``before`` set to the last number. Raises Forbidden, Invalid."""
    if not 1 <= limit <= A_PAGE:
        raise Invalid(f"limit must be 1 to {A_PAGE}")
    return _find(service, actor, wanted, limit)


def export(service: Service, actor: Actor, wanted: Filter) -> Iterator[str]:
    """The latest 10,000 entries as CSV (RFC 4180) of which no spreadsheet makes formulas. Raises Forbidden."""
    found = _find(service, actor, wanted, AN_EXPORT)
    return (_line(row) for row in [_COLUMNS, *map(_cells, found)])


def acts(service: Service, actor: Actor) -> tuple[str, ...]:
    """What is done at all, by name, for a choice. Raises Forbidden."""
    actor.must("see-audit")
    with service.database.read() as connection:
        return tuple(connection.execute(select(audit.c.act).distinct().order_by(audit.c.act)).scalars())


def _find(service: Service, actor: Actor, wanted: Filter, limit: int) -> tuple[Entry, ...]:
    actor.must("see-audit")
    query = select(audit).where(*_conditions(wanted)).order_by(audit.c.seq.desc()).limit(limit)
    with service.database.read() as connection:
        return tuple(Entry(*row) for row in connection.execute(query))


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    equal = {audit.c.act: wanted.act, audit.c.actor: wanted.actor, audit.c.subject: wanted.subject}
    found: list[ColumnElement[bool]] = [column == value for column, value in equal.items() if value is not None]
    if wanted.since is not None:
        found.append(audit.c.at_ms >= _ms(wanted.since))
    if wanted.until is not None:
        found.append(audit.c.at_ms < _ms(wanted.until))
    if wanted.before is not None:
        found.append(audit.c.seq < wanted.before)
    return found


def _ms(time: datetime) -> int:
    return round(time.timestamp() * 1000)


def _cells(entry: Entry) -> tuple[str, ...]:
    when = at(entry.at_ms).isoformat(timespec="milliseconds")
    return (str(entry.seq), when, entry.actor, entry.act, entry.subject, entry.facts, entry.hash)


def _line(cells: tuple[str, ...]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow([_inert(cell) for cell in cells])
    return text.getvalue()


def _inert(cell: str) -> str:
    """A cell that is text to a spreadsheet; what changes the direction or hides is shown by its number."""
    plain = "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in cell)
    return f"'{plain}" if cell.lstrip().startswith(_FORMULA) else plain
