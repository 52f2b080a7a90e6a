"""From logits to probabilities: one line (slope, offset) a language, drawn towards the line of all languages.

Platt scaling, ``p = sigmoid(slope * logit + offset)`` (Platt 1999), fitted by Newton steps with a Gaussian prior
on (log slope, offset). The global line has a weak prior around (0, 0); each language's line has a prior around
the global one, so a language with few validation rows keeps the global line and one with many gets its own.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from models.sigmoid import Line, sigmoid

_GLOBAL_PRECISION = (0.1, 0.01)  # of the prior on log slope and offset around (0, 0)
_LANGUAGE_PRECISION = (25.0, 4.0)  # of the prior around the global line; worth about 100 rows


def fit_line(
    logits: NDArray[np.float64],
    truth: NDArray[np.float64],
    around: Line | None = None,
) -> Line:
    """The line of maximum posterior probability; ``around`` is the centre of the prior.

    Logits [rows] and truth 0 or 1 [rows]. Rows of one class only return ``around``, since they say nothing
    about the slope and their offset would run away.
    """
    centre = np.array([0.0, 0.0] if around is None else [np.log(around.slope), around.offset])
    if truth.size == 0 or truth.min() == truth.max():
        return around or Line(slope=1.0, offset=0.0)
    precision = np.array(_GLOBAL_PRECISION if around is None else _LANGUAGE_PRECISION)

    def loss(point: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        slope = np.exp(point[0])
        scaled = slope * logits + point[1]
        residual = sigmoid(scaled) - truth
        away = point - centre
        value = float(np.sum(np.logaddexp(0.0, scaled) - truth * scaled) + 0.5 * np.sum(precision * away**2))
        gradient = np.array([np.sum(residual * logits) * slope, np.sum(residual)]) + precision * away
        return value, gradient

    bounds = [(-5.0, 5.0), (-30.0, 30.0)]
    found = minimize(loss, np.clip(centre, -5.0, 5.0), jac=True, method="L-BFGS-B", bounds=bounds)
    return Line(slope=float(np.exp(found.x[0])), offset=float(found.x[1]))


def fit_lines(
    logits: NDArray[np.float64],
    truth: NDArray[np.float64],
    languages: NDArray[np.str_],
) -> tuple[Line, dict[str, Line]]:
    """The global line and those of the languages that have rows of both classes; all arrays [rows].

    Each language counts alike in the global line's spirit only through its rows: a language that dominates the
    validation part dominates the global line.
    """
    overall = fit_line(logits, truth)
    lines = {}
    for language in sorted(set(languages.tolist())):
        chosen = languages == language
        if 0.0 < truth[chosen].mean() < 1.0:
            lines[language] = fit_line(logits[chosen], truth[chosen], overall)
    return overall, lines
