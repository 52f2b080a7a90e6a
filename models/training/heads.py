"""From the logits of the validation part to a calibrated head with an honest record of every language."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.calibration import fit_lines, fit_mixes
from models.manifest import Head, LanguageRecord
from models.metrics import expected_calibration_error, stratified_auc, stratified_auc_interval
from models.mixing import mixed
from models.probes import probes
from models.tags import base_tag
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
    records = build_records(validation, cross_fitted(validation, seed), train, settings, seed)
    return Head(label=label, scale=unit, line=line, lines=lines, records=records)


def build_records(
    validation: Validation,
    probabilities: NDArray[np.float64],
    train: TrainCounts,
    settings: RecipeSettings,
    seed: int,
) -> dict[str, LanguageRecord]:
    """A record of each language that training, validation or probes have, so that what lacks evidence says so.

    ``validation.logits`` is what the AUC is of. ``probabilities`` [rows] are those that the calibration error is of;
    they come from fits without the row.
    """
    truth, languages, _ = train
    probed = map(base_tag, probes.languages())
    tags = sorted({*languages[truth >= 0].tolist(), *validation.languages.tolist(), *probed})
    return {tag: _record(tag, validation, probabilities, train, settings, seed) for tag in tags}


def cross_fitted(validation: Validation, seed: int) -> NDArray[np.float64]:
    """Probabilities of each row by lines fitted without its fold; [rows]."""
    truth = validation.truth.astype(np.int8)
    return out_of_fold(validation.logits[:, None], truth, validation.languages, validation.languages, seed)


def out_of_fold(
    logits: NDArray[np.float64],
    truth: NDArray[np.int8],
    languages: NDArray[np.str_],
    asked_in: NDArray[np.str_],
    seed: int,
) -> NDArray[np.float64]:
    """Probabilities [rows] by mixes fitted without the row's fold; logits [rows, members].

    Rows with truth -1 are left out of the fitting. ``languages`` are those of the fitting, ``asked_in`` those whose
    mix is applied, as a detector that errs would choose it.
    """
    folds = np.random.default_rng(seed).permutation(truth.size) % _FOLDS
    found = np.zeros(truth.size)
    for fold in range(_FOLDS):
        held, rest = folds == fold, (folds != fold) & (truth >= 0)
        overall, mixes = fit_mixes(logits[rest], truth[rest].astype(np.float64), languages[rest])
        found[held] = mixed(logits[held], asked_in[held].tolist(), overall, mixes)
    return found


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
