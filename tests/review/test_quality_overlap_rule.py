"""What is found out about people where their answers decide who is asked next: the overlap rule as it is shipped."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from human_review.quality.agreement import agreement
from human_review.quality.measure import Said, measured
from human_review.quality.overlap import Given, weigh
from human_review.quality.pairs import Paired, first_two
from human_review.quality.posterior import VERDICTS
from human_review.quality.weights import Trust
from human_review.review_file import Quality, load_review_config

QUALITY: Quality = load_review_config(None).quality
PEOPLE, RIGHT, TASKS, GOLDEN, PAIRS = 10, 0.9, 3000, 60, 0.15


@dataclass
class Desk:
    """People who are right nine times in ten, asked for as long as the rule asks for more."""

    rng: np.random.Generator
    share: dict[str, float]
    trust: dict[str, Trust]
    prior: dict[str, float]

    def say(self, truth: str) -> str:
        others = [verdict for verdict in VERDICTS if verdict != truth]
        return truth if self.rng.random() < RIGHT else str(self.rng.choice(others))

    def answers(self, truth: str, wanted: int) -> list[tuple[str, str]]:
        given: list[tuple[str, str]] = []
        for number in self.rng.permutation(PEOPLE):
            given.append((f"p{number}", self.say(truth)))
            said = [Given(verdict, (), self.trust[person]) for person, verdict in given]
            if weigh(said, self.prior, QUALITY, wanted).final:
                break
            wanted = max(wanted, len(given) + 1)
        return given

    def tasks(self, name: str) -> Iterator[tuple[bool, Paired]]:
        """Whether each was drawn for two answers, and who answered what."""
        truths = self.rng.choice(VERDICTS, size=TASKS, p=[self.share[verdict] for verdict in VERDICTS])
        for number, truth in enumerate(truths):
            drawn = bool(self.rng.random() < PAIRS)
            given = self.answers(str(truth), 2 if drawn else 1)
            yield drawn, Paired(f"{name}-{number}", "toxicity", "en", tuple(given))

    def golden(self, name: str) -> list[Said]:
        """Half of them are to be removed, as leads pick them, whatever the stream is like."""
        made = []
        for number in range(GOLDEN):
            truth = str(self.rng.choice(["allow", "remove"]))
            person = f"p{self.rng.integers(PEOPLE)}"
            made.append(Said(f"{name}-golden-{number}", person, "toxicity", self.say(truth), truth))
        return made


def worked(allow: float, rounds: int = 3) -> tuple[Desk, list[Paired], list[Paired]]:
    """The desk after some rounds, each with what the one before has found; all tasks, and those that were drawn."""
    share = {"allow": allow, "limit": (1 - allow) * 0.3, "remove": (1 - allow) * 0.7}
    unknown = {f"p{number}": Trust(RIGHT, RIGHT) for number in range(PEOPLE)}
    desk = Desk(np.random.default_rng(round(allow * 100)), share, unknown, dict.fromkeys(VERDICTS, 1 / 3))
    everything: list[Paired] = []
    drawn: list[Paired] = []
    golden: list[Said] = []
    for number in range(rounds):
        for is_drawn, task in desk.tasks(f"round-{number}"):
            everything.append(task)
            drawn += [task] if is_drawn else []
        golden += desk.golden(f"round-{number}")
        given = [Said(task.task_id, who, task.label, verdict, None) for task in drawn for who, verdict in task.given]
        rows, shares = measured(given + golden, 1 - QUALITY.alarm.good)
        desk.trust = {row.user_id: row.trust for row in rows if row.label == "toxicity"}
        desk.prior = shares["toxicity"]
    return desk, everything, drawn


@pytest.mark.parametrize("allow", [0.95, 0.8, 0.5])
def test_people_are_found_as_they_are_though_doubt_asks_for_more(allow: float) -> None:
    """Of all tasks with several answers, people seem to be wrong about what is harmless far too often."""
    desk, everything, drawn = worked(allow)
    several = [task for task in everything if len(task.given) > 1]
    assert len(several) > len(drawn) + 50  # the rule has asked for more than was drawn
    found = list(desk.trust.values())
    assert np.mean([trust.specificity for trust in found]) == pytest.approx(RIGHT, abs=0.03)
    assert np.mean([trust.sensitivity for trust in found]) == pytest.approx(RIGHT, abs=0.04)
    assert np.mean([trust.weight for trust in found]) == pytest.approx(2 * RIGHT - 1, abs=0.05)
    assert desk.prior["allow"] == pytest.approx(allow, abs=0.06)


@pytest.mark.parametrize("allow", [0.95, 0.5])
def test_agreement_is_that_of_two_people_though_doubt_asks_for_more(allow: float) -> None:
    _, everything, drawn = worked(allow)
    both_right, same_error = RIGHT**2, (1 - RIGHT) ** 2 / 2
    raw = agreement(first_two(drawn, "*", "*"))["raw"]
    assert raw.low is not None
    assert raw.high is not None
    assert raw.low <= both_right + same_error <= raw.high
    # Of all tasks with several answers, and of all their answers, it is another number.
    rows = [[sum(said == verdict for _, said in task.given) for verdict in VERDICTS]
            for task in everything if len(task.given) > 1]  # fmt: skip
    biased = agreement(np.array(rows, dtype=np.int64))["raw"]
    assert biased.value is not None
    assert abs(biased.value - both_right - same_error) > 0.02
