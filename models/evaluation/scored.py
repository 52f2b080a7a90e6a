"""What is evaluated, and what it says about every row."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.classifier import Classifier
from models.language import detect
from models.thresholds import Thresholds

_BATCH = 1024


def detected(texts: Sequence[str]) -> list[str]:
    """The language of each text as the stream detects it: what every system is given, whatever the data say."""
    return [found.tag for i in range(0, len(texts), _BATCH) for found in detect(texts[i : i + _BATCH])]


@dataclass(frozen=True, slots=True)
class Cost:
    """What a level was asked to score, and the seconds that took: of the clock, and of all threads together."""

    level: str
    texts: int
    wall_seconds: float
    cpu_seconds: float


@dataclass(frozen=True, slots=True)
class Scored:
    """Scores of texts in order. ``noticed`` are texts that rules send to a person, whatever their score."""

    probabilities: NDArray[np.float64]  # [texts, labels]
    evidence: NDArray[np.bool_]  # [texts, labels]
    noticed: NDArray[np.bool_]  # [texts, labels]: by a rule of that label
    noticed_otherwise: NDArray[np.bool_]  # [texts]: by a rule of a label that is not scored
    levels: tuple[str, ...] = ()  # which level decided each text; empty where there is one only
    costs: tuple[Cost, ...] = ()  # of the levels, in their order

    @classmethod
    def plain(cls, probabilities: NDArray[np.float64], evidence: NDArray[np.bool_]) -> "Scored":
        """Scores without rules and levels."""
        texts = probabilities.shape[0]
        return cls(probabilities, evidence, np.zeros(evidence.shape, np.bool_), np.zeros(texts, np.bool_))


Score = Callable[[Sequence[str], Sequence[str]], Scored]


@dataclass(frozen=True, slots=True)
class System:
    """Something that scores texts: a classifier, a cascade, the baseline. ``role`` says why it is in the report."""

    role: str  # evaluated, compared or baseline
    name: str
    version: str
    labels: tuple[str, ...]
    score: Score


def of_classifier(classifier: Classifier, role: str = "evaluated") -> System:
    """One classifier, every text scored under the language it is given."""

    def score(texts: Sequence[str], languages: Sequence[str]) -> Scored:
        shape = (len(texts), len(classifier.labels))
        probabilities, evidence = np.zeros(shape), np.zeros(shape, np.bool_)
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))  # like lengths pad little
        for begin in range(0, len(order), _BATCH):
            some = order[begin : begin + _BATCH]
            found = classifier.score([texts[i] for i in some], [languages[i] for i in some])
            probabilities[some], evidence[some] = found.probabilities, found.evidence
        return Scored.plain(probabilities, evidence)

    return System(role, classifier.name, classifier.version, classifier.labels, score)


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What follows from one label's score alone under its thresholds; [texts] each."""

    acted: NDArray[np.bool_]
    reviewed: NDArray[np.bool_]  # and not acted on


def verdicts(scored: Scored, column: int, thresholds: Thresholds) -> Verdicts:
    """Nothing is allowed or acted on for a score without evidence; the policy says whether a person looks then."""
    scores, evidence = scored.probabilities[:, column], scored.evidence[:, column]
    acted = evidence & (scores >= thresholds.act_from)
    unsure = evidence & (scores >= thresholds.review_from)
    unproven = ~evidence & thresholds.review_without_evidence
    return Verdicts(acted, (unsure | unproven | scored.noticed[:, column]) & ~acted)


def item_verdicts(scored: Scored, labels: tuple[str, ...], thresholds: Mapping[str, Thresholds]) -> Verdicts:
    """What follows from all labels together: act where one does, else review where one does."""
    acted = np.zeros(scored.probabilities.shape[0], np.bool_)
    reviewed = scored.noticed_otherwise.copy()
    for column, label in enumerate(labels):
        found = verdicts(scored, column, thresholds.get(label, Thresholds()))
        acted |= found.acted
        reviewed |= found.reviewed
    return Verdicts(acted, reviewed & ~acted)
