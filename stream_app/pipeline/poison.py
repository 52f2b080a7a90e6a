"""How much unreadable input is too much: past the limit, bad code or a bad producer is draining a topic."""

from collections import defaultdict, deque

from stream_app.errors import PoisonFlood
from stream_app.pipeline.outcome import Outcome


class PoisonBudget:
    """Counts what was buried among the last ``window`` messages of each partition.

    The flood is declared when more than ``limit`` (a share) of a whole window was buried, so that a few bad messages
    in a quiet topic stop nothing.
    """

    def __init__(self, *, limit: float, window: int) -> None:
        self._allowed = limit * window
        self._recent: defaultdict[int, deque[bool]] = defaultdict(lambda: deque(maxlen=window))

    def spend(self, partition: int, outcomes: list[Outcome]) -> None:
        """Take in the outcomes of a batch before they are published. Raises PoisonFlood past the limit."""
        recent = self._recent[partition]
        recent.extend(outcome.kind == "buried" for outcome in outcomes)
        buried = sum(recent)
        if buried > self._allowed:
            reasons = sorted({outcome.reason or "" for outcome in outcomes if outcome.kind == "buried"})
            raise PoisonFlood(
                f"{buried} of the last {len(recent)} messages of partition {partition} cannot be read "
                f"({', '.join(reasons)}): consumption stops here; mend the producer or the reader, then restart"
            )
