"""Measures over resamples, against scikit-learn with the same counts as sample weights."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import average_precision_score, f1_score, recall_score, roc_auc_score, roc_curve

from models import metrics
from models.evaluation.curves import Ranking, calibration_error, f1, ratio, stratified_auc
from models.evaluation.report import figure
from models.evaluation.resample import resamples
from models.metrics import equal_mass_bins


def _data(rows: int = 400, *, ties: bool = True) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(3)
    truth = random.random(rows) < 0.3
    scores = 1.0 / (1.0 + np.exp(-random.normal(0, 1, rows) - truth))
    return (np.round(scores, 2) if ties else scores), truth


SCORES, TRUTH = _data()
COUNTS = np.vstack(list(resamples(TRUTH.astype(np.intp), 5, 1)))


def test_auc_and_average_precision_are_those_of_scikit_learn_on_every_resample() -> None:
    curve = Ranking.of(SCORES, TRUTH).curve(COUNTS)
    for at, counts in enumerate(COUNTS):
        assert curve.auc()[at] == pytest.approx(roc_auc_score(TRUTH, SCORES, sample_weight=counts))
        expected = average_precision_score(TRUTH, SCORES, sample_weight=counts)
        assert curve.average_precision()[at] == pytest.approx(expected)


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=2, max_size=25))
def test_auc_and_average_precision_hold_with_many_ties(rows: list[tuple[int, bool]]) -> None:
    scores = np.array([score / 4 for score, _ in rows])
    truth = np.array([positive for _, positive in rows])
    curve = Ranking.of(scores, truth).curve(np.ones((1, len(rows))))
    if truth.all() or not truth.any():
        assert np.isnan(curve.auc()[0])
    else:
        assert curve.auc()[0] == pytest.approx(roc_auc_score(truth, scores))
        assert curve.average_precision()[0] == pytest.approx(average_precision_score(truth, scores))


def test_recall_at_a_rate_of_false_positives_is_read_off_the_roc_curve() -> None:
    curve = Ranking.of(SCORES, TRUTH).curve(COUNTS)
    for rate in (0.0, 0.01, 0.05, 1.0):
        for at, counts in enumerate(COUNTS):
            alarms, found, _ = roc_curve(TRUTH, SCORES, sample_weight=counts, drop_intermediate=False)
            assert curve.recall_at_fpr(rate)[at] == pytest.approx(found[alarms <= rate + 1e-12].max())


def test_exactly_the_allowed_number_of_false_positives_is_allowed() -> None:
    """0.01 * 2900 is a little below 29 in floating point."""
    scores = np.append(np.arange(2900.0), [2900 - 29.5])  # 29 negatives above the positive
    truth = np.arange(2901) == 2900
    curve = Ranking.of(scores, truth).curve(np.ones((1, 2901)))
    assert curve.recall_at_fpr(0.01)[0] == 1.0
    assert curve.recall_at_fpr(0.0099)[0] == 0.0


def test_recall_at_a_precision_takes_the_best_threshold_that_keeps_it() -> None:
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
    truth = np.array([True, False, True, True, True])
    curve = Ranking.of(scores, truth).curve(np.ones((1, 5)))
    assert curve.recall_at_precision(0.95)[0] == 0.25
    assert curve.recall_at_precision(0.8)[0] == 1.0


def test_f1_and_shares_are_those_of_scikit_learn() -> None:
    flagged = SCORES >= 0.6
    for at, counts in enumerate(COUNTS):
        assert f1(COUNTS, flagged, TRUTH)[at] == pytest.approx(f1_score(TRUTH, flagged, sample_weight=counts))
        expected = recall_score(TRUTH, flagged, sample_weight=counts)
        assert ratio(COUNTS, flagged, TRUTH)[at] == pytest.approx(expected)
    assert np.isnan(ratio(COUNTS, flagged, np.zeros(TRUTH.size, np.bool_))).all()


@pytest.mark.parametrize("ties", [True, False])
def test_calibration_error_is_that_of_scikit_learns_quantile_bins(ties: bool) -> None:
    scores, truth = _data(ties=ties)
    places = equal_mass_bins(scores)
    observed, stated = calibration_curve(truth, scores, n_bins=10, strategy="quantile")
    sizes = np.bincount(places)[np.unique(places)]
    expected = float(np.abs(observed - stated) @ sizes / truth.size)
    value = calibration_error(np.ones((1, truth.size)), places, scores, truth)[0]
    assert value == pytest.approx(expected)


def test_bins_hold_equally_many_rows_and_never_split_a_tie() -> None:
    scores, _ = _data(1000, ties=False)
    assert np.bincount(equal_mass_bins(scores)).tolist() == [100] * 10
    assert len(np.unique(equal_mass_bins(np.full(50, 0.3)))) == 1


def test_stratified_auc_is_that_of_the_single_measure() -> None:
    strata = np.random.default_rng(0).integers(0, 3, TRUTH.size)
    value = stratified_auc(SCORES, TRUTH, strata, np.ones((1, TRUTH.size)))[0]
    assert value == pytest.approx(metrics.stratified_auc(SCORES, TRUTH, strata))


def test_resamples_keep_the_size_of_every_group_and_begin_with_the_data() -> None:
    groups = np.array([0, 0, 1, 5, 5, 5])
    counts = np.vstack(list(resamples(groups, 50, 7)))
    assert counts.shape == (51, 6)
    assert (counts[0] == 1).all()
    for group, size in ((0, 2), (1, 1), (5, 3)):
        assert (counts[:, groups == group].sum(axis=1) == size).all()
    assert len({tuple(row) for row in counts.tolist()}) > 10
    assert (counts == np.vstack(list(resamples(groups, 50, 7)))).all()


def test_the_interval_covers_what_theory_says() -> None:
    """Of a share the 95 % interval reaches about 1.96 standard errors to both sides."""
    truth = np.ones(1000, np.bool_)
    flagged = np.arange(1000) < 300
    parts = [ratio(counts, flagged, truth) for counts in resamples(np.zeros(1000, np.intp), 2000, 0)]
    found = figure(np.concatenate(parts), 1000)
    assert found is not None
    assert found.value == 0.3
    assert (found.low, found.high) == pytest.approx((0.3 - 0.0284, 0.3 + 0.0284), abs=0.003)


def test_an_undefined_measure_gives_no_figure() -> None:
    assert figure(np.array([np.nan, 0.5]), 3) is None
    assert figure(np.zeros(0), 3) is None
    only = figure(np.array([0.5]), 3)
    assert only is not None
    assert (only.value, only.low, only.high) == (0.5, None, None)
