"""Exports: the statements of reasons for the transparency database."""

from datetime import UTC, date, datetime, time
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime
from starlette.requests import Request
from starlette.responses import Response

from human_review.appeals.exporting import export
from human_review.permissions import Actor
from human_review.service import Service
from human_review.web.access import SignedIn, Svc, requires
from human_review.web.pages import page

router = APIRouter(tags=["exports"], dependencies=[requires("export")])

_LINES = "application/x-ndjson"
_ABOUT: dict[int | str, dict[str, Any]] = {
    200: {"content": {_LINES: {"schema": {"type": "string"}}}, "description": "JSON lines"}
}


@router.get("/api/v1/exports/dsa", response_class=StreamingResponse, responses=_ABOUT)
def dsa(
    service: Svc, actor: SignedIn,
    begin: Annotated[AwareDatetime, Query(alias="from", examples=["2026-01-01T00:00:00Z"])],
    end: Annotated[AwareDatetime, Query(alias="to", examples=["2026-02-01T00:00:00Z"])],
) -> Response:  # fmt: skip
    """Restrictions applied from ``from`` on and before ``to``, as the transparency database takes them.

    Each line but the last is the body of one call with at most 100 statements; the last is a report with what had to
    be refused, and why.
    """
    return _lines(service, actor, begin, end)


@router.get("/exports")
def exports_page(request: Request) -> Response:
    """What can be exported."""
    return page(request, "exports.html", today=datetime.now(UTC).date().isoformat())


@router.get("/exports/dsa", include_in_schema=False)
def dsa_of_days(
    service: Svc, actor: SignedIn, first: Annotated[date, Query(alias="from")],
    after: Annotated[date, Query(alias="to")],
) -> Response:  # fmt: skip
    """The same for whole days in UTC, of which the second is the first that does not belong to it."""
    return _lines(service, actor, datetime.combine(first, time(), UTC), datetime.combine(after, time(), UTC))


def _lines(service: Service, actor: Actor, begin: datetime, end: datetime) -> Response:
    name = f"dsa-{begin:%Y-%m-%d}-{end:%Y-%m-%d}.jsonl"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(export(service, actor, begin, end), media_type=_LINES, headers=headers)
