"""The pages in a real Chromium, for tests: a server on loopback, and people who are signed in."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, Route, sync_playwright

from human_review.people import accounts, sessions
from human_review.permissions import Actor, Role
from human_review.service import Service
from human_review.web.app import create_app
from human_review.web.site import site_of

CHROMIUM = "/usr/bin/chromium"
_START_SECONDS = 20


@contextmanager
def serving(service: Service) -> Iterator[str]:
    """Run the application where its settings say; gives the address."""
    app = create_app(service)
    host, _, port = service.settings.review_bind.rpartition(":")
    server = uvicorn.Server(uvicorn.Config(app, host=host, port=int(port), log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    started = time.monotonic()
    while not server.started:
        if time.monotonic() - started > _START_SECONDS:
            raise RuntimeError("the server did not start")
        time.sleep(0.02)
    yield site_of(service.settings).url
    server.should_exit = True
    thread.join()


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium, as root too."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Visitor:
    """A person at a browser of their own. ``foreign`` are addresses beyond our own that a page asked for."""

    actor: Actor
    context: BrowserContext
    page: Page
    url: str
    foreign: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """Load a page of ours."""
        self.page.goto(self.url + path)
        return self.page


def visit(
    browser: Browser, service: Service, url: str, role: Role = "reviewer", *, name: str = "kim", locale: str = "en",
    **options: Any,
) -> Visitor:  # fmt: skip
    """Somebody of a role, signed in; ``options`` are those of a browser context."""
    actor = accounts.create(service, None, name=name, role=role, oidc=accounts.Issued("test", name)).actor
    with service.database.write() as connection:
        connection.exec_driver_sql(f"UPDATE users SET locale = '{locale}' WHERE user_id = '{actor.user_id}'")  # noqa: S608 - words of tests
        token = sessions.begin(connection, service, actor.user_id)
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}} | options)
    context.add_cookies([{"name": site_of(service.settings).cookie, "value": token, "url": url}])
    visitor = Visitor(actor, context, context.new_page(), url)
    watch(visitor)
    return visitor


def watch(visitor: Visitor) -> None:
    """Note, and refuse, what asks for another origin; note scripts that fail."""

    def route(asked: Route) -> None:
        if asked.request.url.startswith(visitor.url + "/"):
            asked.continue_()
        else:
            visitor.foreign.append(asked.request.url)
            asked.abort()

    visitor.context.route("**/*", route)
    visitor.page.on("pageerror", lambda error: visitor.faults.append(str(error)))
    visitor.page.on("console", lambda said: visitor.faults.append(said.text) if said.type == "error" else None)
