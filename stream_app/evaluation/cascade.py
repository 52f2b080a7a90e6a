"""The whole cascade as one of the systems that an evaluation compares."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from models.device import DeviceName
from models.evaluation.scored import Cost, Scored, System
from stream_app.build import load_cascade
from stream_app.evaluation.stopwatch import Timed
from stream_app.pipeline.classify import classify
from stream_app.pipeline.policy import Policy
from stream_app.pipeline.types import Assessment

_BATCH = 2048


def cascade_system(path: Path | None, policy: Policy, device: DeviceName = "auto") -> System:
    """Scores of the level that decided; it detects the language itself, as in the stream.

    What rules and word lists send to a person under the policy counts as noticed; so does an item that a level
    was missing for. Raises ConfigError with file and key.
    """
    cascade = load_cascade(path, device=device)
    labels = tuple(dict.fromkeys(label for step in cascade.steps for label in step.level.classifier.labels))
    timed = [Timed(step.level.classifier) for step in cascade.steps]
    for step, classifier in zip(cascade.steps, timed, strict=True):
        step.level.classifier = classifier
    version = ", ".join(f"{step.level.name} {step.level.classifier.version}" for step in cascade.steps)

    def score(texts: Sequence[str], languages: Sequence[str]) -> Scored:
        for classifier in timed:
            classifier.reset()
        found = []
        for begin in range(0, len(texts), _BATCH):
            found += classify(texts[begin : begin + _BATCH], cascade)
        return _scored(found, labels, policy, tuple(classifier.cost for classifier in timed))

    return System("evaluated", "cascade", version, labels, score)


def _scored(found: list[Assessment], labels: tuple[str, ...], policy: Policy, costs: tuple[Cost, ...]) -> Scored:
    shape = (len(found), len(labels))
    probabilities, evidence, noticed = np.zeros(shape), np.zeros(shape, np.bool_), np.zeros(shape, np.bool_)
    otherwise = np.zeros(len(found), np.bool_)
    for at, assessment in enumerate(found):
        hit = _reviewed_by_rules(assessment, policy)
        probabilities[at] = [assessment.scores.get(label, 0.0) for label in labels]
        evidence[at] = [label in assessment.evidence and not assessment.degraded for label in labels]
        noticed[at] = [label in hit for label in labels]
        otherwise[at] = bool(hit - set(labels)) or bool(assessment.degraded)
    return Scored(probabilities, evidence, noticed, otherwise, tuple(assessment.level for assessment in found), costs)


def _reviewed_by_rules(assessment: Assessment, policy: Policy) -> set[str]:
    return {
        hit.label
        for hit in assessment.hits
        if hit.label in policy.labels and policy.labels[hit.label].on_hit[hit.severity - 1] != "none"
    }
