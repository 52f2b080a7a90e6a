import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from human_review.quality.batch import capped

NAMES = [f"person-{number}" for number in range(60)]
BATCH = st.lists(st.tuples(st.sampled_from([*NAMES, None]), st.floats(0.01, 10.0)), min_size=1, max_size=200)


@given(BATCH, st.floats(0.01, 0.5))
def test_nobody_has_more_than_the_share_and_nothing_is_raised_or_lost(
    batch: list[tuple[str | None, float]], most: float
) -> None:
    people, weights = [name for name, _ in batch], [weight for _, weight in batch]
    kept = capped(weights, people, most)
    named = {name for name in people if name is not None}
    allowed = most if None in people else max(most, 2 / max(1, len(named)))
    for name in named:
        share = sum(weight for weight, owner in zip(kept, people, strict=True) if owner == name) / kept.sum()
        assert share <= allowed + 1e-9
    assert len(kept) == len(weights)
    assert (kept > 0).all()
    assert (kept <= np.array(weights) + 1e-12).all()


def test_who_is_under_the_cap_keeps_every_weight() -> None:
    people = ["busy"] * 100 + [f"person-{number}" for number in range(100)]
    kept = capped([1.0] * 200, people, 0.02)
    assert kept[100:].tolist() == [1.0] * 100
    assert kept[:100].sum() == pytest.approx(0.02 * kept.sum())


def test_few_people_are_held_to_twice_an_equal_share() -> None:
    kept = capped([1.0] * 90 + [1.0] * 5 + [1.0] * 5, ["a"] * 90 + ["b"] * 5 + ["c"] * 5, 0.02)
    assert kept[:90].sum() / kept.sum() == pytest.approx(2 / 3)


def test_a_batch_of_nobody_is_left_alone() -> None:
    assert capped([0.5, 2.0], [None, None], 0.02).tolist() == [0.5, 2.0]
    assert capped([], [], 0.02).tolist() == []
