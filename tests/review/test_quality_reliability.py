import numpy as np
import pandas as pd
import pytest
from crowdkit.aggregation import DawidSkene
from scipy.special import betaincinv

from human_review.quality.reliability import (
    ONE_COIN_BELOW,
    UNKNOWN,
    Answers,
    Prior,
    dawid_skene,
    interval,
)

PRIOR = Prior(right=np.full(12, 0.9), strength=10.0)


def simulated(
    confusion: np.ndarray, *, tasks: int, each: int, share: np.ndarray, seed: int, golden: int = 0
) -> tuple[Answers, np.ndarray]:
    """``each`` people drawn at random answer each task; the first ``golden`` tasks are known."""
    rng = np.random.default_rng(seed)
    people, verdicts, _ = confusion.shape
    truth = rng.choice(verdicts, size=tasks, p=share)
    person = np.argsort(rng.random((tasks, people)), axis=1)[:, :each]
    chances = confusion[person, truth[:, None]].cumsum(axis=2)
    said = (rng.random((tasks, each, 1)) > chances).sum(axis=2)
    known = np.full(tasks, UNKNOWN)
    known[:golden] = truth[:golden]
    return Answers(np.repeat(np.arange(tasks), each), person.ravel(), said.ravel(), known, people, verdicts), truth


def planted(people: int, verdicts: int, seed: int) -> np.ndarray:
    """People from nearly perfect to poor, each erring in a way of their own."""
    rng = np.random.default_rng(seed)
    right = rng.uniform(0.6, 0.97, size=(people, verdicts, 1))
    wrong = rng.dirichlet(np.ones(verdicts - 1), size=(people, verdicts)) * (1 - right)
    made = np.zeros((people, verdicts, verdicts))
    for row in range(verdicts):
        made[:, row, row] = right[:, row, 0]
        made[:, row, [column for column in range(verdicts) if column != row]] = wrong[:, row]
    return made


def test_planted_confusion_matrices_are_recovered() -> None:
    """3,000 tasks with 3 answers of 12 people: every rate is right to within 0.09, on average to within 0.02."""
    confusion = planted(12, 3, seed=3)
    given, truth = simulated(confusion, tasks=3000, each=3, share=np.array([0.5, 0.2, 0.3]), seed=4, golden=150)
    found = dawid_skene(given, PRIOR)
    assert np.abs(found.confusion - confusion).max() < 0.09
    assert np.abs(found.confusion - confusion).mean() < 0.02
    assert np.abs(found.prior - [0.5, 0.2, 0.3]).max() < 0.03
    assert (found.truth.argmax(axis=1) == truth).mean() > 0.87


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the library calls pandas in old ways
def test_without_smoothing_it_is_the_kept_librarys_model() -> None:
    given, _ = simulated(planted(8, 3, seed=5), tasks=400, each=4, share=np.array([0.4, 0.3, 0.3]), seed=6)
    found = dawid_skene(given, rounds=30)
    table = pd.DataFrame({"task": given.task, "worker": given.person, "label": given.verdict})
    oracle = DawidSkene(n_iter=30, tol=-1.0).fit(table)
    assert oracle.probas_ is not None
    assert oracle.errors_ is not None
    assert found.truth == pytest.approx(oracle.probas_.sort_index()[[0, 1, 2]].to_numpy(), abs=1e-6)
    errors = oracle.errors_.sort_index()[[0, 1, 2]]  # rows: person and what was said; columns: what is right
    ours = found.confusion.transpose(0, 2, 1).reshape(-1, 3)
    assert ours == pytest.approx(errors.to_numpy(), abs=1e-6)


def test_known_tasks_are_not_guessed() -> None:
    """Everybody says 0 to everything; only the golden tasks tell that half of it is wrong."""
    said = np.zeros(120, dtype=np.int64)
    known = np.where(np.arange(60) < 30, np.arange(60) % 2, UNKNOWN)
    given = Answers(np.repeat(np.arange(60), 2), np.tile([0, 1], 60), said, known, 2, 2)
    found = dawid_skene(given, Prior(np.full(2, 0.9), 10.0))
    assert found.truth[1].tolist() == [0.0, 1.0]
    assert found.confusion[0, 1, 1] < 0.5


