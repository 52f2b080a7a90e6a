"""What waits undecided is no part of what is known."""

import numpy as np
import pytest

from human_review.quality import sampled
from human_review.quality.backlog import LEAST_DECIDED, Drawn, drawn, is_decided
from human_review.quality.estimate import Estimate
from human_review.quality.sampled import EVERY, Audit
from human_review.service import Service
from human_review.testing import make_review_task
from human_review.testing_quality import close_directly, make_golden, open_tasks

STREAMS = 1000


def audit(machine: str, *, bad: bool, probability: float = 1.0) -> Audit:
    return Audit(machine, "hate", "en", probability, "remove" if bad else "allow", frozenset({"hate"} if bad else ()))


def test_estimates_of_what_was_missed_cover_the_truth_in_93_to_97_percent_of_streams() -> None:
    """Allowed items, worse ones drawn more often; up to a twentieth waits, up to a third was taken away."""
    rng = np.random.default_rng(21)
    inside, errors, naive = 0, [], []
    for _ in range(STREAMS):
        score = rng.random(6000)
        probability = np.where(score > 0.9, 0.5, np.where(score > 0.6, 0.1, 0.03))
        bad = rng.random(6000) < np.where(score > 0.9, 0.1, 0.01)
        at = np.flatnonzero(rng.random(6000) < probability)
        there = at[rng.random(len(at)) < rng.uniform(0.67, 1.0)]
        decided = there[rng.random(len(there)) < rng.uniform(0.95, 1.0)]
        found = sampled.missed(
            [audit("allow", bad=bool(bad[one]), probability=float(probability[one])) for one in decided], "hate",
            [Drawn("allow", None, "en", len(at), len(there) - len(decided))],
        )  # fmt: skip
        assert found.value is not None
        assert found.low is not None
        assert found.high is not None
        inside += found.low <= bad.sum() <= found.high
        errors.append(found.value - bad.sum())
        naive.append((bad[decided] / probability[decided]).sum() - bad.sum())
    assert 0.93 <= inside / STREAMS <= 0.97
    assert abs(np.mean(errors)) < 3
    assert np.mean(naive) < -15  # as if nothing waited and nothing had been taken away


@pytest.mark.parametrize(("waiting", "known"), [(0, True), (10, True), (11, False), (4900, False)])
def test_nothing_is_said_while_more_than_a_tenth_waits(waiting: int, known: bool) -> None:
    assert LEAST_DECIDED == 0.9
    allowed = [audit("allow", bad=at < 5, probability=0.1) for at in range(90)]
    backlog = [Drawn("allow", None, "en", 90 + waiting, waiting)]
    found = (
        sampled.miss_rate(allowed, EVERY, backlog),
        sampled.missed(allowed, EVERY, backlog),
        sampled.prevalence(allowed, EVERY, {"allow": 900}, backlog),
    )
    assert [one.n for one in found] == [90, 90, 90]
    assert [one.value is not None for one in found] == [known] * 3


def test_one_part_that_waits_is_enough_to_say_nothing_of_the_whole() -> None:
    """The most urgent hundred of 5,000 items for people are decided, and every allowed one that was drawn."""
    found = [audit("review", bad=True)] * 100 + [audit("allow", bad=False, probability=0.03)] * 600
    backlog = [Drawn("review", "hate", "en", 5000, 4900), Drawn("allow", None, "en", 600, 0)]
    assert sampled.prevalence(found, EVERY, {"review": 5000, "allow": 20_000}, backlog) == Estimate(700)
    assert sampled.miss_rate(found, EVERY, backlog).value == 0.0
    assert sampled.prevalence(found, EVERY, {"allow": 20_000}, backlog).value == 0.0


def test_precision_waits_for_audits_of_its_own_label_alone() -> None:
    found = [audit("remove", bad=True, probability=0.1)] * 60
    backlog = [Drawn("remove", "hate", "en", 60, 0), Drawn("limit", "spam", "en", 50, 50)]
    assert sampled.precision(found, "hate", backlog).value == 1.0
    assert sampled.precision(found, EVERY, backlog) == Estimate(60)


def test_what_was_taken_away_is_drawn_but_not_waited_for(service: Service) -> None:
    """Golden tasks and what reports brought are not drawn at all."""
    made = [make_review_task(number, text=f"text {number}", why="sampled") for number in range(4)]
    open_tasks(service, *made, make_review_task(9, text="reported", why="report"))
    make_golden(service, 20, 1, why="report")
    with service.database.write() as connection:
        close_directly(connection, made[0].task_id, "allow")
        close_directly(connection, made[1].task_id, "allow", why="deleted")
        assert drawn(connection, 0) == [Drawn("allow", "toxicity", "en", 4, 2)]
        assert drawn(connection, 2**50) == []
    assert is_decided(18, [Drawn("allow", "toxicity", "en", 4, 2)])
    assert not is_decided(17, [Drawn("allow", "toxicity", "en", 4, 2)])
