"""From the logits of the validation part to a calibrated head with an honest record of every language."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.calibration import fit_lines
from models.manifest import Head, LanguageRecord
from models.metrics import expected_calibration_error, stratified_auc, stratified_auc_interval
from models.sigmoid import Line, sigmoid
from models.training.recipe import RecipeSettings

_FOLDS = 5


@dataclass(frozen=True, slots=True)
class Validation:
    """Annotated validation rows of one label; arrays [rows]."""

    logits: NDArray[np.float64]
    truth: NDArray[np.bool_]
    languages: NDArray[np.str_]
    sources: NDArray[np.str_]


TrainCounts = tuple[NDArray[np.int8], NDArray[np.str_], NDArray[np.bool_]]  # truth, languages, weak; [rows]


def build_head(
    label: str, unit: float, validation: Validation, train: TrainCounts, settings: RecipeSettings, seed: int
) -> Head:
    """Calibrated on all of the validation part; the errors in the records come from folds held out in turn."""
    line, lines = fit_lines(validation.logits, validation.truth.astype(np.float64), validation.languages)
    probabilities = cross_fitted(validation, seed)
    truth, languages, _ = train
    tags = sorted({*languages[truth >= 0].tolist(), *validation.languages.tolist()})
    records = {tag: _record(tag, validation, probabilities, train, settings, seed) for tag in tags}
    return Head(label=label, scale=unit, line=line, lines=lines, records=records)


def cross_fitted(validation: Validation, seed: int) -> NDArray[np.float64]:
    """Probabilities of each row by lines fitted without its fold; [rows]."""
    folds = np.random.default_rng(seed).permutation(validation.truth.size) % _FOLDS
    found = np.zeros(validation.truth.size)
    for fold in range(_FOLDS):
        held, rest = folds == fold, folds != fold
        truth = validation.truth[rest].astype(np.float64)
        overall, lines = fit_lines(validation.logits[rest], truth, validation.languages[rest])
        found[held] = _apply(validation.logits[held], validation.languages[held], overall, lines)
    return found


def _apply(
    logits: NDArray[np.float64], languages: NDArray[np.str_], overall: Line, lines: dict[str, Line]
) -> NDArray[np.float64]:
    chosen = [lines.get(language, overall) for language in languages.tolist()]
    slopes, offsets = (np.array([getattr(line, name) for line in chosen]) for name in ("slope", "offset"))
    return sigmoid(logits * slopes + offsets)


def _record(
    tag: str,
    validation: Validation,
    probabilities: NDArray[np.float64],
    train: TrainCounts,
    settings: RecipeSettings,
    seed: int,
) -> LanguageRecord:
    truth, languages, weak = train
    here = (languages == tag) & (truth >= 0)
    rows = validation.languages == tag
    known = validation.truth[rows]
    sources = np.unique(validation.sources[rows], return_inverse=True)[1]
    value = stratified_auc(validation.logits[rows], known, sources)
    interval = stratified_auc_interval(
        validation.logits[rows], known, sources, bootstrap=settings.bootstrap, seed=seed
    )
    low, high = interval or (None, None)
    positives, negatives = (int((here & ~weak & (truth == side)).sum()) for side in (1, 0))
    checked = (int(known.sum()), int((~known).sum()))
    return LanguageRecord(
        train_positives=positives,
        train_negatives=negatives,
        train_weak=int((here & weak).sum()),
        validation_positives=checked[0],
        validation_negatives=checked[1],
        auc=_short(value),
        auc_low=_short(low),
        auc_high=_short(high),
        ece=_short(expected_calibration_error(probabilities[rows], known)) if min(checked) else None,
        evidence=min(positives, negatives) >= settings.evidence_train_rows
        and min(checked) >= settings.evidence_validation_rows
        and low is not None
        and low >= settings.evidence_auc_low,
    )


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
