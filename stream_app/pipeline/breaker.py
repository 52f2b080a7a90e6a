"""Circuit breaker: stop asking a part that keeps failing, and ask again after a while."""

from collections.abc import Callable


class Breaker:
    """Opens after ``failures`` in a row; after ``rest_seconds`` one trial is let through (half open).

    ``now`` gives seconds on a monotonic clock.
    """

    def __init__(self, *, failures: int = 3, rest_seconds: float = 15.0, now: Callable[[], float]) -> None:
        self._limit = failures
        self._rest_seconds = rest_seconds
        self._now = now
        self._failed = 0
        self._open_until = 0.0

    @property
    def is_open(self) -> bool:
        """Whether the part must be left alone for now."""
        return self._failed >= self._limit and self._now() < self._open_until

    def succeeded(self) -> None:
        """Close the circuit."""
        self._failed = 0

    def failed(self, *, at_once: bool = False) -> None:
        """Count one failure; ``at_once`` opens the circuit whatever the count (a hang costs too much to repeat)."""
        self._failed = max(self._failed + 1, self._limit if at_once else 0)
        if self._failed >= self._limit:
            self._open_until = self._now() + self._rest_seconds
