"""The API of reports of users."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from human_review.appeals import reports, show
from human_review.web.access import SignedIn, Svc, requires
from human_review.web.openapi import problems
from human_review.web.wire import EXAMPLE_ITEM, EXAMPLE_ORIGIN, DecisionIn, Id, ItemId, ItemIn, OriginIn, read
from stream_app.contracts.review import UserReport

router = APIRouter(prefix="/api/v1/reports", tags=["reports"])

_EXAMPLE: JsonDict = {
    "report_id": "r-4711", "item": EXAMPLE_ITEM, "origin": EXAMPLE_ORIGIN, "reason": "hate", "reporter_id": "u-9",
    "reported_at": "2026-01-31T12:00:00Z",
}  # fmt: skip


class ReportIn(BaseModel):
    """A user reports an item: by ``item_id`` alone, or with ``item`` and ``origin``, which can open a task."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})
    report_id: Id
    item_id: ItemId | None = None
    item: ItemIn | None = None
    reason: Annotated[str, Field(max_length=1000)]
    reporter_id: Annotated[str, Field(min_length=1, max_length=256)]
    reported_at: AwareDatetime
    origin: OriginIn | None = None
    decision: DecisionIn | None = None


class ReportOut(BaseModel):
    """What became of a report."""

    report_id: str
    counted: bool
    task_id: str | None
    what_happens: str


class ReportsOut(BaseModel):
    """How an item was reported. ``reliability``: between which shares the reports of its reporters may be right."""

    item_id: str
    reports: int
    reasons: dict[str, int]
    reliability: tuple[float, float] | None


@router.post("", status_code=201, dependencies=[requires("submit")], responses=problems(409))
def bring(service: Svc, actor: SignedIn, given: ReportIn) -> ReportOut:
    """Bring a report. It brings an item before people sooner; it never acts and never becomes a label."""
    actor.must("submit")
    report = read(given, UserReport)
    with service.database.write() as connection:
        became = reports.add(connection, service, report)
    return ReportOut.model_validate(became, from_attributes=True)


@router.get("", dependencies=[requires("see-history")], responses=problems(404))
def of_item(
    service: Svc, actor: SignedIn, item_id: Annotated[str, Query(min_length=1, max_length=256)]
) -> ReportsOut:
    """How often and for what an item was reported, and how far its reporters can be relied on."""
    return ReportsOut.model_validate(show.reports_of(service, actor, item_id), from_attributes=True)
