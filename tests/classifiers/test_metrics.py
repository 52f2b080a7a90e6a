"""Measures against values worked out by hand or by definition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import metrics

SCORES = np.array([0.1, 0.4, 0.35, 0.8])
TRUTH = np.array([False, False, True, True])


def test_known_values() -> None:
    assert metrics.auc(SCORES, TRUTH) == 0.75
    assert metrics.expected_calibration_error(np.array([0.25] * 4), TRUTH) == pytest.approx(0.25)


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=30))
def test_auc_is_the_share_of_pairs_in_order(rows: list[tuple[int, bool]]) -> None:
    scores = np.array([score for score, _ in rows], np.float64)
    truth = np.array([positive for _, positive in rows])
    pairs = [(p > n) + 0.5 * (p == n) for p in scores[truth] for n in scores[~truth]]
    found = metrics.auc(scores, truth)
    assert found == (pytest.approx(np.mean(pairs)) if pairs else None)


def test_pairs_across_strata_do_not_count() -> None:
    scores = np.array([0.1, 0.2, 0.8, 0.9])
    truth = np.array([False, True, False, True])
    assert metrics.auc(scores, truth) == 0.75
    assert metrics.stratified_auc(scores, truth, np.array([0, 0, 1, 1])) == 1.0
    assert metrics.stratified_auc(scores, truth, np.arange(4)) is None


def test_the_interval_holds_the_value_and_repeats_with_its_seed() -> None:
    random = np.random.default_rng(0)
    truth = random.random(400) < 0.3
    scores = random.normal(0, 1, 400) + truth
    value = metrics.auc(scores, truth)
    one = np.zeros(400, np.intp)
    first = metrics.stratified_auc_interval(scores, truth, one, bootstrap=100, seed=1)
    assert value is not None
    assert first is not None
    assert first[0] < value < first[1]
    assert first == metrics.stratified_auc_interval(scores, truth, one, bootstrap=100, seed=1)


def test_without_both_classes_there_is_no_measure() -> None:
    ones = np.ones(3, np.bool_)
    assert metrics.auc(np.ones(3), ones) is None
    assert metrics.stratified_auc_interval(np.ones(3), ones, np.zeros(3, np.intp), bootstrap=10, seed=0) is None
    assert metrics.expected_calibration_error(np.zeros(0), np.zeros(0, np.bool_)) is None
