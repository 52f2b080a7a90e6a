from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import pytest

from human_review.quality.estimate import Z, clopper_pearson, wilson
from human_review.quality.prevalence import (
    Stratum,
    audits_for,
    audits_without_error,
    hajek,
    hits_for,
    share,
    stratified,
    total,
)

STREAMS = 1000
Stream: TypeAlias = Callable[[np.random.Generator, int], tuple[np.ndarray, np.ndarray]]


def stream(rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Items of which high-scored ones are both worse and drawn more often, as audits do it."""
    score = rng.random(size)
    probability = np.where(score > 0.9, 0.5, np.where(score > 0.6, 0.1, 0.03))
    bad = (rng.random(size) < np.where(score > 0.9, 0.5, np.where(score > 0.6, 0.15, 0.02))).astype(float)
    return bad, probability


def covered(streams: int, size: int) -> tuple[float, float, float]:
    """How often the interval holds the stream's own share; the mean errors of the estimate and of the naive share."""
    rng = np.random.default_rng(11)
    inside, errors, naive = 0, [], []
    for _ in range(streams):
        bad, probability = stream(rng, size)
        drawn = rng.random(size) < probability
        found = share(bad[drawn], probability[drawn])
        assert found.value is not None
        assert found.low is not None
        assert found.high is not None
        inside += found.low <= bad.mean() <= found.high
        errors.append(found.value - bad.mean())
        naive.append(bad[drawn].mean() - bad.mean())
    return inside / streams, float(np.mean(errors)), float(np.mean(naive))


def test_intervals_cover_the_truth_in_93_to_97_percent_of_streams() -> None:
    coverage, error, naive = covered(STREAMS, 6000)
    assert 0.93 <= coverage <= 0.97
    assert abs(error) < 0.002
    assert naive > 0.15  # the share among the drawn items is far off


def test_stratified_intervals_cover_the_truth_in_93_to_97_percent_of_streams() -> None:
    """Allowed items drawn at 3 and 10 %, actions at 20 %, everything in between looked at by people."""
    rng = np.random.default_rng(12)
    inside = 0
    for _ in range(STREAMS):
        kind = rng.choice(3, size=8000, p=[0.8, 0.12, 0.08])
        bad = (rng.random(8000) < np.array([0.04, 0.4, 0.95])[kind]).astype(float)
        probability = np.select([kind == 1, kind == 2, rng.random(8000) < 0.3], [1.0, 0.2, 0.1], 0.03)
        drawn = rng.random(8000) < probability
        strata = [
            Stratum(bad[drawn & (kind == at)], probability[drawn & (kind == at)], float((kind == at).sum()))
            for at in range(3)
        ]
        found = stratified(strata)
        assert found.low is not None
        assert found.high is not None
        inside += found.low <= bad.mean() <= found.high
    assert 0.93 <= inside / STREAMS <= 0.97


def test_a_backlog_is_no_certainty_and_intervals_still_cover_the_truth_in_93_to_97_percent_of_streams() -> None:
    """5,000 items for people, of which 2 % to all are decided, as if at random; 20,000 allowed ones drawn at 3 %."""
    rng = np.random.default_rng(16)
    inside, errors, naive = 0, [], []
    for _ in range(STREAMS):
        review, allowed = rng.random(5000) < 0.5, rng.random(20_000) < 0.04
        decided, drawn = review[rng.random(5000) < rng.uniform(0.02, 1.0)], allowed[rng.random(20_000) < 0.03]
        found = stratified([
            Stratum(decided.astype(float), np.ones(len(decided)), 5000.0),
            Stratum(drawn.astype(float), np.full(len(drawn), 0.03), 20_000.0),
        ])  # fmt: skip
        truth = (review.sum() + allowed.sum()) / 25_000
        assert found.value is not None
        assert found.low is not None
        assert found.high is not None
        inside += found.low <= truth <= found.high
        errors.append(found.value - truth)
        naive.append(np.concatenate([decided, drawn]).mean() - truth)
    assert 0.93 <= inside / STREAMS <= 0.97
    assert abs(np.mean(errors)) < 0.001
    assert np.mean(naive) > 0.2  # the share among the decided items is far off


def test_a_part_of_which_few_are_decided_is_as_doubtful_as_those_few() -> None:
    found = stratified([Stratum(np.repeat([1.0, 0.0], 30), np.ones(60), 5000.0)])
    assert (found.low, found.high) == pytest.approx(wilson(0.5, 60 / (1 - 60 / 5000) + 2))


def rare(rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
    """As `stream` with about 110 hits, half of them where hardly anything is drawn."""
    _, probability = stream(rng, size)
    return (rng.random(size) < np.where(probability == 0.5, 0.1, 0.01)).astype(float), probability


def even(rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Everything drawn equally often."""
    return (rng.random(size) < 0.05).astype(float), np.full(size, 0.02)


def changed(rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Drawn half as often for the later part, as by another policy."""
    return (rng.random(size) < 0.03).astype(float), np.where(np.arange(size) < size * 0.6, 0.04, 0.02)


@pytest.mark.parametrize("made", [stream, rare, even, changed])
def test_totals_cover_the_truth_in_93_to_97_percent_of_streams(made: Stream) -> None:
    rng = np.random.default_rng(13)
    inside = 0
    for _ in range(STREAMS):
        bad, probability = made(rng, 6000)
        drawn = rng.random(6000) < probability
        found = total(bad[drawn], probability[drawn])
        assert found.low is not None
        assert found.high is not None
        inside += found.low <= bad.sum() <= found.high
    assert 0.93 <= inside / STREAMS <= 0.97


def test_a_total_without_a_hit_is_in_doubt_and_one_of_everything_is_not() -> None:
    found = total(np.zeros(100), np.full(100, 0.02))
    assert (found.low, found.value) == (0.0, 0.0)
    assert found.high == pytest.approx(50 * 0.98 * Z**2)
    assert total(np.array([1.0, 0.0, 1.0]), np.ones(3)).high == 2.0
    assert total(np.zeros(0), np.zeros(0)).n == 0


@pytest.mark.parametrize("rate", [0.01, 0.05, 0.5, 0.97])
def test_the_exact_interval_never_covers_less_than_it_says(rate: float) -> None:
    hits = np.random.default_rng(14).binomial(120, rate, size=STREAMS)
    bounds = {count: clopper_pearson(count, 120) for count in set(hits.tolist())}
    inside = np.mean([bounds[count][0] <= rate <= bounds[count][1] for count in hits.tolist()])
    assert inside >= 0.95 - 0.015  # the simulation's own doubt
    assert share(np.repeat([1.0, 0.0], [5, 115]), np.full(120, 0.1)).low == pytest.approx(clopper_pearson(5, 120)[0])


def test_the_exact_interval_is_the_published_one() -> None:
    """4 of 20: 5.7 % to 43.7 %; 0 of 30: at most 11.6 %."""
    assert clopper_pearson(4, 20) == pytest.approx((0.0573, 0.4366), abs=5e-5)
    assert clopper_pearson(0, 30) == pytest.approx((0.0, 0.1157), abs=5e-5)
    assert clopper_pearson(30, 30) == pytest.approx((0.8843, 1.0), abs=5e-5)


def test_where_everything_was_looked_at_nothing_is_in_doubt() -> None:
    found = stratified([Stratum(np.array([1.0, 0.0, 0.0, 1.0]), np.ones(4))])
    assert (found.low, found.value, found.high) == (0.5, 0.5, 0.5)


def test_too_few_items_give_n_and_no_number() -> None:
    assert share(np.ones(58), np.full(58, 0.1), least=59).value is None
    assert share(np.ones(58), np.full(58, 0.1), least=59).n == 58
    assert stratified([Stratum(np.ones(58), np.full(58, 0.1))], least=59).value is None


def test_nothing_is_said_of_a_stream_with_a_part_that_nobody_looked_at() -> None:
    seen, unseen = Stratum(np.ones(100), np.ones(100), 100.0), Stratum(np.ones(0), np.ones(0), 5000.0)
    assert stratified([seen, unseen]).value is None
    assert stratified([seen, Stratum(np.ones(0), np.ones(0), 0.0)]).value == 1.0


def test_no_hit_at_all_still_leaves_doubt() -> None:
    found = share(np.zeros(200), np.repeat([0.1, 0.2], 100))
    assert found.value == 0.0
    assert found.high is not None
    assert 0.005 < found.high < 0.05
    assert hajek(np.zeros(0), np.zeros(0))[1] == 0.0


def test_sample_sizes_are_those_of_the_closed_forms() -> None:
    assert audits_without_error(0.95) == 59
    assert 0.95**59 <= 0.05 < 0.95**58
    assert audits_for(0.95, 0.02) == 457
    assert hits_for(0.2) == 97
    hits = np.random.default_rng(15).binomial(457, 0.95, size=4000) / 457
    assert (np.abs(hits - 0.95) <= 0.02).mean() == pytest.approx(0.95, abs=0.015)
