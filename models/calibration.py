"""From logits to probabilities: slopes and an offset for each language, drawn towards those of all languages.

Platt scaling, ``p = sigmoid(slope * logit + offset)`` (Platt 1999), with one slope for each classifier where several
are mixed, fitted by L-BFGS with a Gaussian prior on (log slopes, offset). The global fit has a weak prior around
equal shares and no offset; each language's fit has a prior around the global one, so a language with few validation
rows keeps the global fit and one with many gets its own. Slopes stay above 0, so every classifier keeps its order.
"""

from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from models.mixing import Mix
from models.sigmoid import Line, sigmoid

_GLOBAL_PRECISION = (0.1, 0.01)  # of the prior on each log slope and on the offset
_LANGUAGE_PRECISION = (25.0, 4.0)  # of the prior around the global fit; worth about 100 rows
_MIXED_PRECISION = (4.0, 4.0)  # the same where several are mixed: which of them to trust differs by language
_FOLDS = 5
_FEWEST = 20  # rows of a language before a member can lose its place there


def fit_mix(logits: NDArray[np.float64], truth: NDArray[np.float64], around: Mix | None = None) -> Mix:
    """The mix of maximum posterior probability; ``around`` is the centre of the prior.

    Logits [rows, members] and truth 0 or 1 [rows]. Rows of one class only return ``around``, since they say nothing
    about the slopes and their offset would run away.
    """
    columns = np.ascontiguousarray(logits.T)  # [members, rows]
    members = len(columns)
    if truth.size == 0 or truth.min() == truth.max():
        return around or Mix(slopes=(1.0 / members,) * members, offset=0.0)
    slopes = np.full(members, 1.0 / members) if around is None else np.array(around.slopes)
    centre = np.append(np.log(slopes), 0.0 if around is None else around.offset)
    of_language = _LANGUAGE_PRECISION if members == 1 else _MIXED_PRECISION
    of_slope, of_offset = _GLOBAL_PRECISION if around is None else of_language
    precision = np.array([of_slope] * members + [of_offset])

    def loss(point: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        slopes = np.exp(point[:-1])
        scaled = sum(slope * column for slope, column in zip(slopes, columns, strict=True)) + point[-1]
        residual = sigmoid(scaled) - truth
        away = point - centre
        value = float(np.sum(np.logaddexp(0.0, scaled) - truth * scaled) + 0.5 * np.sum(precision * away**2))
        by_slope = [np.sum(residual * column) * slope for slope, column in zip(slopes, columns, strict=True)]
        return value, np.array([*by_slope, np.sum(residual)]) + precision * away

    bounds = [(-5.0, 5.0)] * members + [(-30.0, 30.0)]
    found = minimize(loss, np.clip(centre, -5.0, 5.0), jac=True, method="L-BFGS-B", bounds=bounds)
    return Mix(slopes=tuple(np.exp(found.x[:-1]).tolist()), offset=float(found.x[-1]))


def fit_mixes(
    logits: NDArray[np.float64], truth: NDArray[np.float64], languages: NDArray[np.str_]
) -> tuple[Mix, dict[str, Mix]]:
    """The global mix of logits [rows, members], and those of the languages that have rows of both classes.

    Each language counts in the global mix only through its rows: a language that dominates the validation part
    dominates the global mix. In a language where one member by itself predicts folds that it was not fitted on better
    than the mix does, the others get slope 0: a member that does not earn its place there has none.
    """
    overall = fit_mix(logits, truth)
    centers = [overall, *_alone(logits, truth)]
    mixes = {}
    for language in sorted(set(languages.tolist())):
        chosen = languages == language
        if 0.0 < truth[chosen].mean() < 1.0:
            own, target = logits[chosen], truth[chosen]
            chooses = len(centers) > 1 and target.size >= _FEWEST
            center = min(centers, key=partial(_held_out_loss, own, target)) if chooses else overall
            mixes[language] = _around(own, target, center)
    return overall, mixes


def _alone(logits: NDArray[np.float64], truth: NDArray[np.float64]) -> list[Mix]:
    """The global mix that each member makes by itself; empty where there is only one."""
    members = logits.shape[1]
    if members == 1:
        return []
    fits = [fit_mix(logits[:, [place]], truth) for place in range(members)]
    return [
        Mix(slopes=tuple(fit.slopes[0] if other == place else 0.0 for other in range(members)), offset=fit.offset)
        for place, fit in enumerate(fits)
    ]


def _around(logits: NDArray[np.float64], truth: NDArray[np.float64], center: Mix) -> Mix:
    """The fit around a center, of the members that have a slope there."""
    slopes = np.array(center.slopes)
    used = np.flatnonzero(slopes)
    found = fit_mix(logits[:, used], truth, Mix(slopes=tuple(slopes[used].tolist()), offset=center.offset))
    slopes[used] = found.slopes
    return Mix(slopes=tuple(slopes.tolist()), offset=found.offset)


def _held_out_loss(logits: NDArray[np.float64], truth: NDArray[np.float64], center: Mix) -> float:
    """Log loss, summed over rows, each by a fit that did not see the row's fold."""
    fold = np.arange(truth.size) % _FOLDS
    loss = 0.0
    for held in range(_FOLDS):
        mix = _around(logits[fold != held], truth[fold != held], center)
        scaled = logits[fold == held] @ np.array(mix.slopes) + mix.offset
        loss += float(np.sum(np.logaddexp(0.0, scaled) - truth[fold == held] * scaled))
    return loss


def fit_line(logits: NDArray[np.float64], truth: NDArray[np.float64], around: Line | None = None) -> Line:
    """``fit_mix`` of one classifier; logits [rows]."""
    prior = None if around is None else Mix(slopes=(around.slope,), offset=around.offset)
    return _line(fit_mix(logits[:, None], truth, prior))


def fit_lines(
    logits: NDArray[np.float64], truth: NDArray[np.float64], languages: NDArray[np.str_]
) -> tuple[Line, dict[str, Line]]:
    """``fit_mixes`` of one classifier; logits [rows]."""
    overall, mixes = fit_mixes(logits[:, None], truth, languages)
    return _line(overall), {language: _line(mix) for language, mix in mixes.items()}


def _line(mix: Mix) -> Line:
    return Line(slope=mix.slopes[0], offset=mix.offset)
