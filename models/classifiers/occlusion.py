"""What each word adds to any classifier's score, by taking it away (Zeiler & Fergus 2014; Li et al. 2016)."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from models.classifier import Classifier
from models.contribution import Contribution
from models.words import word_spans

MOST_PARTS = 64
SMALLEST_PROBABILITY = 1e-6


def occlude(classifier: Classifier, text: str, language: str) -> dict[str, list[Contribution]]:
    """For each label ``logit(p of the text) - logit(p without the word)``, words in the order of the text.

    One call of ``score`` with up to 65 texts; a text of more than 64 words is taken apart into 64 groups of
    neighbouring words of about equal number. Probabilities are kept between 1e-6 and 1 - 1e-6. A text without
    a visible character has no words.
    """
    parts = _parts(text)
    if not parts:
        return {label: [] for label in classifier.labels}
    texts = [text, *(without(text, [part]) for part in parts)]
    logits = _logits(classifier.score(texts, [language] * len(texts)).probabilities)
    drops = logits[0] - logits[1:]  # [parts, labels]
    return {
        label: [Contribution(start, end, drop) for (start, end), drop in zip(parts, column, strict=True)]
        for label, column in zip(classifier.labels, drops.T.tolist(), strict=True)
    }


def without(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """The text with some spans taken out, in order and not overlapping; no space is left double or at an end."""
    kept = ""
    at = 0
    for start, end in spans:
        kept += text[at:start]
        at = end
        if text[at : at + 1] == " " and (not kept or kept[-1] == " "):
            at += 1
    kept += text[at:]
    return kept if at < len(text) else kept.rstrip(" ")


def _parts(text: str) -> list[tuple[int, int]]:
    spans = word_spans(text)
    count = min(len(spans), MOST_PARTS)
    bounds = [len(spans) * step // count for step in range(count + 1)] if count else [0]
    return [(int(spans[first, 0]), int(spans[end - 1, 1])) for first, end in pairwise(bounds)]


def _logits(probabilities: NDArray[np.float32]) -> NDArray[np.float64]:
    bounded = np.clip(probabilities.astype(np.float64), SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    return np.log(bounded) - np.log1p(-bounded)
