"""The cookie that a session lies in: for this host alone, unseen by scripts, not sent with what other sites post."""

from starlette.responses import Response

from human_review.web.site import Site


def set_session(response: Response, site: Site, token: str) -> None:
    """Give the browser a session, until it is closed; the database ends it earlier."""
    set_secret(response, site, site.cookie, token)


def drop_session(response: Response, site: Site) -> None:
    """Take the session from the browser."""
    drop(response, site, site.cookie)


def set_secret(response: Response, site: Site, name: str, value: str) -> None:
    """Give the browser a secret."""
    response.set_cookie(name, value, path="/", secure=site.secure, httponly=True, samesite="lax")


def drop(response: Response, site: Site, name: str) -> None:
    """Take a cookie from the browser."""
    response.delete_cookie(name, path="/", secure=site.secure, httponly=True, samesite="lax")
