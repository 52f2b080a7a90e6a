"""What anybody can train in minutes: a logistic model over hashed n-grams, the yardstick of an evaluation.

Characters of order 1 to 5 and words of order 1 to 2 in one hashed space, tf-idf, averaged stochastic gradient
descent; float weights, no calibration, no account of languages, sources or weak rows.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import DataError
from models.evaluation.rows import Rows
from models.evaluation.scored import Scored, System

NAME = "n-gram baseline"
_BUCKETS = 1 << 20
_CHARS = 2000  # of a text; the rest is not looked at
_BATCH = 4096
_EPOCHS = 5
_ALPHA = 1e-6


def baseline(
    rows: Rows,
    labels: Sequence[str],
    *,
    seed: int = 0,
    progress: Callable[[str], None] = lambda _: None,
) -> System:
    """Train a head for each label of which ``rows`` hold both classes. Raises DataError where there is none.

    Needs scikit-learn (the extra ``train``).
    """
    heads = [label for label in labels if {0, 1} <= set(rows.truth(label).tolist())]
    if not heads:
        raise DataError(
            f"{len(rows.texts)} train rows hold positives and negatives of none of {', '.join(labels)}; give files "
            "with rows of the split `train` to train the baseline on, or leave it out"
        )
    grams = _Grams()
    progress(f"baseline: n-grams of {len(rows.texts)} texts")
    matrix = grams.fit(rows.texts)
    fitted = []
    for label in heads:
        progress(f"baseline: {label}")
        fitted.append(_fit(matrix, rows.truth(label), seed))

    def score(texts: Sequence[str], languages: Sequence[str]) -> Scored:
        parts = [_probabilities(fitted, grams.of(texts[i : i + _BATCH])) for i in range(0, len(texts), _BATCH)]
        found = np.concatenate(parts) if parts else np.zeros((0, len(fitted)))
        return Scored.plain(found, np.ones(found.shape, np.bool_))

    return System("baseline", NAME, f"{len(rows.texts)} rows, seed {seed}", tuple(heads), score)


class _Grams:
    """Texts as rows of tf-idf weights, float32 [texts, 2^20]."""

    def __init__(self) -> None:
        from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer

        shared = {"n_features": _BUCKETS, "alternate_sign": False, "norm": None, "dtype": np.float32}
        self._hashers = [
            HashingVectorizer(analyzer="char", ngram_range=(1, 5), **shared),
            HashingVectorizer(analyzer="word", ngram_range=(1, 2), **shared),
        ]
        self._rarity = TfidfTransformer(sublinear_tf=True)

    def fit(self, texts: Sequence[str]) -> Any:
        from scipy.sparse import vstack

        parts = [self._counts(texts[i : i + _BATCH]) for i in range(0, len(texts), _BATCH)]
        counts = vstack(parts, format="csr")
        del parts
        return self._rarity.fit(counts).transform(counts, copy=False)

    def of(self, texts: Sequence[str]) -> Any:
        return self._rarity.transform(self._counts(texts), copy=False)

    def _counts(self, texts: Sequence[str]) -> Any:
        cut = [text[:_CHARS] for text in texts]
        return self._hashers[0].transform(cut) + self._hashers[1].transform(cut)


def _fit(matrix: Any, truth: NDArray[np.int8], seed: int) -> Any:
    from sklearn.linear_model import SGDClassifier

    known = np.flatnonzero(truth >= 0)
    model = SGDClassifier(loss="log_loss", alpha=_ALPHA, average=True, max_iter=_EPOCHS, tol=None, random_state=seed)
    return model.fit(matrix[known], truth[known])


def _probabilities(fitted: Sequence[Any], matrix: Any) -> NDArray[np.float64]:
    return np.stack([model.predict_proba(matrix)[:, 1] for model in fitted], axis=1).astype(np.float64)
