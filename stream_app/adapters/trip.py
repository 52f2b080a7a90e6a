"""Fault injection for tests: at a named point, armed by a setting, the process ends or stops itself.

``mid-publish`` ends it like ``kill -9``; ``mid-publish!stop`` stops it like ``kill -STOP``, so that it can come back
as a zombie.
"""

import os
import signal
import threading
from collections.abc import Iterable

from stream_app.errors import ConfigError

POINTS = {
    "after-poll": "a batch was read, nothing is done with it",
    "after-lookup": "the ledger was asked what it knows of the batch",
    "after-decide": "the batch is decided, nothing of it is published",
    "after-fence": "earlier owners of a partition are fenced out, its ledger is not up to date",
    "in-restore": "some of a partition's ledger is to be restored from the topic",
    "before-publish": "the records of one partition are about to be published",
    "mid-publish": "they are on their way in a transaction that is not committed",
    "after-publish": "the transaction is committed, the ledger does not know",
    "after-ledger": "the ledger knows, the batch is not acknowledged",
    "after-ack": "the batch is acknowledged, the offsets are not committed",
    "in-revoke": "Kafka takes the partitions back",
}
"""The worker's points, and what it has done when it passes them."""

ACTIONS = {"": signal.SIGKILL, "stop": signal.SIGSTOP}


class Trip:
    """Does nothing unless a point is armed (``point`` or ``point!stop``), and then at its ``after``-th passage.

    ``points`` are those of the process; raises ConfigError for one that it does not have.
    """

    def __init__(self, armed: str = "", after: int = 1, points: Iterable[str] = POINTS) -> None:
        point, _, action = armed.partition("!")
        if armed and (point not in points or action not in ACTIONS):
            known = ", ".join(points)
            raise ConfigError(
                "environment", "WEIR_TRIP_POINT", f"no trip point {armed!r}; known: {known}, each with !stop"
            )
        self._point = point
        self._signal = ACTIONS.get(action, signal.SIGKILL)
        self._left = after
        self._lock = threading.Lock()

    def __call__(self, point: str) -> None:
        """Pass a point."""
        if not self._point or point != self._point:
            return
        with self._lock:
            self._left -= 1
            fires = self._left == 0
        if fires:
            os.kill(os.getpid(), self._signal)
