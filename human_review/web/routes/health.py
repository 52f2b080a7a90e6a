"""For orchestrators and Prometheus: alive, ready, metrics; and the description of the API."""

from typing import Any

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from human_review.web.access import Svc, public

router = APIRouter()


@router.get("/healthz", dependencies=[public()])
async def alive() -> Response:
    """200 while the process answers at all, also while all its threads wait for the database."""
    return PlainTextResponse("ok\n")


@router.get("/readyz", dependencies=[public()])
def ready(request: Request, service: Svc) -> Response:
    """200 while the database answers and messages go in and out, else 503 with what does not."""
    stream = request.app.state.stream
    parts = {"database": _answers(service), "stream": stream is None or stream.healthy()}
    return JSONResponse(parts, 200 if all(parts.values()) else 503)


@router.get("/metrics", dependencies=[public()])
def metrics(service: Svc) -> Response:
    """Counts and times for Prometheus; no content and no names."""
    return Response(generate_latest(service.telemetry.registry), media_type=CONTENT_TYPE_LATEST)


@router.get("/api/openapi.json", dependencies=[public()], include_in_schema=False)
def description(request: Request) -> dict[str, Any]:
    """The OpenAPI description of everything under /api."""
    found: dict[str, Any] = request.app.openapi()
    return found


def _answers(service: Svc) -> bool:
    try:
        with service.database.read() as connection:
            connection.execute(select(1))
    except SQLAlchemyError:
        return False
    return True
