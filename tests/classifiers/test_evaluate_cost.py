"""What each level of a cascade was asked and what that took is measured, and stands on the page."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import pytest

from models.classifier import Scores
from models.evaluate import compare
from models.evaluation.report import Report
from models.evaluation.rows import Rows
from models.evaluation.scored import Cost, Scored, System
from models.training.data import Row
from models.training.quality import page
from stream_app.evaluation.cascade import cascade_system
from stream_app.evaluation.stopwatch import Timed
from stream_app.pipeline.policy_file import load_policy

LINEAR = Path(__file__).resolve().parents[2] / "config" / "cascade-linear.yaml"


class Slow:
    """Takes a second a text, by a clock that it moves itself."""

    name, version, labels = "slow", "1", ("toxicity",)

    def __init__(self) -> None:
        self.now = 0.0

    def score(self, texts: Sequence[str], languages: Sequence[str]) -> Scores:
        self.now += len(texts)
        if "bad" in texts:
            raise ValueError("bad")
        return Scores(np.zeros((len(texts), 1), np.float32), np.ones((len(texts), 1), np.bool_))


def test_time_adds_up_over_calls_and_counts_those_that_fail() -> None:
    slow = Slow()
    timed = Timed(slow, wall=lambda: slow.now, cpu=lambda: 2 * slow.now)
    timed.score(["a", "b"], ["en", "en"])
    with pytest.raises(ValueError, match="bad"):
        timed.score(["bad"], ["en"])
    assert timed.cost == Cost("slow", 3, 3.0, 6.0)
    timed.reset()
    assert timed.cost == Cost("slow", 0, 0.0, 0.0)


def test_a_cascade_says_what_each_of_its_levels_was_asked_by_the_last_texts() -> None:
    system = cascade_system(LINEAR, load_policy(None), "cpu")
    for texts in (["good day", "you idiot", "so what"], ["fine"]):
        (cost,) = system.score(texts, ["en"] * len(texts)).costs
        assert (cost.level, cost.texts) == ("linear.v1", len(texts))
        assert cost.wall_seconds > 0
        assert cost.cpu_seconds > 0


def _report() -> Report:
    def score(texts: Sequence[str], languages: Sequence[str]) -> Scored:
        plain = Scored.plain(np.array([[0.9], [0.1], [0.1], [0.1]]), np.ones((4, 1), np.bool_))
        costs = (Cost("small", 3, 0.006, 0.012), Cost("large", 2, 0.5, 1.0), Cost("idle", 0, 0.0, 0.0))
        levels = ("large", "small", "large", "lexicon")
        return Scored(plain.probabilities, plain.evidence, plain.noticed, plain.noticed_otherwise, levels, costs)

    rows = [
        Row(text=str(n), lang="en", labels={"toxicity": int(n == 0)}, source="s", split="validation")
        for n in range(4)
    ]
    return compare([System("evaluated", "s", "1", ("toxicity",), score)], Rows.of(rows), bootstrap=0)


def test_shares_and_costs_of_levels_stand_together_in_the_order_of_the_cascade() -> None:
    found = {
        level.level: (level.share, level.asked, level.seconds_per_1000, level.cpu_seconds_per_1000)
        for level in _report().systems[0].levels
    }
    assert [*found] == ["small", "large", "idle", "lexicon"]
    assert found == {
        "small": (0.25, 0.75, 2.0, 4.0),
        "large": (0.5, 0.5, 250.0, 500.0),
        "idle": (0.0, 0.0, None, None),
        "lexicon": (0.25, None, None, None),
    }


def test_the_page_says_what_a_level_costs() -> None:
    text = page(msgspec.json.decode(_report().to_json(), type=Report))
    assert "small decided 25.0% (asked of 75.0%, 2.000 s and 4.000 s of CPU for 1,000 of them)" in text
    assert "idle decided 0.0%, lexicon decided 25.0%" in text


def test_a_cascade_that_was_given_nothing_has_no_levels() -> None:
    system = cascade_system(LINEAR, load_policy(None), "cpu")
    assert compare([system], Rows.of([]), bootstrap=0).systems[0].levels == ()
