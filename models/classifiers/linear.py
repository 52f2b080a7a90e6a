"""The cheapest trained level: linear weights over hashed n-grams, calibrated for each language."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models import artifacts, lanes
from models.calibrated import HeadTable, check_pairs, no_scores, without_blanks
from models.classifier import Scores
from models.classifiers.linear_explain import LinearHead, contributions
from models.contribution import Contribution, column_of
from models.manifest import Manifest


class LinearClassifier:
    """Scores texts from an artifact; a text longer than a window gets the maximum over its windows."""

    def __init__(self, manifest: Manifest, weights: NDArray[np.int8]) -> None:
        self.manifest = manifest
        self._weights = weights
        self._packed = lanes.pack(weights, manifest.features)
        self._scales = np.array([head.scale for head in manifest.heads])
        self._table = HeadTable(manifest.heads)

    @classmethod
    def load(cls, folder: Path) -> "LinearClassifier":
        """Raises ArtifactError where the folder does not hold a whole, unaltered artifact."""
        return cls(*artifacts.load(folder))

    @property
    def name(self) -> str:
        return self.manifest.name

    @property
    def version(self) -> str:
        return self.manifest.version

    @property
    def labels(self) -> tuple[str, ...]:
        return self.manifest.labels

    def score(self, texts: Sequence[str], languages: Sequence[str]) -> Scores:
        """Probabilities and evidence; a text of nothing but spaces and controls scores 0 without evidence."""
        check_pairs(texts, languages)
        if not texts:
            return no_scores(len(self.labels))
        return without_blanks(Scores(*self._table.apply(self.logits(texts), languages)), texts)

    def logits(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Uncalibrated scores [texts, labels], for calibration and drift."""
        return lanes.text_logits(self._packed, self._scales, texts)

    def explain(self, text: str, label: str) -> list[Contribution]:
        """The share of each word in the uncalibrated logit, exactly; their sum is the logit.

        Of a text longer than a window, the window that decides is explained and the words outside it are left
        out. Raises ValueError for a label that is not one of ``labels``.
        """
        column = column_of(label, self.labels)
        head = LinearHead(column, self._weights[column], float(self._scales[column]))
        return contributions(self._packed, head, text)
