"""Serves ``/metrics``, ``/healthz`` and ``/readyz`` from a thread: they answer while the event loop is stuck."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import generate_latest

from stream_app.adapters.progress import Progress
from stream_app.settings import Settings
from stream_app.telemetry import Telemetry

PLAIN = "text/plain; version=0.0.4; charset=utf-8"
JSON = "application/json"
CONNECTION_SECONDS = 5.0


def health(progress: Progress, stall_seconds: float) -> tuple[int, dict[str, object]]:
    """Whether the worker gets on: 503 while it has stood still for half the time that the watchdog allows."""
    idle = progress.idle_seconds()
    if progress.halted:
        return 503, {"status": "halted", "why": progress.halted}
    if idle > stall_seconds / 2:
        return 503, {"status": "stalled", "idle_seconds": round(idle, 1)}
    return 200, {"status": "ok", "idle_seconds": round(idle, 1)}


def ready(progress: Progress) -> tuple[int, dict[str, object]]:
    """Whether the worker takes part: 200 once Kafka has given it an assignment, be it an empty one."""
    if progress.stopping or not progress.was_assigned:
        return 503, {"status": "stopping" if progress.stopping else "starting"}
    return 200, {"status": "ready", "partitions": sorted(progress.assigned)}


def serve(settings: Settings, progress: Progress, telemetry: Telemetry) -> ThreadingHTTPServer | None:
    """Start serving; None where the port is 0. Raises OSError if the port is taken."""
    if not settings.metrics_port:
        return None

    class Handler(BaseHTTPRequestHandler):
        timeout = CONNECTION_SECONDS
        server_version = "weir"
        sys_version = ""

        def do_GET(self) -> None:
            if self.path == "/metrics":
                self._answer(200, generate_latest(telemetry.registry), PLAIN)
            elif self.path == "/healthz":
                self._answer_json(*health(progress, settings.stall_seconds))
            elif self.path == "/readyz":
                self._answer_json(*ready(progress))
            else:
                self._answer_json(404, {"status": "unknown path; known: /metrics, /healthz, /readyz"})

        def _answer_json(self, status: int, body: dict[str, object]) -> None:
            self._answer(status, json.dumps(body).encode(), JSON)

        def _answer(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("X-Content-Type-Options", "nosniff")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Requests are not logged: their lines are the caller's to choose."""

    server = ThreadingHTTPServer((settings.metrics_bind, settings.metrics_port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server
