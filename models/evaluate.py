"""Quality of a classifier on labelled rows, for each label and language and over all languages."""

from collections.abc import Iterable, Mapping
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from models import metrics
from models.classifier import Classifier

ALL = "all"
_BATCH = 1024
_DEFAULT_THRESHOLD = 0.5


class LabelledText(Protocol):
    """What a row must offer; ``models.training.data.Row`` does."""

    @property
    def text(self) -> str: ...
    @property
    def lang(self) -> str: ...
    @property
    def labels(self) -> Mapping[str, int | None]: ...


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """One label in one language; None where the rows do not allow the measure. Rates and scores are 0..1."""

    label: str
    language: str  # "all" for every language together
    rows: int
    positives: int
    auc: float | None
    auc_low: float | None  # 95 % bootstrap interval
    auc_high: float | None
    average_precision: float | None
    threshold: float
    f1: float | None
    recall_at_1_percent_fpr: float | None
    recall_at_5_percent_fpr: float | None
    ece: float | None
    evidence: float  # share of the rows for which the classifier claims evidence


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All cells, by label and language."""

    classifier: str
    version: str
    cells: tuple[Cell, ...]

    def to_json(self) -> bytes:
        """Indented JSON."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1)

    def table(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """Column names, and one row of text a cell, for a terminal."""
        names = Cell.__struct_fields__
        return names, [tuple(_shown(getattr(cell, name)) for name in names) for cell in self.cells]


def evaluate(
    classifier: Classifier,
    rows: Iterable[LabelledText],
    *,
    thresholds: Mapping[str, float] | None = None,
    bootstrap: int = 200,
    seed: int = 0,
) -> Report:
    """Score every row under its own language tag and measure; a label of None leaves the row out for it.

    ``thresholds`` gives the threshold of F1 for a label, 0.5 where it says nothing.
    """
    kept = list(rows)
    tags = np.array([row.lang for row in kept], dtype=np.str_)
    probabilities, evidence = _score(classifier, kept)
    cells = []
    for column, label in enumerate(classifier.labels):
        truth = np.array([_known(row.labels.get(label)) for row in kept], np.int8)
        threshold = (thresholds or {}).get(label, _DEFAULT_THRESHOLD)
        for language in (ALL, *sorted(set(tags[truth >= 0].tolist()))):
            chosen = (truth >= 0) & ((tags == language) | (language == ALL))
            cells.append(
                _cell(
                    (label, language, threshold),
                    probabilities[chosen, column].astype(np.float64),
                    truth[chosen] == 1,
                    evidence[chosen, column],
                    (bootstrap, seed),
                )
            )
    return Report(classifier=classifier.name, version=classifier.version, cells=tuple(cells))


def _score(classifier: Classifier, rows: list[LabelledText]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    parts = [
        classifier.score([row.text for row in batch], [row.lang for row in batch])
        for batch in (rows[begin : begin + _BATCH] for begin in range(0, max(len(rows), 1), _BATCH))
    ]
    return np.concatenate([part.probabilities for part in parts]), np.concatenate([part.evidence for part in parts])


def _known(value: int | None) -> int:
    return -1 if value is None else value


def _cell(
    scope: tuple[str, str, float],
    scores: metrics.Floats,
    truth: metrics.Truth,
    evidence: NDArray[np.bool_],
    resampling: tuple[int, int],
) -> Cell:
    label, language, threshold = scope
    bootstrap, seed = resampling
    low, high = metrics.auc_interval(scores, truth, bootstrap=bootstrap, seed=seed) or (None, None)
    return Cell(
        label=label,
        language=language,
        rows=truth.size,
        positives=int(truth.sum()),
        auc=metrics.auc(scores, truth),
        auc_low=low,
        auc_high=high,
        average_precision=metrics.average_precision(scores, truth),
        threshold=threshold,
        f1=metrics.f1(scores, truth, threshold),
        recall_at_1_percent_fpr=metrics.recall_at_fpr(scores, truth, 0.01),
        recall_at_5_percent_fpr=metrics.recall_at_fpr(scores, truth, 0.05),
        ece=metrics.expected_calibration_error(scores, truth),
        evidence=float(evidence.mean()) if evidence.size else 0.0,
    )


def _shown(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else str(value)
