"""When something was last achieved. Read by the watchdog and the health page, written by whoever achieves it."""

import time
from dataclasses import dataclass, field


@dataclass(slots=True)
class Progress:
    """Shared between threads; every field is written by one of them and only ever replaced.

    ``beat_at`` is monotonic seconds; ``waiting_since`` is when work was first seen to wait, or None while none does.
    """

    beat_at: float = field(default_factory=time.monotonic)
    waiting_since: float | None = None
    assigned: frozenset[int] = frozenset()
    was_assigned: bool = False
    halted: str = ""
    stopping: bool = False

    def beat(self) -> None:
        """Say that something was achieved."""
        self.beat_at = time.monotonic()

    def idle_seconds(self) -> float:
        """How long work has been waiting without anything achieved; 0 while nothing waits."""
        if self.waiting_since is None:
            return 0.0
        return time.monotonic() - max(self.beat_at, self.waiting_since)
