"""Tells romanised languages, which the fastText identifier does not know, from others in Latin letters.

A small linear classifier of its own, in the artifact format of the others, whose labels are language tags. It
knows the romanised languages of the training data only; Hindi in Latin letters comes out as Urdu in Latin letters,
which in speech it nearly is.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models import artifacts, lanes
from models.manifest import Manifest
from models.sigmoid import sigmoid

MIN_PROBABILITY = 0.8


def romanized_artifact() -> Path:
    """The folder of the artifact that ships with this package."""
    return Path(__file__).resolve().parent / "shipped" / "romanized"


def mostly_latin(text: str) -> bool:
    """More than half of the letters are Latin ones."""
    letters = [char for char in text if char.isalpha()]
    return text.isascii() or 2 * sum(char < "\u0250" for char in letters) > len(letters)


class Romanized:
    """Probabilities of romanised languages; one column a tag of ``tags``."""

    def __init__(self, manifest: Manifest, weights: NDArray[np.int8]) -> None:
        self.tags = manifest.labels
        self.version = manifest.version
        self._packed = lanes.pack(weights, manifest.features)
        self._scales = np.array([head.scale for head in manifest.heads])
        self._slopes = np.array([head.line.slope for head in manifest.heads])
        self._offsets = np.array([head.line.offset for head in manifest.heads])

    @classmethod
    def load(cls, folder: Path) -> "Romanized":
        """Raises ArtifactError where the folder does not hold a whole, unaltered artifact."""
        return cls(*artifacts.load(folder))

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """[texts, tags]."""
        logits = lanes.text_logits(self._packed, self._scales, texts)
        return sigmoid(logits * self._slopes + self._offsets)

    def tags_of(self, texts: Sequence[str]) -> list[tuple[str | None, float]]:
        """The likeliest tag of each text, None below a probability of 0.8, and its probability."""
        if not texts:
            return []
        found = self.probabilities(texts)
        best = found.argmax(axis=1)
        values = found[np.arange(len(texts)), best].tolist()
        return [
            (self.tags[column] if value >= MIN_PROBABILITY else None, value)
            for column, value in zip(best.tolist(), values, strict=True)
        ]


@cache
def shipped() -> Romanized:
    """Loaded once, at the first use."""
    return Romanized.load(romanized_artifact())
