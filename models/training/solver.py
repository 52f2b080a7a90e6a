"""L2-regularised logistic regression with one intercept a language that is thrown away afterwards.

The intercepts take up how toxic each language's rows are on the whole, so the n-grams need not learn that a
language means harm or harmlessness. Scoring leaves them out; calibration sets the level of each language anew.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped] # comes with scikit-learn, has no types

from models.sigmoid import sigmoid

_INTERCEPT_PRECISION = 1.0


@dataclass(frozen=True, slots=True)
class Problem:
    """Training rows of one label."""

    features: csr_matrix  # float32 [rows, buckets]
    truth: NDArray[np.float64]  # 0 or 1, [rows]
    weights: NDArray[np.float64]  # [rows]
    groups: NDArray[np.intp]  # language of each row, 0 .. n - 1


def rarity(frequency: NDArray[np.int64], rows: int, power: float) -> NDArray[np.float32]:
    """How much an n-gram counts, by the number of rows that hold it [buckets]: the rarer, the more.

    It makes the prior weaker for rare n-grams and the problem better conditioned; the scales are multiplied into
    the weights afterwards, so scoring knows nothing of them.
    """
    inverse = np.maximum(np.log(rows / (1.0 + frequency)), 0.1) / 4.0
    scales: NDArray[np.float32] = (inverse**power).astype(np.float32)
    return scales


def solve(
    problem: Problem, *, prior_variance: float, iterations: int, step: Callable[[int], None]
) -> NDArray[np.float32]:
    """Weights [buckets]. One thread throughout, so the same data give the same bits."""
    buckets = problem.features.shape[1]
    start = np.zeros(buckets + int(problem.groups.max()) + 1)
    done = 0

    def report(_: NDArray[np.float64]) -> None:
        nonlocal done
        done += 1
        step(done)

    with threadpool_limits(limits=1):
        found = minimize(
            lambda point: _loss(problem, point, buckets, 1.0 / prior_variance),
            start,
            jac=True,
            method="L-BFGS-B",
            callback=report,
            options={"maxiter": iterations, "maxcor": 6},
        )
    weights: NDArray[np.float32] = found.x[:buckets].astype(np.float32)
    return weights


def _loss(
    problem: Problem, point: NDArray[np.float64], buckets: int, precision: float
) -> tuple[float, NDArray[np.float64]]:
    weights, intercepts = point[:buckets], point[buckets:]
    logits = (problem.features @ weights.astype(np.float32)).astype(np.float64) + intercepts[problem.groups]
    residual = problem.weights * (sigmoid(logits) - problem.truth)
    losses = problem.weights * (np.logaddexp(0.0, logits) - problem.truth * logits)
    gradient = np.empty_like(point)
    gradient[:buckets] = problem.features.T @ residual.astype(np.float32)
    gradient[:buckets] += precision * weights
    gradient[buckets:] = np.bincount(problem.groups, residual, intercepts.size) + _INTERCEPT_PRECISION * intercepts
    penalty = precision * float(weights @ weights) + _INTERCEPT_PRECISION * float(intercepts @ intercepts)
    return float(losses.sum()) + 0.5 * penalty, gradient
