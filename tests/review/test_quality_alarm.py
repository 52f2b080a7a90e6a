import re
from pathlib import Path

import numpy as np
import pytest

from human_review.quality.alarm import Watch, is_raised, watched
from human_review.review_file import Alarm, load_review_config

RULE = Alarm()
PAGE = (Path(__file__).resolve().parents[2] / "docs" / "review.md").read_text()


def first_alarms(wrong: float, *, people: int, results: int, seed: int) -> list[int]:
    """After how many golden results each person is flagged; ``results`` + 1 where it never happens."""
    draws = np.random.default_rng(seed).random((people, results)) >= wrong
    found = []
    for rights in draws:
        watch, count = Watch(), 0
        while count < results and not watch.raised:
            watch = watched(watch, bool(rights[count]), RULE)
            count += 1
        found.append(count if watch.raised else results + 1)
    return found


def test_a_person_with_30_percent_flips_is_flagged_within_the_stated_number_of_golden_tasks() -> None:
    """What docs/review.md says: in half of all cases within so many golden tasks, and in 95 % within so many more."""
    stated = re.search(r"flagged within (\d+) golden tasks in half of all cases, and\s+within (\d+) in 95 %", PAGE)
    assert stated is not None
    half, nearly_all = map(int, stated.groups())
    after = first_alarms(0.3, people=2000, results=300, seed=1)
    assert half - 10 < np.median(after) <= half
    assert nearly_all - 20 < np.quantile(after, 0.95) <= nearly_all


def test_the_shipped_alarm_is_the_one_that_the_page_speaks_of() -> None:
    assert load_review_config(None).quality.alarm == RULE


def test_a_good_person_is_flagged_no_more_often_than_stated() -> None:
    """Wrong once in ten, the rate called good: about 1 % in the 30 golden tasks that a test takes."""
    after = np.array(first_alarms(RULE.good, people=4000, results=30, seed=2))
    assert (after <= 30).mean() <= 0.0125


def test_who_is_better_than_good_is_hardly_ever_flagged() -> None:
    assert max(first_alarms(0.03, people=500, results=500, seed=3)) == 501


def test_the_alarm_ends_once_a_later_test_finds_the_person_good() -> None:
    assert is_raised([False] * 5, RULE)
    assert is_raised([False] * 5 + [True] * 5, RULE)
    assert not is_raised([False] * 5 + [True] * 40, RULE)


@pytest.mark.parametrize("results", [[], [True], [False] * 4])
def test_no_alarm_before_there_is_evidence(results: list[bool]) -> None:
    assert not is_raised(results, RULE)
