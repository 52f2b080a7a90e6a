"""Thresholds from costs: they minimise the expected cost, exactly, on the grid of the scores."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.pipeline.costs import Band, Costs, band_of

cost = st.integers(1, 5000).map(lambda tenths: tenths / 10)


def _expected(costs: Costs, steps: int) -> dict[str, Fraction]:
    score = Fraction(steps, 10_000)
    wrong, miss, review = (Fraction(str(value)) for value in costs.as_tuple())
    return {"act": (1 - score) * wrong, "review": review, "allow": score * miss}


def _chosen(band: Band, steps: int) -> str:
    score = round(steps / 10_000, 4)
    if score >= band.act_from:
        return "act"
    return "review" if score >= band.review_from else "allow"


@given(cost, cost, cost, st.lists(st.integers(0, 10_000), min_size=1, max_size=50))
def test_no_other_choice_costs_less_than_the_one_of_the_band(
    wrong: float, miss: float, review: float, grid: list[int]
) -> None:
    costs = Costs(wrong, miss, review)
    try:
        band = band_of(costs)
    except ValueError:
        return
    near = [round(edge * 10_000) + by for edge in band.as_tuple() for by in (-1, 0, 1)]
    for steps in {*grid, *near}:
        if 0 <= steps <= 10_000:
            expected = _expected(costs, steps)
            assert expected[_chosen(band, steps)] == min(expected.values())


@given(cost, cost, cost)
def test_costs_in_another_unit_give_the_same_band(wrong: float, miss: float, review: float) -> None:
    try:
        band = band_of(Costs(wrong, miss, review))
    except ValueError:
        return
    assert band_of(Costs(wrong * 8, miss * 8, review * 8)) == band


def test_an_example_by_hand() -> None:
    assert band_of(Costs(wrong_removal=20, miss=5, review=1)) == Band(0.2, 0.95)


def test_thresholds_are_rounded_up_so_that_a_score_below_is_never_acted_on() -> None:
    assert band_of(Costs(wrong_removal=15, miss=6, review=1)) == Band(0.1667, 0.9334)


def test_decimal_costs_are_taken_as_they_are_written() -> None:
    assert band_of(Costs(wrong_removal=1.0, miss=0.3, review=0.1)) == Band(0.3334, 0.9)


def test_a_review_that_is_dearer_than_both_mistakes_leaves_one_threshold() -> None:
    band = band_of(Costs(wrong_removal=30, miss=10, review=9))
    assert band == Band(0.75, 0.75)


@pytest.mark.parametrize("costs", [(0, 1, 1), (1, 0, 1), (1, 1, 0), (-1, 1, 1)])
def test_costs_of_nothing_are_refused(costs: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="above 0"):
        band_of(Costs(*costs))


@pytest.mark.parametrize("costs", [(1_000_000, 1, 0.01), (1_000_000, 1, 5)])
def test_costs_that_leave_no_score_to_act_on_are_refused(costs: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="act_from < 1"):
        band_of(Costs(*costs))


@pytest.mark.parametrize("edges", [(0.0, 0.5), (0.6, 0.5), (0.5, 1.0), (float("nan"), 0.5)])
def test_a_band_out_of_order_cannot_be_made(edges: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="review_from"):
        Band(*edges)
