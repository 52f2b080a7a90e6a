from hypothesis import given
from hypothesis import strategies as st

from human_review.urgency import rank_ms

HALF_LIFE = 60.0
due = st.integers(0, 2**41)
harm = st.floats(0.001, 1.0)


def urgency(due_ms: int, expected_harm: float, now_ms: int) -> float:
    # The logarithm to base 2 of harm × 2^((now - due) / half-life): doubles would overflow for old tasks.
    from math import log2

    return log2(expected_harm) + (now_ms - due_ms) / (HALF_LIFE * 60_000)


@given(first=st.tuples(due, harm), second=st.tuples(due, harm), now=due)
def test_the_order_is_that_of_harm_growing_with_age_at_any_time(
    first: tuple[int, float], second: tuple[int, float], now: int
) -> None:
    ranks = rank_ms(*first, HALF_LIFE), rank_ms(*second, HALF_LIFE)
    urgencies = urgency(*first, now), urgency(*second, now)
    if abs(urgencies[0] - urgencies[1]) > 1e-4:
        assert (ranks[0] < ranks[1]) == (urgencies[0] > urgencies[1])


def test_half_the_harm_waits_one_half_life_longer() -> None:
    assert rank_ms(0, 0.5, HALF_LIFE) - rank_ms(0, 1.0, HALF_LIFE) == 60 * 60_000


def test_no_harm_at_all_still_has_a_place_in_the_queue() -> None:
    assert rank_ms(0, 0.0, HALF_LIFE) == 20 * 60 * 60_000
