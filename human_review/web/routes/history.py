"""The page of what was answered."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import AwareDatetime
from starlette.requests import Request
from starlette.responses import Response

from human_review.database.engine import now_ms
from human_review.desk import history
from human_review.times import at
from human_review.web.access import SignedIn, Svc, requires
from human_review.web.pages import page

router = APIRouter(include_in_schema=False)
_A_PAGE = 50


@router.get("/history", dependencies=[requires("see-own-work")])
def past(
    request: Request, service: Svc, actor: SignedIn, own: bool = True,
    before: Annotated[AwareDatetime | None, Query()] = None,
) -> Response:  # fmt: skip
    """The latest answers, fifty a page; those of others for whoever may see them."""
    found = history.history(service, actor, own=own, before=before, limit=_A_PAGE)
    older: dict[str, Any] = {"older": found[-1].decided_at.isoformat() if len(found) == _A_PAGE else ""}
    with service.database.read() as connection:
        now = at(now_ms(connection))
    return page(request, "history.html", past=found, own=own, labels=service.config.labels, now=now, **older)
