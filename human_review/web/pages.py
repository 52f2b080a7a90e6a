"""Pages: Jinja2 templates in which everything is escaped, and that hold no script and no style of their own."""

from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from human_review.people.sessions import Session
from human_review.web import i18n

_TEMPLATES = Path(__file__).resolve().parent / "templates"


def page(request: Request, name: str, *, status_code: int = 200, **context: Any) -> HTMLResponse:
    """The template ``name`` as an answer.

    Every template also has: ``actor`` (None where nobody is signed in), ``may(act)``, ``csrf_token``, ``path`` of the
    request, and what human_review.web.i18n.page_context gives for the person's language.
    """
    session: Session | None = getattr(request.state, "session", None)
    actor = session.actor if session else None
    locale = i18n.best_locale(actor.locale if actor else None, request.headers.get("accept-language", ""))
    values: dict[str, Any] = {
        "actor": actor,
        "may": lambda act: actor is not None and actor.may(act),
        "csrf_token": session.csrf if session else "",
        "path": request.url.path,
    }
    text = environment().get_template(name).render(i18n.page_context(locale) | values | context)
    return HTMLResponse(text, status_code=status_code)


def redirect(address: str) -> Response:
    """Send the browser on with a GET; ``address`` must be checked by :func:`same_site` where it came from outside."""
    return RedirectResponse(address, status_code=303)


def sign_in_address(request: Request) -> str:
    """Where to sign in, and come back to what was asked for."""
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return f"/sign-in?next={quote(here)}" if request.method == "GET" and here != "/" else "/sign-in"


def same_site(address: str, default: str = "/") -> str:
    """The address if it is a path of this site, else ``default``: nobody is sent elsewhere by a link to us.

    Browsers read a backslash as a slash and skip control characters, so neither may occur.
    """
    path = address.startswith("/") and not address.startswith(("//", "/\\"))
    return address if path and address.isprintable() and "\\" not in address and len(address) < 2000 else default


@cache
def environment() -> Environment:
    """The environment of all templates; a name that is not there is an error, not an empty place."""
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    i18n.prepare(made)
    return made
