"""What every classifier is: texts in, one row of calibrated scores a text out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Hit:
    """A place in a text where a lexicon entry or a rule matched.

    ``start`` and ``end`` count code points of the text that was scored, end exclusive.
    ``severity`` is 1 (mild), 2 (strong) or 3 (severe). ``name`` identifies the entry or rule and never
    contains the text itself.
    """

    label: str
    name: str
    severity: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of a batch, rows in the order of the texts, columns in the order of the classifier's labels.

    ``evidence`` says where the classifier was trained and validated on that label in that language; where it
    is false the probability is a guess from other languages and must never be the reason to allow or to act.
    """

    probabilities: NDArray[np.float32]  # [texts, labels], each 0..1, finite
    evidence: NDArray[np.bool_]  # [texts, labels]


class Classifier(Protocol):
    """A trained level of the cascade."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str:
        """Changes whenever a score could change; derived from the artifact's digests."""
        ...

    @property
    def labels(self) -> tuple[str, ...]: ...

    def score(self, texts: Sequence[str], languages: Sequence[str]) -> Scores:
        """Score texts that are already normalized (``models.text.normalize.seen``).

        ``languages`` holds one BCP 47 tag a text as detected, ``und`` where unknown. A text's scores do not
        depend on the others in the batch. An empty batch gives arrays of shape [0, labels].
        """
        ...
