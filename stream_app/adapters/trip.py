"""Fault injection for tests: at a named point, armed by a setting, the process ends itself like ``kill -9``."""

import os
import signal
import threading

POINTS = (
    "after-poll",
    "after-decode",
    "in-classify",
    "before-publish",
    "mid-publish",
    "after-publish",
    "after-ledger",
    "after-ack",
    "in-restore",
    "in-revoke",
)


class Trip:
    """Does nothing unless ``point`` is armed; then the ``after``-th passage of that point is the last."""

    def __init__(self, point: str = "", after: int = 1) -> None:
        if point and point not in POINTS:
            raise ValueError(f"no trip point {point!r}; known: {', '.join(POINTS)}")
        self._point = point
        self._left = after
        self._lock = threading.Lock()

    def __call__(self, point: str) -> None:
        """Pass a point."""
        if not self._point or point != self._point:
            return
        with self._lock:
            self._left -= 1
            if self._left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)
