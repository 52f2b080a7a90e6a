"""How good automation and labels are: the page, the API, the export. Nothing here ranks people."""

from datetime import datetime
from typing import Annotated

import msgspec
from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from human_review.permissions import Actor
from human_review.quality import coaching
from human_review.quality.export import as_csv
from human_review.quality.prevalence import audits_for, audits_without_error, hits_for
from human_review.quality.sampled import EVERY
from human_review.quality.summary import Row, Summary, current, summarize
from human_review.service import Service
from human_review.web.access import SignedIn, Svc, requires
from human_review.web.openapi import problems
from human_review.web.pages import page

router = APIRouter(tags=["quality"])
_Share = Annotated[float, Query(gt=0.0, lt=1.0)]
_Pseudonym = Annotated[str, Path(min_length=1, max_length=64)]


class EstimateOut(BaseModel):
    """A number with its 95 % interval; all but ``n`` are null where n is too small for one."""

    n: int
    value: float | None
    low: float | None
    high: float | None


class RowOut(BaseModel):
    """One policy label and language; ``*`` stands for all."""

    label: str
    language: str
    precision: EstimateOut = Field(description="of automatic actions, the share that people would take too")
    miss_rate: EstimateOut = Field(description="of automatically allowed items, the share that people would act on")
    prevalence: EstimateOut = Field(description="of all items, the share that people would act on")
    missed: EstimateOut = Field(description="how many allowed items people would act on, in the whole time")
    agreement: dict[str, EstimateOut] = Field(description="alpha (Krippendorff), ac1 (Gwet), raw")
    decided: int
    answers: int
    several: int = Field(description="tasks that several people answered")
    split: int = Field(description="those of them on which people disagreed")


class GoldenOut(BaseModel):
    """Golden tasks of a label: how often all people together were right."""

    label: str
    right: EstimateOut


class SummaryOut(BaseModel):
    """What the quality page shows."""

    model_config = ConfigDict(json_schema_extra={"examples": [{
        "computed_at": "2030-01-02T03:04:05Z", "days": 30, "least_audits": 59, "rows": [], "golden": [
            {"label": "*", "right": {"n": 412, "value": 0.93, "low": 0.9, "high": 0.95}}],
        "golden_items": {"candidate": 4, "active": 120, "retired": 9}, "alarms": 0,
    }]})  # fmt: skip
    computed_at: datetime
    days: int
    least_audits: int
    rows: list[RowOut]
    golden: list[GoldenOut]
    golden_items: dict[str, int]
    alarms: int


class SizesOut(BaseModel):
    """How many audits it takes."""

    without_error: int = Field(description="audits without one error that show a precision of at least `share`")
    for_half_width: int = Field(description="audits for an interval of plus or minus `half_width` around `share`")
    hits_for_relative_width: int = Field(description="hits of something rare for plus or minus `relative_width`")


class TrustOut(BaseModel):
    """How far a person's answers can be trusted for one policy label; ``*``: over all of them."""

    label: str
    answers: int = Field(description="answers that tell something: to golden tasks, and where others answered too")
    sensitivity: float
    specificity: float
    low: float
    high: float
    weight: float
    alarm: bool
    computed_at: datetime


@router.get("/api/v1/quality", dependencies=[requires("see-quality")])
def summary(service: Svc, actor: SignedIn) -> SummaryOut:
    """Estimates with intervals, by policy label and language, for the actor's languages."""
    found = _current(service)
    return SummaryOut.model_validate(
        msgspec.to_builtins(msgspec.structs.replace(found, rows=_for(actor, found)), builtin_types=(datetime,))
    )


@router.get("/api/v1/quality.csv", dependencies=[requires("see-quality")], response_class=Response,
            responses={200: {"content": {"text/csv": {}}}})  # fmt: skip
def export(service: Svc, actor: SignedIn) -> Response:
    """The same as a table for spreadsheets, in which nothing is taken for a formula."""
    found = _current(service)
    headers = {"content-disposition": 'attachment; filename="quality.csv"'}
    return Response(as_csv(found, _for(actor, found)), media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/api/v1/quality/sample-sizes", dependencies=[requires("see-quality")])
def sizes(share: _Share = 0.95, half_width: _Share = 0.02, relative_width: _Share = 0.2) -> SizesOut:
    """How many audits are enough, at 95 %."""
    return SizesOut(
        without_error=audits_without_error(share), for_half_width=audits_for(share, half_width),
        hits_for_relative_width=hits_for(relative_width),
    )  # fmt: skip


@router.get("/api/v1/quality/people/{pseudonym}", dependencies=[requires("manage-golden")], responses=problems(404))
def person(service: Svc, actor: SignedIn, pseudonym: _Pseudonym) -> list[TrustOut]:
    """One person's reliability, for coaching; there is no list of people."""
    return _trust(coaching.of_person(service, actor, pseudonym))


@router.get("/api/v1/me/reliability", dependencies=[requires("see-own-work")])
def own(service: Svc, actor: SignedIn) -> list[TrustOut]:
    """The actor's own, rounded, so that it does not tell which tasks were golden."""
    return _trust(coaching.of_self(service, actor))


@router.get("/quality", dependencies=[requires("see-quality")])
def quality_page(request: Request, service: Svc, actor: SignedIn, language: str = "") -> Response:
    """The tables, one language at a time."""
    found = _current(service)
    rows = _for(actor, found)
    languages = list(dict.fromkeys(row.language for row in rows))
    chosen = language if language in languages else next(iter(languages), EVERY)
    shown = [row for row in rows if row.language == chosen]
    return page(
        request, "quality.html", found=found, rows=shown, languages=languages, chosen=chosen,
        labels=service.config.labels, every=EVERY,
    )  # fmt: skip


@router.get("/quality/me", dependencies=[requires("see-own-work")])
def own_page(request: Request, service: Svc, actor: SignedIn) -> Response:
    """What is known of the actor's own answers."""
    rows = coaching.of_self(service, actor)
    return page(request, "quality_person.html", rows=rows, pseudonym=None, labels=service.config.labels)


@router.get("/quality/person", dependencies=[requires("manage-golden")])
def person_page(
    request: Request, service: Svc, actor: SignedIn, pseudonym: Annotated[str, Query(max_length=64)] = ""
) -> Response:
    """One person, for whoever coaches them."""
    rows = coaching.of_person(service, actor, pseudonym) if pseudonym else ()
    return page(request, "quality_person.html", rows=rows, pseudonym=pseudonym, labels=service.config.labels)


def _current(service: Service) -> Summary:
    with service.database.read() as connection:
        return current(connection) or summarize(connection, service.config.labels)


def _for(actor: Actor, found: Summary) -> tuple[Row, ...]:
    """Rows of languages that the actor covers; those of all languages for whoever covers all."""
    return tuple(row for row in found.rows if actor.may("see-quality", language=row.language))


def _trust(rows: tuple[coaching.Trusted, ...]) -> list[TrustOut]:
    return [TrustOut.model_validate(msgspec.to_builtins(row, builtin_types=(datetime,))) for row in rows]
