"""From logits to probabilities and evidence, by the heads of a manifest and the language of each text."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.classifier import Scores
from models.manifest import Head
from models.sigmoid import Line, sigmoid
from models.tags import base_tag

_MOST_TAGS = 4096  # tags come from outside: the table must not grow without end

_BLANK = (
    "".join(map(chr, range(33)))
    + "\x7f\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000\u200b\ufeff"
    + "".join(map(chr, range(0x2000, 0x200B)))
)


def is_blank(text: str) -> bool:
    """Whether nothing but spaces and controls is there."""
    return not text.strip(_BLANK)


def check_pairs(texts: Sequence[str], languages: Sequence[str]) -> None:
    """Raises ValueError unless there is one language tag for each text."""
    if len(texts) != len(languages):
        raise ValueError(f"{len(texts)} texts came with {len(languages)} languages; give one tag a text")


def no_scores(labels: int) -> Scores:
    """The scores of no text at all."""
    return Scores(np.zeros((0, labels), np.float32), np.zeros((0, labels), np.bool_))


def without_blanks(scores: Scores, texts: Sequence[str]) -> Scores:
    """The same scores, with 0 and no evidence, in place, where there is nothing to read."""
    blank = np.fromiter(map(is_blank, texts), np.bool_, len(texts))
    scores.probabilities[blank] = 0.0
    scores.evidence[blank] = False
    return scores


class HeadTable:
    """The lines and the evidence of every head, looked up by language tag."""

    def __init__(self, heads: Sequence[Head]) -> None:
        self.labels = tuple(head.label for head in heads)
        self._heads = tuple(heads)
        self._evidence = [head.evidence for head in heads]
        self._by_tag: dict[str, tuple[NDArray[np.float64], NDArray[np.bool_]]] = {}

    def apply(
        self, logits: NDArray[np.float64], languages: Sequence[str]
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Probabilities and evidence, both [texts, labels], of logits [texts, labels]."""
        if not languages:
            return np.zeros((0, len(self.labels)), np.float32), np.zeros((0, len(self.labels)), np.bool_)
        looked_up = [self._lookup(tag) for tag in languages]
        lines = np.stack([entry[0] for entry in looked_up])  # [texts, 2, labels]
        evidence = np.stack([entry[1] for entry in looked_up])
        return sigmoid(logits * lines[:, 0] + lines[:, 1]).astype(np.float32), evidence

    def _lookup(self, tag: str) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        found = self._by_tag.get(tag)
        if found is None:
            language = base_tag(tag)
            lines = [_line(head, language) for head in self._heads]
            found = (
                np.array([[line.slope for line in lines], [line.offset for line in lines]]),
                np.array([language in known for known in self._evidence], np.bool_),
            )
            if len(self._by_tag) < _MOST_TAGS:
                self._by_tag[tag] = found
        return found


def _line(head: Head, language: str) -> Line:
    return head.lines.get(language, head.line)
