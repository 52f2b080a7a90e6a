"""A page of somebody else must not act for who is signed in here.

Every request that may change something must come from our own origin, as browsers say in Origin and
Sec-Fetch-Site; with a session it must also carry the session's token, which only our own pages can read.
"""

from hmac import compare_digest

from starlette.datastructures import FormData
from starlette.requests import Request

from human_review.errors import Forbidden
from human_review.people.sessions import Session
from human_review.web.site import Site

FIELD = "csrf_token"
HEADER = "x-csrf-token"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_OWN_SITE = ("same-origin", "none")  # none: typed in or from a bookmark


async def check(request: Request, site: Site, session: Session | None) -> None:
    """Raise Forbidden for a request that changes something and may come from another site."""
    if request.method in SAFE or (session is not None and session.csrf is None):
        return  # nothing changes, or a bearer token, which no browser adds by itself
    _check_origin(request, site)
    if session is not None and session.csrf is not None:
        given = request.headers.get(HEADER) or await _field(request)
        if not compare_digest(given.encode("utf-8", "replace"), session.csrf.encode()):
            raise Forbidden(
                "the page is from an earlier session or from another site; load it again"
                f" (programs: send the session's token in the header {HEADER})"
            )


def _check_origin(request: Request, site: Site) -> None:
    """Programs send neither header; every browser in use sends at least one with what is not a GET."""
    origin = request.headers.get("origin")
    if origin is not None and origin.lower() not in site.origins:
        raise Forbidden(f"this was sent from another site; open {site.url}")
    if request.headers.get("sec-fetch-site", _OWN_SITE[0]) not in _OWN_SITE:
        raise Forbidden(f"this was sent from another site; open {site.url}")


async def _field(request: Request) -> str:
    """What a form of our pages carries; the API takes no forms."""
    if request.url.path.startswith("/api/") or not request.headers.get("content-type", "").lower().startswith(_FORMS):
        return ""
    form: FormData = await request.form()
    value = form.get(FIELD)
    return value if isinstance(value, str) else ""