def test_people_with_few_answers_have_one_rate_near_the_prior() -> None:
    given, _ = simulated(planted(12, 3, seed=7), tasks=40, each=3, share=np.full(3, 1 / 3), seed=8)
    found = dawid_skene(given, PRIOR)
    few = given.person[:, None] == np.arange(12)
    one_coin = few.sum(axis=0) < ONE_COIN_BELOW
    assert one_coin.all()
    diagonal = np.diagonal(found.confusion, axis1=1, axis2=2)
    assert np.ptp(diagonal, axis=1) == pytest.approx(0.0, abs=1e-12)
    nothing = dawid_skene(Answers(*[np.zeros(0, dtype=np.int64)] * 4, people=12, verdicts=3), PRIOR)
    assert np.diagonal(nothing.confusion, axis1=1, axis2=2) == pytest.approx(0.9)


def golden_only(rights: list[list[bool]]) -> Answers:
    """Each person's own golden tasks, answered rightly or not."""
    person = np.repeat(np.arange(len(rights)), [len(results) for results in rights])
    right = np.array([result for results in rights for result in results], dtype=bool)
    known = np.zeros(len(right), dtype=np.int64)
    return Answers(np.arange(len(right)), person, np.where(right, 0, 1), known, len(rights), 3)


def test_of_golden_tasks_alone_the_interval_is_that_of_a_beta_distribution() -> None:
    given = golden_only([[], [True] * 18 + [False] * 2, [True] * 450 + [False] * 50])
    prior = Prior(np.full(3, 0.9), 10.0)
    low, high = interval(given, dawid_skene(given, prior), prior)
    good, bad = np.array([9.0, 27.0, 459.0]), np.array([1.0, 3.0, 51.0])
    assert low == pytest.approx(betaincinv(good, bad, 0.025), abs=1e-3)
    assert high == pytest.approx(betaincinv(good, bad, 0.975), abs=1e-3)
    assert (high - low)[0] > (high - low)[1] > (high - low)[2]


def test_two_who_always_differ_say_nothing_about_either() -> None:
    said = np.tile([0, 1], 50)
    given = Answers(np.repeat(np.arange(50), 2), np.tile([0, 1], 50), said, np.full(50, UNKNOWN), 2, 3)
    prior = Prior(np.full(2, 0.9), 10.0)
    low, high = interval(given, dawid_skene(given, prior), prior)
    assert (high - low > 0.3).all()


def teams(rng: np.random.Generator, teams: int, kind: str) -> tuple[Answers, np.ndarray]:
    """Teams of eight who answer 120 tasks in pairs and 20 golden ones each, and each person's share of right answers.

    People are good as the prior has it, evenly good from 0.7 to 0.98, or each good at another verdict.
    """
    people, pairs, golden, share = 8 * teams, 120 * teams, 20, np.array([0.5, 0.2, 0.3])
    even = rng.beta(9, 1, size=(people, 1)) if kind == "prior" else rng.uniform(0.7, 0.98, size=(people, 1))
    right = rng.uniform(0.7, 0.99, size=(people, 3)) if kind == "own" else np.repeat(even, 3, axis=1)
    confusion = np.eye(3) * right[:, None] + (1 - np.eye(3)) * (1 - right[:, :, None]) / 2
    pair = np.argsort(rng.random((pairs, 8)), axis=1)[:, :2] + 8 * (np.arange(pairs) // 120)[:, None]
    person = np.concatenate([pair.ravel(), np.repeat(np.arange(people), golden)])
    task = np.concatenate([np.repeat(np.arange(pairs), 2), pairs + np.arange(people * golden)])
    truth = rng.choice(3, size=pairs + people * golden, p=share)
    said = (rng.random((len(task), 1)) > confusion[person, truth[task]].cumsum(axis=1)[:, :2]).sum(axis=1)
    known = np.where(np.arange(len(truth)) < pairs, UNKNOWN, truth)
    return Answers(task, person, said, known, people, 3), right @ share


@pytest.mark.parametrize("kind", ["prior", "even", "own"])
def test_intervals_cover_the_truth_in_93_to_97_percent_of_streams(kind: str) -> None:
    """1,000 teams, 20 in each service, with about as many golden tasks and pairs as the shipped shares give."""
    rng = np.random.default_rng(9)
    inside, counted = [], []
    for _ in range(50):
        given, right = teams(rng, 20, kind)
        prior = Prior(np.full(given.people, 0.9), 10.0)
        found = dawid_skene(given, prior)
        low, high = interval(given, found, prior)
        inside.append(((low <= right) & (right <= high)).mean())
        good, bad = found.right + 9.0, found.answers - found.right + 1.0
        seen = (betaincinv(good, bad, 0.025) <= right) & (right <= betaincinv(good, bad, 0.975))
        counted.append(seen.mean())
    assert 0.93 <= np.mean(inside) <= 0.97
    assert np.mean(counted) < np.mean(inside)  # what is right in expectation is no count of what was seen to be right
