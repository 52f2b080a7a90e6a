"""Calibration keeps the order of texts and leans on the whole where a language says little."""

import numpy as np
import pytest

from models.calibration import fit_line, fit_lines
from models.metrics import expected_calibration_error
from models.sigmoid import Line, sigmoid


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
