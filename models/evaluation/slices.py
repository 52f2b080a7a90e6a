"""Measures of every system on the same rows and resamples, for one label and slice after the other."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.evaluation.curves import Ranking, calibration_error, f1, ratio, stratified_auc
from models.evaluation.report import ALL, Benign, Cell, Figure, Point, Share, figure
from models.evaluation.resample import resamples
from models.evaluation.rows import Rows
from models.evaluation.scored import Scored, System, Verdicts, item_verdicts, verdicts
from models.metrics import Floats, Truth, equal_mass_bins
from models.thresholds import Thresholds

Measured = dict[str, Floats]  # by name, [1 + resamples], the value of the data as they are first
POSITIVES, NEGATIVES, ACTED, ROWS = "positives", "negatives", "acted", "rows"
MEASURES = {
    "auc": ROWS,
    "auc_plain": ROWS,
    "average_precision": ROWS,
    "f1_at_review": ROWS,
    "f1_at_act": ROWS,
    "recall_at_1_percent_fpr": POSITIVES,
    "recall_at_5_percent_fpr": POSITIVES,
    "recall_at_95_percent_precision": POSITIVES,
    "recall_at_act": POSITIVES,
    "precision_at_act": ACTED,
    "ece": ROWS,
    "fpr_at_review": NEGATIVES,
    "fpr_at_act": NEGATIVES,
    "recall_seen": POSITIVES,
    "benign_in_review": NEGATIVES,
    "lead": ROWS,
}
"""Every measure of a cell, and which of its rows it is over."""


@dataclass(frozen=True, slots=True)
class Slice:
    """Some annotated rows of one label; arrays [rows of the slice]."""

    label: str
    language: str
    source: str
    truth: Truth
    strata: NDArray[np.intp]  # sources as numbers

    @property
    def has_both(self) -> bool:
        return bool(self.truth.any() and not self.truth.all())


@dataclass(frozen=True, slots=True)
class Column:
    """What one system says about the rows of a slice."""

    scores: Floats
    evidence: NDArray[np.bool_]
    verdicts: Verdicts
    thresholds: Thresholds


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """How often to resample (0: no intervals), and the seed."""

    times: int
    seed: int


Scores = Sequence[tuple[System, Scored]]


def label_cells(
    label: str, rows: Rows, scores: Scores, thresholds: Thresholds, bootstrap: Bootstrap
) -> Iterator[list[Cell | None]]:
    """For "all", each language and each source: one cell a system, None for systems without the label."""
    truth = rows.truth(label)
    annotated = (truth >= 0) & ~rows.weak
    columns = [_column(system, scored, label, thresholds) for system, scored in scores]
    for language, source in _slices(rows, annotated):
        here = (rows.languages == language) | (language == ALL)
        chosen = np.flatnonzero(annotated & here & ((rows.sources == source) | (source == ALL)))
        strata = np.unique(rows.sources[chosen], return_inverse=True)[1]
        yield _cells(Slice(label, language, source, truth[chosen] == 1, strata), chosen, columns, bootstrap)


def _slices(rows: Rows, annotated: NDArray[np.bool_]) -> list[tuple[str, str]]:
    languages = sorted(set(rows.languages[annotated].tolist()))
    sources = sorted(set(rows.sources[annotated].tolist()))
    return [(ALL, ALL), *((language, ALL) for language in languages), *((ALL, source) for source in sources)]


def _column(system: System, scored: Scored, label: str, thresholds: Thresholds) -> Column | None:
    if label not in system.labels:
        return None
    at = system.labels.index(label)
    return Column(scored.probabilities[:, at], scored.evidence[:, at], verdicts(scored, at, thresholds), thresholds)


def _at(column: Column, rows: NDArray[np.intp]) -> Column:
    found = column.verdicts
    return Column(
        column.scores[rows],
        column.evidence[rows],
        Verdicts(found.acted[rows], found.reviewed[rows]),
        column.thresholds,
    )


def _cells(
    part: Slice, chosen: NDArray[np.intp], columns: list[Column | None], bootstrap: Bootstrap
) -> list[Cell | None]:
    cut = [None if column is None else _at(column, chosen) for column in columns]
    measured: list[list[Measured]] = [[] for _ in cut]
    if chosen.size:
        for counts in resamples(part.strata * 2 + part.truth, bootstrap.times, bootstrap.seed):
            for found, column in zip(measured, cut, strict=True):
                if column is not None:
                    found.append(_measure(part, column, counts))
    whole = [_joined(found) for found in measured]
    first = whole[0].get("auc")
    for other in whole[1:]:
        if first is not None and "auc" in other:
            other["lead"] = first - other["auc"]
    return [None if column is None else _cell(part, column, found) for column, found in zip(cut, whole, strict=True)]


def _joined(parts: list[Measured]) -> Measured:
    return {name: np.concatenate([part[name] for part in parts]) for name in (parts[0] if parts else ())}


def _measure(part: Slice, column: Column, counts: Floats) -> Measured:
    truth, scores, found = part.truth, column.scores, column.verdicts
    measured = {
        "fpr_at_review": ratio(counts, scores >= column.thresholds.review_from, ~truth),
        "fpr_at_act": ratio(counts, scores >= column.thresholds.act_from, ~truth),
        "recall_at_act": ratio(counts, found.acted, truth),
        "recall_seen": ratio(counts, found.acted | found.reviewed, truth),
        "benign_in_review": ratio(counts, found.reviewed, ~truth),
    }
    if not part.has_both:
        return measured
    curve = Ranking.of(scores, truth).curve(counts)
    return measured | {
        "auc": stratified_auc(scores, truth, part.strata, counts),
        "auc_plain": curve.auc(),
        "average_precision": curve.average_precision(),
        "f1_at_review": f1(counts, scores >= column.thresholds.review_from, truth),
        "f1_at_act": f1(counts, scores >= column.thresholds.act_from, truth),
        "recall_at_1_percent_fpr": curve.recall_at_fpr(0.01),
        "recall_at_5_percent_fpr": curve.recall_at_fpr(0.05),
        "recall_at_95_percent_precision": curve.recall_at_precision(0.95),
        "precision_at_act": ratio(counts, truth, found.acted),
        "ece": calibration_error(counts, equal_mass_bins(scores), scores, truth),
    }


def _cell(part: Slice, column: Column, measured: Measured) -> Cell:
    sizes = {
        ROWS: part.truth.size,
        POSITIVES: int(part.truth.sum()),
        NEGATIVES: int((~part.truth).sum()),
        ACTED: int(column.verdicts.acted.sum()),
    }
    none = np.zeros(0)
    figures = {name: figure(measured.get(name, none), sizes[over]) for name, over in MEASURES.items()}
    return Cell(
        label=part.label,
        language=part.language,
        source=part.source,
        evidence=round(float(column.evidence.mean()), 5) if part.truth.size else 0.0,
        reliability=_reliability(column.scores, part.truth) if part.truth.size else (),
        rows=sizes[ROWS],
        positives=sizes[POSITIVES],
        negatives=sizes[NEGATIVES],
        **figures,
    )


def _reliability(scores: Floats, truth: Truth) -> tuple[Point, ...]:
    places = equal_mass_bins(scores)
    return tuple(
        Point(
            stated=round(float(scores[places == place].mean()), 5),
            observed=round(float(truth[places == place].mean()), 5),
            n=int((places == place).sum()),
        )
        for place in np.unique(places)
    )


def benign_cells(
    label: str, rows: Rows, scored: Scored, at: int, thresholds: Thresholds, bootstrap: Bootstrap
) -> list[Benign]:
    """False alarms of a label on weak harmless rows, "all" first, then by language; none without such rows."""
    harmless = (rows.truth(label) == 0) & rows.weak
    scores = scored.probabilities[:, at]
    cells = []
    for language in (ALL, *sorted(set(rows.languages[harmless].tolist()))) if harmless.any() else ():
        here = scores[harmless & ((rows.languages == language) | (language == ALL))]
        at_review, at_act = shares_at(here, thresholds, bootstrap)
        cells.append(Benign(label=label, language=language, rows=here.size, at_review=at_review, at_act=at_act))
    return cells


def shares_at(scores: Floats, thresholds: Thresholds, bootstrap: Bootstrap) -> tuple[Figure | None, Figure | None]:
    """Shares of scores at or above ``review_from`` and ``act_from``."""
    return _rate(scores >= thresholds.review_from, bootstrap), _rate(scores >= thresholds.act_from, bootstrap)


def _rate(flags: NDArray[np.bool_], bootstrap: Bootstrap) -> Figure | None:
    """A share and its interval. Resampling flags with replacement draws a binomial number of them."""
    if not flags.size:
        return None
    share = float(flags.mean())
    drawn = np.random.default_rng(bootstrap.seed).binomial(flags.size, share, bootstrap.times) / flags.size
    return figure(np.append(share, drawn), flags.size)


def share_cells(
    rows: Rows, system: System, scored: Scored, thresholds: Mapping[str, Thresholds], bootstrap: Bootstrap
) -> list[Share]:
    """What happens to harmful and to harmless annotated items, "all" first, then by language."""
    harm, found = rows.harm(), item_verdicts(scored, system.labels, thresholds)
    cells = []
    for language in (ALL, *sorted(set(rows.languages[(harm >= 0) & ~rows.weak].tolist()))):
        here = ((rows.languages == language) | (language == ALL)) & ~rows.weak
        for harmful in (True, False):
            chosen = here & (harm == int(harmful))
            if chosen.any():
                acted, reviewed = found.acted[chosen], found.reviewed[chosen]
                cells.append(
                    Share(
                        language=language,
                        harmful=harmful,
                        rows=int(chosen.sum()),
                        allow=_rate(~acted & ~reviewed, bootstrap),
                        review=_rate(reviewed, bootstrap),
                        act=_rate(acted, bootstrap),
                    )
                )
    return cells
