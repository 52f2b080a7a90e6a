"""How often the finished classifier calls harmless sentences harmful, language by language."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.classifier import Classifier
from models.manifest import Metric
from models.tags import base_tag
from models.training.data import Row
from models.training.recipe import truth_of

FALSE_ALARMS, CAUGHT = "harmless_at_half_or_more", "positives_only_at_half_or_more"
_FEWEST = 30


def alarms(classifier: Classifier, rows: Sequence[Row], label: str = "toxicity") -> list[Metric]:
    """Share of rows at a probability of 0.5 or more: of weak harmless ones, and of those of one-sided languages.

    Only languages with 30 such rows; the overall share of false alarms has the scope ``all``.
    """
    if label not in classifier.labels or not rows:
        return []
    column = classifier.labels.index(label)
    scores = classifier.score([row.text for row in rows], [row.lang for row in rows])
    high = scores.probabilities[:, column] >= 0.5
    tags = np.array([base_tag(row.lang) for row in rows])
    harmless = np.array([bool(row.weak) and truth_of(row, label) == 0 for row in rows])
    harmful = np.array([not row.weak and truth_of(row, label) == 1 for row in rows])
    clean = np.array([not row.weak and truth_of(row, label) == 0 for row in rows])
    found = [Metric(name=FALSE_ALARMS, scope="all", value=_share(high[harmless]))] if harmless.any() else []
    for tag in sorted(set(tags.tolist())):
        here = tags == tag
        if (harmless & here).sum() >= _FEWEST:
            found.append(Metric(name=FALSE_ALARMS, scope=tag, value=_share(high[harmless & here])))
        if (harmful & here).sum() >= _FEWEST and not (clean & here).any():
            found.append(Metric(name=CAUGHT, scope=tag, value=_share(high[harmful & here])))
    return found


def _share(flags: NDArray[np.bool_]) -> float:
    return round(float(flags.mean()), 4)
