"""How often people are right, found from their answers and from what is known of golden tasks. Pure numerics.

Dawid and Skene (1979): the right verdicts are hidden, each person errs at rates of their own, and expectation
maximization finds both. Rates of people with few answers lean on a prior; who has given fewer than
``ONE_COIN_BELOW`` answers has one error rate for all verdicts.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from human_review.quality.estimate import LEVEL

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
ONE_COIN_BELOW = 20
_ROUNDS = 200
_CLOSE = 1e-6
_LEAST = 1e-10
_STEP = 1 / 500
_GRID = np.arange(_STEP / 2, 1, _STEP)
UNKNOWN = -1


@dataclass(frozen=True, slots=True)
class Answers:
    """One entry an answer: whose, to what, and which verdict. ``known`` is the right verdict a task or UNKNOWN."""

    task: Ints
    person: Ints
    verdict: Ints
    known: Ints
    people: int
    verdicts: int


@dataclass(frozen=True, slots=True)
class Reliability:
    """What was found. ``confusion[person, right, said]``, ``prior[verdict]``, ``truth[task, verdict]``, all chances.

    ``right`` is how many of a person's ``answers`` are right in expectation.
    """

    confusion: Floats
    prior: Floats
    truth: Floats
    right: Floats
    answers: Ints


@dataclass(frozen=True, slots=True)
class Prior:
    """What is taken for granted: ``strength`` answers of which the share ``right`` is right; one share a person."""

    right: Floats
    strength: float


def dawid_skene(given: Answers, prior: Prior | None = None, *, rounds: int = _ROUNDS) -> Reliability:
    """Estimate by expectation maximization from the majority's verdicts on; at most ``rounds`` rounds.

    Without a ``prior`` it is the model of 1979 as it stands, without smoothing and for however few answers.
    """
    truth = _known(given, _majority(given))
    confusion, share = _rates(given, truth, prior)
    for _ in range(rounds):
        before = truth
        truth = _known(given, _expected(given, confusion, share))
        confusion, share = _rates(given, truth, prior)
        if float(np.abs(truth - before).max(initial=0.0)) < _CLOSE:
            break
    right = np.bincount(given.person, weights=truth[given.task, given.verdict], minlength=given.people)
    return Reliability(
        confusion, share, truth, right.astype(float), np.bincount(given.person, minlength=given.people)
    )


def interval(given: Answers, found: Reliability, prior: Prior) -> tuple[Floats, Floats]:
    """95 % credible interval of each person's share of right answers, with everybody else's rates as they were found.

    The posterior of one rate a person, who errs in the directions that were found, summed over what may be right (a
    grid, by Bayes' rule). A golden answer counts in full. Any other counts as far as the rest of its task tells what
    is right: nobody's answer is evidence for itself, and two who differ say hardly anything about either.
    """
    if_right, if_wrong = _chances(given, found)
    logs = [np.bincount(given.person, weights=np.log(np.maximum(rate * if_right + (1 - rate) * if_wrong, _LEAST)),
                        minlength=given.people) for rate in _GRID]  # fmt: skip
    good, bad = prior.strength * prior.right, prior.strength * (1 - prior.right)
    log = np.stack(logs) + np.outer(np.log(_GRID), good - 1) + np.outer(np.log(1 - _GRID), bad - 1)
    chances = np.exp(log - log.max(axis=0))  # [rates, people]
    below = (chances / chances.sum(axis=0)).cumsum(axis=0)
    ends = (1 - LEVEL) / 2, (1 + LEVEL) / 2
    at = np.array([np.interp(ends, column, _GRID + _STEP / 2) for column in below.T]).reshape(-1, 2)
    return at[:, 0], at[:, 1]


def _chances(given: Answers, found: Reliability) -> tuple[Floats, Floats]:
    """Of each answer, if its giver is right and if not, by what the rest of its task says."""
    at, right = np.arange(len(given.verdict)), found.confusion.diagonal(axis1=1, axis2=2)
    rates, truth = found.confusion[given.person, :, given.verdict], found.truth[given.task]
    rest = np.where(given.known[given.task, None] == UNKNOWN, truth / np.maximum(rates, _LEAST), truth)
    rest = rest / rest.sum(axis=1, keepdims=True)
    errors = rest * rates / np.maximum(1 - right[given.person], _LEAST)
    errors[at, given.verdict] = 0.0
    return rest[at, given.verdict], errors.sum(axis=1)


def _majority(given: Answers) -> Floats:
    tasks, verdicts = len(given.known), given.verdicts
    votes = np.bincount(given.task * verdicts + given.verdict, minlength=tasks * verdicts).reshape(tasks, verdicts)
    shares: Floats = votes / np.maximum(votes.sum(axis=1, keepdims=True), 1)
    return shares


def _known(given: Answers, truth: Floats) -> Floats:
    """Golden tasks need no guess."""
    known = given.known != UNKNOWN
    return np.where(known[:, None], np.eye(given.verdicts)[given.known], truth)


def _expected(given: Answers, confusion: Floats, share: Floats) -> Floats:
    logs = np.log(np.maximum(confusion[given.person, :, given.verdict], _LEAST))
    sums = [np.bincount(given.task, weights=logs[:, right], minlength=len(given.known))
            for right in range(given.verdicts)]  # fmt: skip
    total = np.stack(sums, axis=1) + np.log(np.maximum(share, _LEAST))
    chances = np.exp(total - total.max(axis=1, keepdims=True))
    truth: Floats = chances / chances.sum(axis=1, keepdims=True)
    return truth


def _rates(given: Answers, truth: Floats, prior: Prior | None) -> tuple[Floats, Floats]:
    """Golden tasks say nothing of how often a verdict is right: they were picked."""
    counts = _counts(given, truth)
    tasks = truth[given.known == UNKNOWN].sum(axis=0) + (0.0 if prior is None else 1.0)
    share = tasks / tasks.sum() if tasks.any() else np.full(given.verdicts, 1 / given.verdicts)
    if prior is None:
        return counts / np.maximum(counts.sum(axis=2, keepdims=True), _LEAST), share
    smoothed = counts + prior.strength * _coin(prior.right, given.verdicts)
    rates = smoothed / smoothed.sum(axis=2, keepdims=True)
    few = np.bincount(given.person, minlength=given.people) < ONE_COIN_BELOW
    return np.where(few[:, None, None], _one_coin(counts, prior), rates), share


def _counts(given: Answers, truth: Floats) -> Floats:
    """Expected answers by person, right verdict and what was said."""
    cell = given.person * given.verdicts + given.verdict
    shape = given.people, given.verdicts
    by_right = [np.bincount(cell, weights=truth[given.task, right], minlength=shape[0] * shape[1]).reshape(shape)
                for right in range(given.verdicts)]  # fmt: skip
    return np.stack(by_right, axis=1)


def _one_coin(counts: Floats, prior: Prior) -> Floats:
    right = np.trace(counts, axis1=1, axis2=2)
    total = counts.sum(axis=(1, 2))
    return _coin((right + prior.strength * prior.right) / (total + prior.strength), counts.shape[1])


def _coin(right: Floats, verdicts: int) -> Floats:
    """Rates of people who are right equally often whatever is right, and err evenly."""
    wrong = (1 - right) / (verdicts - 1)
    return np.eye(verdicts) * (right - wrong)[:, None, None] + wrong[:, None, None]
