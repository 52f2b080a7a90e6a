import math

import krippendorff
import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from human_review.quality.agreement import ac1, agreement, alpha, raw_agreement

STREAMS = 1000

# Four people, twelve units, with missing answers: Krippendorff (2011), "Computing Krippendorff's alpha-reliability",
# whose table Gwet uses as well.
FOUR_PEOPLE = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
        [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
    ]
)


def counts_of(answers: np.ndarray, categories: int) -> np.ndarray:
    return np.stack([(answers == category).sum(axis=0) for category in range(1, categories + 1)], axis=1)


def paradox() -> np.ndarray:
    """118 times both yes, 5 and 2 times one of them, never both no."""
    return np.repeat([[2, 0], [1, 1]], [118, 7], axis=0)


def test_the_published_example_with_missing_answers_comes_out() -> None:
    counts = counts_of(FOUR_PEOPLE, 5)
    assert alpha(counts)[0] == pytest.approx(0.743, abs=5e-4)
    assert ac1(counts)[0] == pytest.approx(0.77544, abs=5e-6)
    assert raw_agreement(counts)[0] == pytest.approx(0.81818, abs=5e-6)


def test_the_kappa_paradox_shows_in_alpha_and_not_in_ac1() -> None:
    first = [1] * 118 + [1] * 5 + [0] * 2
    second = [1] * 118 + [0] * 5 + [1] * 2
    assert cohen_kappa_score(first, second) == pytest.approx(-0.0234, abs=5e-5)
    assert alpha(paradox())[0] == pytest.approx(-0.02, abs=0.01)
    assert ac1(paradox())[0] == pytest.approx(0.9408, abs=5e-5)
    assert raw_agreement(paradox())[0] == pytest.approx(118 / 125)


@pytest.mark.parametrize("seed", range(5))
def test_alpha_is_that_of_the_kept_library_on_random_answers_with_gaps(seed: int) -> None:
    rng = np.random.default_rng(seed)
    answers = rng.integers(1, 4, size=(6, 80)).astype(float)
    answers[rng.random(answers.shape) < 0.4] = np.nan
    expected = krippendorff.alpha(reliability_data=answers, level_of_measurement="nominal")
    assert alpha(counts_of(np.nan_to_num(answers), 3))[0] == pytest.approx(expected, abs=1e-12)


def test_agreement_on_one_category_alone_has_no_alpha() -> None:
    assert math.isnan(alpha(np.array([[2, 0], [3, 0]]))[0])


def test_too_few_tasks_give_n_and_no_number() -> None:
    found = agreement(paradox()[:29])
    assert {(estimate.n, estimate.value, estimate.low) for estimate in found.values()} == {(29, None, None)}


def test_tasks_with_one_answer_are_not_counted() -> None:
    counts = np.concatenate([paradox(), np.tile([1, 0], (1000, 1))])
    assert agreement(counts)["raw"].n == 125
    assert agreement(counts)["alpha"].value == pytest.approx(alpha(paradox())[0])


@pytest.mark.parametrize(("seed", "shares"), [(1, (0.5, 0.5)), (2, (0.8, 0.2))])
def test_intervals_cover_the_long_run_value_of_1000_streams(seed: int, shares: tuple[float, float]) -> None:
    """Two people who each say the right one of two classes with chance 0.9, about 300 tasks in each stream."""
    rng = np.random.default_rng(seed)
    right = (rng.random((STREAMS, 300)) < shares[1]).astype(int)
    said = np.where(rng.random((2, STREAMS, 300)) < 0.9, right, 1 - right)
    truth = in_the_long_run(shares[1])
    covered = dict.fromkeys(truth, 0)
    for ones in said.sum(axis=0):
        for name, found in agreement(np.stack([2 - ones, ones], axis=1)).items():
            assert found.low is not None
            assert found.high is not None
            covered[name] += found.low <= truth[name] <= found.high
    assert all(0.93 <= number / STREAMS <= 0.97 for number in covered.values()), covered


def in_the_long_run(share: float) -> dict[str, float]:
    """By the definitions: what is agreed upon, beyond what chance gives (Scott's pi for alpha, Gwet's for AC1)."""
    raw, said = 0.9**2 + 0.1**2, 0.9 * share + 0.1 * (1 - share)
    by_alpha, by_ac1 = said**2 + (1 - said) ** 2, 2 * said * (1 - said)
    return {"raw": raw, "alpha": (raw - by_alpha) / (1 - by_alpha), "ac1": (raw - by_ac1) / (1 - by_ac1)}


def test_the_same_answers_give_the_same_interval() -> None:
    assert agreement(paradox()) == agreement(paradox())
