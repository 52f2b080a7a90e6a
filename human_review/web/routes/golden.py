"""Golden items for leads: the page and the API."""

from datetime import datetime
from typing import Annotated

import msgspec
from fastapi import APIRouter, Form, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from human_review.quality import golden_items
from human_review.quality.golden_items import State
from human_review.web.access import SignedIn, Svc, requires
from human_review.web.openapi import problems
from human_review.web.pages import page, redirect

router = APIRouter(dependencies=[requires("manage-golden")], tags=["golden"])
_Id = Annotated[str, Path(min_length=1, max_length=64)]
_MOST = 100


class GoldenItem(BaseModel):
    """An item whose right answer is known; ``answered`` and ``right`` count the copies that people answered."""

    golden_id: str
    item_id: str
    label: str | None
    language: str
    verdict: str
    labels: list[str]
    source: str
    state: str
    views: int
    answered: int
    right: int
    created_at: datetime


class FromTask(BaseModel):
    """Names the decided task that becomes golden."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"task_id": "0123456789abcdef0123456789abcdef"}]}
    )
    task_id: Annotated[str, Field(min_length=1, max_length=64)]


class Move(BaseModel):
    """What the item becomes."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"state": "active"}]})
    state: State


@router.get("/api/v1/golden")
def listing(
    service: Svc, actor: SignedIn, state: State = "candidate", limit: Annotated[int, Query(ge=1, le=_MOST)] = _MOST
) -> list[GoldenItem]:
    """The newest of a state."""
    return [_out(item) for item in golden_items.listing(service, actor, state, limit=limit)]


@router.post("/api/v1/golden", status_code=201, responses=problems(404, 409))
def add(service: Svc, actor: SignedIn, asked: FromTask) -> GoldenItem:
    """Make a candidate of a decided task."""
    return _out(golden_items.add(service, actor, asked.task_id))


@router.put("/api/v1/golden/{golden_id}/state", responses=problems(404, 409))
def move(service: Svc, actor: SignedIn, golden_id: _Id, asked: Move) -> GoldenItem:
    """Take into use, or retire."""
    return _out(golden_items.move(service, actor, golden_id, asked.state))


@router.get("/quality/golden")
def golden_page(request: Request, service: Svc, actor: SignedIn, state: State = "candidate") -> Response:
    """The newest of a state, and what can be done with them."""
    found = golden_items.listing(service, actor, state, limit=_MOST)
    return page(request, "golden.html", items=found, state=state, labels=service.config.labels)


@router.get("/quality/golden/{golden_id}")
def golden_one(request: Request, service: Svc, actor: SignedIn, golden_id: _Id) -> Response:
    """One with its text."""
    item, text = golden_items.look(service, actor, golden_id)
    return page(request, "golden_one.html", item=item, text=text, labels=service.config.labels)


@router.post("/quality/golden/{golden_id}")
def golden_form(service: Svc, actor: SignedIn, golden_id: _Id, state: Annotated[State, Form()]) -> Response:
    """Take into use, or retire."""
    golden_items.move(service, actor, golden_id, state)
    return redirect(f"/quality/golden/{golden_id}")


def _out(item: golden_items.Item) -> GoldenItem:
    return GoldenItem.model_validate(msgspec.to_builtins(item, builtin_types=(datetime,)))
