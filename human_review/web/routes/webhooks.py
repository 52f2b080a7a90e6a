"""Webhooks: the API and the page, for admins."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Path
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from human_review.errors import Invalid
from human_review.permissions import Actor
from human_review.service import Service
from human_review.times import at
from human_review.web.access import SignedIn, Svc, requires
from human_review.web.openapi import problems
from human_review.web.pages import page, redirect
from human_review.webhooks import registry
from human_review.webhooks.events import EVENTS
from human_review.webhooks.registry import Registered, Webhook

router = APIRouter(tags=["webhooks"], dependencies=[requires("manage-webhooks")])
WebhookId = Annotated[str, Path(pattern=r"^wh_[0-9a-f]{24}$")]


class NewWebhook(BaseModel):
    """Where to send which events."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"url": "https://example.org/weir", "events": ["appeal.decided"]}]},
    )
    url: Annotated[str, Field(min_length=1, max_length=2000)]
    events: Annotated[list[Annotated[str, Field(max_length=64)]], Field(min_length=1, max_length=20)]


class WebhookSecret(BaseModel):
    """The secret that signs, shown this once."""

    webhook_id: str
    secret: str


class WebhookOut(BaseModel):
    """A webhook; ``waiting`` and ``given_up`` count its deliveries of the last days."""

    webhook_id: str
    url: str
    events: list[str]
    created_at: datetime
    rotated_at: datetime | None
    waiting: int
    given_up: int


@router.get("/api/v1/webhooks")
def webhooks(service: Svc, actor: SignedIn) -> list[WebhookOut]:
    """Every webhook, the oldest first."""
    return [_out(each) for each in registry.listed(service, actor)]


@router.post("/api/v1/webhooks", status_code=201)
def register(service: Svc, actor: SignedIn, given: NewWebhook) -> WebhookSecret:
    """Register a webhook."""
    return _secret(registry.register(service, actor, given.url, given.events))


@router.post("/api/v1/webhooks/{webhook_id}/secret", responses=problems(404))
def rotate(service: Svc, actor: SignedIn, webhook_id: WebhookId) -> WebhookSecret:
    """Give a webhook a new secret; the old one signs as well for a while."""
    return _secret(registry.rotate(service, actor, webhook_id))


@router.delete("/api/v1/webhooks/{webhook_id}", status_code=204, responses=problems(404))
def remove(service: Svc, actor: SignedIn, webhook_id: WebhookId) -> Response:
    """Remove a webhook with what waits for it."""
    registry.remove(service, actor, webhook_id)
    return Response(status_code=204)


@router.get("/webhooks")
def webhooks_page(request: Request, service: Svc, actor: SignedIn) -> Response:
    """Every webhook, and the form for one more."""
    return _page(request, service, actor)


@router.post("/webhooks")
def register_form(
    request: Request, service: Svc, actor: SignedIn, url: Annotated[str, Form(max_length=2000)],
    events: Annotated[list[str], Form(max_length=20)] = [],  # noqa: B006 - FastAPI copies defaults
) -> Response:  # fmt: skip
    """Register a webhook, and show its secret."""
    try:
        made = registry.register(service, actor, url, events)
    except Invalid as problem:
        return _page(
            request, service, actor, status_code=problem.status, problem=str(problem), url=url, chosen=events
        )  # fmt: skip
    return _page(request, service, actor, made=made)


@router.post("/webhooks/{webhook_id}/secret")
def rotate_form(request: Request, service: Svc, actor: SignedIn, webhook_id: WebhookId) -> Response:
    """Give a webhook a new secret, and show it."""
    return _page(request, service, actor, made=registry.rotate(service, actor, webhook_id))


@router.post("/webhooks/{webhook_id}/remove")
def remove_form(service: Svc, actor: SignedIn, webhook_id: WebhookId) -> Response:
    """Remove a webhook."""
    registry.remove(service, actor, webhook_id)
    return redirect("/webhooks")


def _page(
    request: Request, service: Service, actor: Actor, *, status_code: int = 200, made: Registered | None = None,
    problem: str = "", url: str = "", chosen: list[str] | None = None,
) -> Response:  # fmt: skip
    found = [_out(each) for each in registry.listed(service, actor)]
    return page(
        request, "webhooks.html", status_code=status_code, webhooks=found, events=EVENTS, made=made,
        problem=problem, url=url, chosen=chosen or [],
    )  # fmt: skip


def _secret(made: Registered) -> WebhookSecret:
    return WebhookSecret(webhook_id=made.webhook_id, secret=made.secret)


def _out(each: Webhook) -> WebhookOut:
    return WebhookOut(
        webhook_id=each.webhook_id, url=each.url, events=list(each.events), created_at=at(each.created_ms),
        rotated_at=at(each.rotated_ms) if each.rotated_ms is not None else None, waiting=each.waiting,
        given_up=each.given_up,
    )  # fmt: skip
