"""In which order tasks are given out."""

from math import log2

_MINUTE_MS = 60_000
_LEAST_HARM = 2.0**-20


def rank_ms(due_ms: int, expected_harm: float, half_life_minutes: float) -> int:
    """The lowest comes first. ``expected_harm`` is 0 to 1.

    Urgency at a time t is harm × 2^((t - due) / half-life): what waits past its due time counts twice as much every
    half-life. Its logarithm differs between two tasks by an amount that does not depend on t, so the order never
    changes by itself and an index can hold it.
    """
    harm = min(1.0, max(_LEAST_HARM, expected_harm))
    return round(due_ms - half_life_minutes * _MINUTE_MS * log2(harm))
