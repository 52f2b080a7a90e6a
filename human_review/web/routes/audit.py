"""The audit log for auditors: an API, a page, and a file."""

import json
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, BeforeValidator, ConfigDict
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from human_review.audit import entries
from human_review.audit.entries import A_PAGE, Filter
from human_review.audit.log import Entry
from human_review.times import at
from human_review.web.access import SignedIn, Svc, requires
from human_review.web.pages import page

router = APIRouter()
_A_SCREEN = 50
_Word = Annotated[str | None, Query(max_length=64)]
_Id = Annotated[str | None, Query(max_length=256)]
# A form sends what was left empty too, and times without an offset: those are UTC, as the page says.
_Time = Annotated[datetime | None, BeforeValidator(lambda value: value or None), Query()]


class EntryOut(BaseModel):
    """One entry. ``actor`` is a pseudonym or ``system``; ``hash`` covers the entry and the hash of the one before."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "seq": 4711, "at": "2026-01-02T03:04:05.678Z", "actor": "amber-otter-17", "act": "decide",
                    "subject": "1a2b3c", "facts": {"verdict": "remove"}, "hash": "9f86d081884c7d65…",
                }
            ]
        }
    )  # fmt: skip
    seq: int
    at: datetime
    actor: str
    act: str
    subject: str
    facts: dict[str, Any]
    hash: str


class EntriesOut(BaseModel):
    """A page, the latest first. ``before`` asks for the next one; null where there is none."""

    entries: list[EntryOut]
    before: int | None


def _filter(
    act: _Word = None,
    actor: _Word = None,
    subject: _Id = None,
    since: _Time = None,
    until: _Time = None,
    before: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
) -> Filter:
    return Filter(act or None, actor or None, subject or None, _aware(since), _aware(until), before)


def _aware(at: datetime | None) -> datetime | None:
    return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at


Wanted = Annotated[Filter, Depends(_filter)]
Limit = Annotated[int, Query(ge=1, le=A_PAGE)]


@router.get("/api/v1/audit", dependencies=[requires("see-audit")], tags=["audit"])
def read(service: Svc, actor: SignedIn, wanted: Wanted, limit: Limit = 50) -> EntriesOut:
    """Entries of the audit log by act, actor, subject and time."""
    found = entries.find(service, actor, wanted, limit)
    return EntriesOut(entries=[_out(entry) for entry in found], before=_before(found, limit))


@router.get("/audit", dependencies=[requires("see-audit")], include_in_schema=False)
def show(request: Request, service: Svc, actor: SignedIn, wanted: Wanted) -> Response:
    """The page of the audit log."""
    found = entries.find(service, actor, wanted, _A_SCREEN)
    return page(
        request, "audit.html", entries=found, wanted=wanted, acts=entries.acts(service, actor),
        before=_before(found, _A_SCREEN), query=_query(wanted),
    )  # fmt: skip


@router.get("/audit.csv", dependencies=[requires("see-audit")], include_in_schema=False)
def export(service: Svc, actor: SignedIn, wanted: Wanted) -> Response:
    """The latest 10,000 entries that match, as a file."""
    return StreamingResponse(
        entries.export(service, actor, wanted), media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="audit.csv"'},
    )  # fmt: skip


def _out(entry: Entry) -> EntryOut:
    return EntryOut(
        seq=entry.seq, at=at(entry.at_ms), actor=entry.actor, act=entry.act,
        subject=entry.subject, facts=_facts(entry.facts), hash=entry.hash,
    )  # fmt: skip


def _facts(text: str) -> dict[str, Any]:
    """The facts; as they lie there where somebody has changed them to what is no JSON."""
    try:
        return dict(json.loads(text))
    except (ValueError, TypeError):
        return {"unreadable": str(text)}


def _before(found: tuple[Entry, ...], limit: int) -> int | None:
    return found[-1].seq if len(found) == limit else None


def _query(wanted: Filter) -> dict[str, str]:
    """The filter as the parameters of an address, without the place in the log."""
    given = {
        "act": wanted.act, "actor": wanted.actor, "subject": wanted.subject,
        "since": wanted.since and wanted.since.isoformat(), "until": wanted.until and wanted.until.isoformat(),
    }  # fmt: skip
    return {name: value for name, value in given.items() if value}
