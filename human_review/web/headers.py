"""What every request must keep to and every answer carries, whatever the route."""

import time
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from human_review.web.site import Site
from stream_app.contracts.metrics import REQUEST_SECONDS
from stream_app.telemetry import Telemetry

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"})
STATIC = "/static/"
# Asked by orchestrators by address, so by any name.
ANY_HOST = frozenset({"/healthz", "/readyz", "/metrics"})
MOST_BODY_BYTES = 2**20
_MOST_ADDRESS = 8 * 1024
_MOST_HEADERS = 100
_MOST_HEADER_BYTES = 32 * 1024

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
FIXED = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Guard:
    """Refuses requests that no client of ours sends, and adds the headers of FIXED to every answer."""

    def __init__(self, app: ASGIApp, site: Site, telemetry: Telemetry) -> None:
        self._app = app
        self._site = site
        self._telemetry = telemetry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        problem = _problem(scope, self._site)
        answer = _refusal(scope["path"], *problem) if problem else self._app
        await answer(scope, _limited(receive), self._with_headers(scope, send))

    def _with_headers(self, scope: Scope, send: Send) -> Send:
        started = time.perf_counter()

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                took, status = time.perf_counter() - started, f"{message['status'] // 100}xx"
                self._telemetry.observe(REQUEST_SECONDS, took, _route(scope), status)
                _add(MutableHeaders(scope=message), scope["path"], secure=self._site.secure)
            await send(message)

        return sending


def _route(scope: Scope) -> str:
    """The route that answers, as it is declared: addresses themselves hold ids, and any number of them."""
    return str(getattr(scope.get("route"), "path", "none"))


def _limited(receive: Receive) -> Receive:
    """Ends a request whose body grows beyond the limit, whatever length it has announced."""
    taken = 0

    async def receiving() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > MOST_BODY_BYTES:
            raise HTTPException(413, headers={"Connection": "close"})
        return message

    return receiving


def _refusal(path: str, status: int, message: str) -> Response:
    """Nothing of such a connection is trusted any more."""
    close = {"Connection": "close"}
    if path.startswith("/api/"):
        return JSONResponse({"code": "refused", "message": message}, status, close)
    return PlainTextResponse(message + "\n", status, close)


def _add(headers: MutableHeaders, path: str, *, secure: bool) -> None:
    for name, value in FIXED.items():
        headers[name] = value
    if secure:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    # Files of the page may be kept and asked about; nothing else may be seen again with the back button.
    headers["Cache-Control"] = "no-cache" if path.startswith(STATIC) else "no-store"


def _problem(scope: Scope, site: Site) -> tuple[int, str] | None:
    """Status and text for a request that is refused as a whole."""
    raw: Iterable[tuple[bytes, bytes]] = scope["headers"]
    headers = Headers(scope=scope)
    if len(scope.get("raw_path") or b"") + len(scope.get("query_string") or b"") > _MOST_ADDRESS:
        return 414, f"an address may have {_MOST_ADDRESS} bytes"
    if len(headers) > _MOST_HEADERS or sum(len(name) + len(value) for name, value in raw) > _MOST_HEADER_BYTES:
        return 431, f"a request may have {_MOST_HEADERS} headers of {_MOST_HEADER_BYTES} bytes together"
    if scope["path"] not in ANY_HOST and headers.getlist("host") not in [[host] for host in site.hosts]:
        return 421, f"this service is reached as {site.url}"
    if scope["method"] not in METHODS:
        return 405, "this method is not used here"
    if _announced(headers) > MOST_BODY_BYTES:
        return 413, f"a body may have {MOST_BODY_BYTES} bytes"
    if headers.get("content-encoding", "identity").lower() != "identity":
        return 415, "send the body as it is, without Content-Encoding"
    return None


def _announced(headers: Headers) -> int:
    length = headers.get("content-length", "0")
    return int(length) if length.isascii() and length.isdigit() and len(length) < 20 else MOST_BODY_BYTES + 1
