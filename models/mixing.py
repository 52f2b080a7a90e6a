"""Several classifiers' logits for one label become one probability; the fitting is elsewhere, as it needs scipy."""

from collections.abc import Sequence
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from models.classifier import Classifier
from models.sigmoid import sigmoid


class Mix(msgspec.Struct, frozen=True, kw_only=True):
    """``p = sigmoid(sum of slope * logit over members + offset)``; no slope is below 0."""

    slopes: tuple[float, ...]
    offset: float


class Scorer(Protocol):
    """What a member must offer. It may also offer ``unknown_share(texts)``, float64 [texts], each 0..1."""

    @property
    def version(self) -> str: ...

    @property
    def labels(self) -> tuple[str, ...]: ...

    def logits(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Uncalibrated scores [texts, labels]."""
        ...


class MemberClassifier(Scorer, Classifier, Protocol):
    """A member that scores by itself as well, as every one that is loaded from an artifact does."""


def stacked_logits(members: Sequence[Scorer], labels: Sequence[str], texts: Sequence[str]) -> NDArray[np.float64]:
    """[texts, labels, members]; 0 where a member does not know a label."""
    found = np.zeros((len(texts), len(labels), len(members)))
    for place, member in enumerate(members):
        logits = member.logits(texts)
        for column, label in enumerate(member.labels):
            if label in labels:
                found[:, labels.index(label), place] = logits[:, column]
    return found


def unknown_shares(members: Sequence[Scorer], texts: Sequence[str]) -> NDArray[np.float64]:
    """The largest share of unknown pieces that a member reports, [texts]; 0 where no member reports any."""
    found = np.zeros(len(texts))
    for member in members:
        share = getattr(member, "unknown_share", None)
        if share is not None:
            found = np.maximum(found, share(texts))
    return found


def mixed(
    logits: NDArray[np.float64], languages: Sequence[str], overall: Mix, by_language: dict[str, Mix]
) -> NDArray[np.float64]:
    """Probabilities [rows] of logits [rows, members], each by the mix of its language."""
    chosen = [by_language.get(language, overall) for language in languages]
    slopes = np.array([mix.slopes for mix in chosen]).reshape(logits.shape)
    return sigmoid((logits * slopes).sum(axis=1) + np.array([mix.offset for mix in chosen]))
