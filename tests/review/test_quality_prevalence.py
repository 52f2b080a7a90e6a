import numpy as np
import pytest

from human_review.quality.estimate import clopper_pearson
from human_review.quality.prevalence import (
    Stratum,
    audits_for,
    audits_without_error,
    hajek,
    hits_for,
    horvitz_thompson,
    share,
    stratified,
)

STREAMS = 1000


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


def test_totals_cover_the_truth_in_93_to_97_percent_of_streams() -> None:
    rng = np.random.default_rng(13)
    inside = 0
    for _ in range(STREAMS):
        bad, probability = stream(rng, 6000)
        drawn = rng.random(6000) < probability
        total, error = horvitz_thompson(bad[drawn], probability[drawn])
        inside += abs(total - bad.sum()) <= 1.96 * error
    assert 0.93 <= inside / STREAMS <= 0.97


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
