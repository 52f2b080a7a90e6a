"""The web application: every module of human_review.web.routes that has a ``router``."""

import importlib
import pkgutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

from anyio.to_thread import current_default_thread_limiter
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.middleware import Middleware
from starlette.staticfiles import StaticFiles

from human_review.people import issuer
from human_review.service import Service
from human_review.web import errors, routes
from human_review.web.access import declared
from human_review.web.headers import Guard
from human_review.web.openapi import complete
from human_review.web.site import site_of

THREADS = 8
_STATIC = Path(__file__).resolve().parent / "static"


class Stream(Protocol):
    """What runs beside the pages (human_review.stream.run)."""

    def healthy(self) -> bool:
        """Whether messages go in and out."""
        ...


def create_app(service: Service, *, stream: Stream | None = None) -> FastAPI:
    """The application over a service. Raises RuntimeError for a route that does not declare who may use it.

    Raises ConfigError where the settings do not say how the service is reached, or what its issuer knows it by.
    """
    site = site_of(service.settings)
    if issuer.is_configured(service.settings):
        issuer.client_of(service.settings, site.url)
    app = _Application(
        title="weir review", version=version("weir"), openapi_url=None, docs_url=None, redoc_url=None,
        redirect_slashes=False, lifespan=_few_threads,
        middleware=[Middleware(Guard, site=site, telemetry=service.telemetry), Middleware(errors.Unexpected)],
        summary="Review of content by people: tasks, labels, appeals, quality.",
    )  # fmt: skip
    app.state.service, app.state.stream, app.state.site = service, stream, site
    for router in routers():
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=_STATIC))
    errors.install(app)
    return app


class _Application(FastAPI):
    """Describes its API with everything that its routes declare."""

    def openapi(self) -> dict[str, Any]:
        """The description, made once."""
        if self.openapi_schema is None:
            complete(super().openapi(), all_routes(routers()), self.state.site.cookie)
        described: dict[str, Any] = super().openapi()
        return described


@asynccontextmanager
async def _few_threads(_: FastAPI) -> AsyncIterator[None]:
    """Requests wait in a line rather than beside each other.

    Forty threads (the library's number) that share one interpreter and its lock all become slow together, and hold
    their rows locked for as long; a few finish one after the other, and leave the database something to do.
    """
    current_default_thread_limiter().total_tokens = THREADS
    yield


def routers() -> list[APIRouter]:
    """The routers of all modules of routes, by name, once each of their routes declares who may use it."""
    names = sorted(found.name for found in pkgutil.iter_modules(routes.__path__))
    modules = [importlib.import_module(f"{routes.__name__}.{name}") for name in names]
    found = [module.router for module in modules if hasattr(module, "router")]
    for route in all_routes(found):
        if len(declared(route)) != 1:
            raise RuntimeError(f"{route.path} must declare exactly one of requires(act) and public()")
        # The description of the API is for programs; pages are for people.
        route.include_in_schema = route.include_in_schema and route.path.startswith(errors.API)
    return found


def all_routes(found: list[APIRouter]) -> list[APIRoute]:
    """Every route of the routers. Raises RuntimeError for anything else in them, which nothing would check."""
    every = [route for router in found for route in router.routes]
    if strange := [route for route in every if not isinstance(route, APIRoute)]:
        raise RuntimeError(f"{strange[0]!r} must be a route of its own, so that it can declare who may use it")
    return [route for route in every if isinstance(route, APIRoute)]
