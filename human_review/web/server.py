"""Serves the application: one process, threads for what waits on the database."""

import socket

import uvicorn
from fastapi import FastAPI

from human_review.web.site import split_bind, trusted_proxies
from stream_app.errors import ConfigError
from stream_app.settings import Settings

_HEADER_BYTES = 64 * 1024
_KEEP_ALIVE_SECONDS = 15
_CONNECTIONS = 2000


def serve(app: FastAPI, settings: Settings) -> None:
    """Answer requests until the process is told to stop. Raises ConfigError where the address cannot be had."""
    server(app, settings).run(sockets=[listen(settings.review_bind)])


def server(app: FastAPI, settings: Settings) -> uvicorn.Server:
    """The server with its limits, not yet running. Raises ConfigError."""
    proxies = trusted_proxies(settings)
    config = uvicorn.Config(
        app, http="h11", ws="none", lifespan="on", h11_max_incomplete_event_size=_HEADER_BYTES,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS, limit_concurrency=_CONNECTIONS, backlog=_CONNECTIONS,
        timeout_graceful_shutdown=settings.shutdown_seconds,
        proxy_headers=bool(proxies),  # else who asks is who is connected: anybody can write X-Forwarded-For
        forwarded_allow_ips=proxies,
        server_header=False, access_log=False, log_config=None,
    )  # fmt: skip
    return uvicorn.Server(config)


def listen(bind: str) -> socket.socket:
    """A socket that listens on an address such as ``127.0.0.1:8788``. Raises ConfigError."""
    host, port = split_bind(bind)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_CONNECTIONS)
    except OSError as problem:
        raise ConfigError(
            "environment", "WEIR_REVIEW_BIND", f"{bind} cannot be listened on: {problem.strerror}"
        ) from problem
