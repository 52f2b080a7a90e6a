"""Turns at one thing, first come first served."""

import threading
from collections import deque
from types import TracebackType


class Turns:
    """A lock whose waiters get it in the order in which they came.

    SQLite lets writers try again and again, so that under load some wait for seconds while others come twice, and
    neither does `threading.Lock` promise an order.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._taken = False
        self._waiting: deque[threading.Event] = deque()

    def __enter__(self) -> None:
        with self._guard:
            if not self._taken:
                self._taken = True
                return
            mine = threading.Event()
            self._waiting.append(mine)
        mine.wait()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._taken = False
