"""What the right verdict is, given answers of people who err at known rates. Pure numerics."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from human_review.quality.weights import Trust

VERDICTS = ("allow", "limit", "remove")
Floats = NDArray[np.float64]
_LEAST = 1e-6


def confusion_of(trust: Trust) -> Floats:
    """Rows: the right verdict, columns: the answer. Errors are spread evenly over the wrong verdicts."""
    right = np.array([trust.specificity, *[trust.sensitivity] * (len(VERDICTS) - 1)])
    spread = (1 - right) / (len(VERDICTS) - 1)
    return np.clip(np.eye(len(VERDICTS)) * (right - spread)[:, None] + spread[:, None], _LEAST, 1.0)


def posterior(answers: Sequence[tuple[str, Trust]], prior: Mapping[str, float]) -> dict[str, float]:
    """Of each verdict by Bayes' rule, where people err independently of each other given what is right.

    Answers that are no verdict of `VERDICTS` say nothing. The values sum to 1.
    """
    logs = np.log([max(prior.get(verdict, 0.0), _LEAST) for verdict in VERDICTS])
    for verdict, trust in answers:
        if verdict in VERDICTS:
            logs += np.log(confusion_of(trust)[:, VERDICTS.index(verdict)])
    shares = np.exp(logs - logs.max())
    return dict(zip(VERDICTS, (shares / shares.sum()).tolist(), strict=True))
