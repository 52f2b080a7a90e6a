"""Calibration keeps the order of texts and leans on the whole where a language says little."""

import numpy as np
import pytest

from models.calibration import fit_line, fit_lines, fit_mix, fit_mixes
from models.metrics import expected_calibration_error
from models.mixing import Mix, mixed
from models.sigmoid import Line, sigmoid
from models.training.heads import out_of_fold


def _draw(rows: int, slope: float, offset: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    logits = random.normal(0, 2, rows)
    return logits, (random.random(rows) < sigmoid(slope * logits + offset)).astype(np.float64)


def test_the_line_that_made_the_data_is_found() -> None:
    line = fit_line(*_draw(20_000, 0.7, -1.0, 1))
    assert line.slope == pytest.approx(0.7, abs=0.05)
    assert line.offset == pytest.approx(-1.0, abs=0.05)


def test_calibrated_probabilities_match_what_happens() -> None:
    logits, truth = _draw(20_000, 0.5, 1.5, 2)
    line = fit_line(logits, truth)
    other_logits, other = _draw(20_000, 0.5, 1.5, 3)
    error = expected_calibration_error(sigmoid(line.slope * other_logits + line.offset), other > 0)
    assert error is not None
    assert error < 0.02


def test_a_language_with_few_rows_stays_near_the_whole_and_one_with_many_leaves_it() -> None:
    many, few = _draw(5000, 1.0, -2.0, 4), _draw(12, 1.0, -2.0, 5)
    base = _draw(20_000, 1.0, 1.0, 6)
    parts = {"base": base, "many": many, "few": few}
    logits = np.concatenate([part[0] for part in parts.values()])
    truth = np.concatenate([part[1] for part in parts.values()])
    tags = np.repeat(list(parts), [len(part[0]) for part in parts.values()])
    overall, lines = fit_lines(logits, truth, tags)
    assert lines["many"].offset == pytest.approx(-2.0, abs=0.2)
    assert abs(lines["few"].offset - overall.offset) < abs(lines["many"].offset - overall.offset)


def test_a_language_of_one_class_gets_no_line_of_its_own() -> None:
    logits, truth = _draw(1000, 1.0, 0.0, 7)
    tags = np.array(["en"] * 1000 + ["ru"] * 50)
    _, lines = fit_lines(np.append(logits, np.ones(50)), np.append(truth, np.ones(50)), tags)
    assert set(lines) == {"en"}


def test_separable_data_do_not_run_away() -> None:
    line = fit_line(np.array([-3.0, -2.0, 2.0, 3.0]), np.array([0.0, 0.0, 1.0, 1.0]))
    assert 0 < line.slope < 150
    assert abs(line.offset) < 30


@pytest.mark.parametrize("truth", [[], [1.0, 1.0]])
def test_without_both_classes_the_prior_is_returned(truth: list[float]) -> None:
    prior = Line(slope=2.0, offset=0.5)
    assert fit_line(np.ones(len(truth)), np.array(truth), prior) == prior


def test_the_slope_is_positive_even_where_logits_mislead() -> None:
    logits = np.linspace(-2, 2, 100)
    assert fit_line(logits, (logits < 0).astype(np.float64)).slope > 0


def test_extreme_logits_stay_finite() -> None:
    assert np.isfinite(sigmoid(np.array([-1e300, -800.0, 0.0, 800.0, 1e300]))).all()


def _draw_two(rows: int, slopes: tuple[float, float], offset: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    logits = random.normal(0, 2, (rows, 2))
    return logits, (random.random(rows) < sigmoid(logits @ np.array(slopes) + offset)).astype(np.float64)


def test_the_mix_that_made_the_data_is_found() -> None:
    mix = fit_mix(*_draw_two(20_000, (0.7, 0.3), -1.0, 8))
    assert mix.slopes == pytest.approx((0.7, 0.3), abs=0.05)
    assert mix.offset == pytest.approx(-1.0, abs=0.05)


def test_a_member_that_knows_nothing_is_hardly_heard() -> None:
    mix = fit_mix(*_draw_two(20_000, (1.0, 0.0), 0.0, 9))
    assert mix.slopes[1] < 0.05 * mix.slopes[0]


def test_no_member_is_turned_round_even_where_it_misleads() -> None:
    logits, truth = _draw_two(5000, (1.0, -1.0), 0.0, 10)
    assert min(fit_mix(logits, truth).slopes) >= 0.0


def test_one_member_is_the_case_of_the_line() -> None:
    logits, truth = _draw(3000, 0.7, -1.0, 11)
    tags = np.array(["en", "de", "ko"] * 1000)
    overall, mixes = fit_mixes(logits[:, None], truth, tags)
    line, lines = fit_lines(logits, truth, tags)
    assert (overall.slopes, overall.offset) == ((line.slope,), line.offset)
    assert {tag: (mix.slopes, mix.offset) for tag, mix in mixes.items()} == {
        tag: ((each.slope,), each.offset) for tag, each in lines.items()
    }


def test_a_language_with_many_rows_gets_its_own_mix_and_one_with_few_keeps_the_whole() -> None:
    parts = {
        "base": _draw_two(20_000, (1.0, 0.2), 0.0, 12),
        "many": _draw_two(8000, (0.2, 1.0), 0.0, 13),
        "few": _draw_two(12, (0.2, 1.0), 0.0, 14),
    }
    logits, truth = (np.concatenate([part[place] for part in parts.values()]) for place in (0, 1))
    tags = np.repeat(list(parts), [len(part[0]) for part in parts.values()])
    overall, mixes = fit_mixes(logits, truth, tags)
    assert mixes["many"].slopes[1] > mixes["many"].slopes[0]
    assert mixes["few"].slopes == pytest.approx(overall.slopes, rel=0.3)


@pytest.mark.parametrize("truth", [[], [1.0, 1.0]])
def test_without_both_classes_members_count_alike(truth: list[float]) -> None:
    assert fit_mix(np.ones((len(truth), 2)), np.array(truth)) == Mix(slopes=(0.5, 0.5), offset=0.0)


def test_a_language_without_its_own_mix_gets_that_of_all() -> None:
    overall, own = Mix(slopes=(1.0, 0.0), offset=0.0), Mix(slopes=(0.0, 2.0), offset=1.0)
    found = mixed(np.array([[0.5, 3.0], [0.5, 3.0]]), ["xx", "en"], overall, {"en": own})
    assert found.tolist() == sigmoid(np.array([0.5, 7.0])).tolist()


def test_a_row_has_no_say_in_its_own_probability() -> None:
    logits, truth = _draw(60, 1.0, 0.0, 15)
    tags = np.array(["en"] * 60)
    known = truth.astype(np.int8)
    before = out_of_fold(logits[:, None], known, tags, tags, 7)
    for place in (0, 31, 59):
        turned = known.copy()
        turned[place] = 1 - turned[place]
        after = out_of_fold(logits[:, None], turned, tags, tags, 7)
        assert after[place] == before[place]
        assert (after != before).any()


def test_rows_of_unknown_truth_are_scored_and_not_fitted_on() -> None:
    logits, truth = _draw(400, 1.0, 0.0, 16)
    tags = np.array(["en"] * 400)
    known = np.where(np.arange(400) < 200, truth, -1).astype(np.int8)
    found = out_of_fold(logits[:, None], known, tags, tags, 7)
    moved = logits + np.where(known < 0, 5.0, 0.0)
    again = out_of_fold(moved[:, None], known, tags, tags, 7)
    assert np.isfinite(found).all()
    assert np.array_equal(found[known >= 0], again[known >= 0])


def test_the_mix_that_is_applied_is_that_of_the_language_asked_in() -> None:
    logits = np.concatenate([_draw(2000, 1.0, 3.0, 17)[0], _draw(2000, 1.0, -3.0, 18)[0]])
    truth = np.concatenate([_draw(2000, 1.0, 3.0, 17)[1], _draw(2000, 1.0, -3.0, 18)[1]]).astype(np.int8)
    tags = np.repeat(["often", "seldom"], 2000)
    right = out_of_fold(logits[:, None], truth, tags, tags, 7)
    wrong = out_of_fold(logits[:, None], truth, tags, tags[::-1].copy(), 7)
    assert (wrong[:2000] < right[:2000]).all()
