"""What the members of an ensemble say of the validation rows, and what is fitted and measured on that."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.calibration import fit_lines, fit_mixes
from models.ensemble_manifest import EnsembleHead, OwnLines
from models.manifest import Metric
from models.metrics import auc
from models.mixing import Mix, Scorer, stacked_logits, unknown_shares
from models.training.heads import Validation, build_records, out_of_fold
from models.training.parts import Part
from models.training.recipe import RecipeSettings

_BATCH = 4096
_TINY = 1e-12  # keeps the log odds of a probability finite
_FEWEST = 30  # of each class, for an AUC by source


@dataclass(frozen=True, slots=True)
class Checked:
    """Annotated validation rows; ``logits`` is [rows, labels, members], 0 where a member does not know a label.

    ``knows`` [labels, members] says where it does; ``unknown`` [rows] is the share of unknown pieces.
    """

    part: Part
    labels: tuple[str, ...]
    knows: NDArray[np.bool_]
    logits: NDArray[np.float64]
    unknown: NDArray[np.float64]

    def only(self, columns: Sequence[int]) -> "Checked":
        """The same with some of the labels."""
        labels = tuple(self.labels[column] for column in columns)
        return Checked(self.part, labels, self.knows[columns], self.logits[:, columns], self.unknown)

    def known(self, label: str) -> NDArray[np.intp]:
        """Members that score a label."""
        return np.flatnonzero(self.knows[self.labels.index(label)])

    def logits_of(self, label: str) -> NDArray[np.float64]:
        """Logits of the members that score a label, [rows, those members]."""
        return self.logits[:, self.labels.index(label)][:, self.known(label)]


def check(part: Part, members: Sequence[Scorer], progress: Callable[[str], None]) -> Checked:
    """Score all rows with all members."""
    labels = tuple(dict.fromkeys(label for member in members for label in member.labels))
    texts = [row.text for row in part.rows]
    logits, unknown = [], []
    for start in range(0, len(texts), _BATCH):
        some = texts[start : start + _BATCH]
        logits.append(stacked_logits(members, labels, some))
        unknown.append(unknown_shares(members, some))
        progress(f"scored {start + len(some)} of {len(texts)} validation texts")
    knows = np.array([[label in member.labels for member in members] for label in labels])
    return Checked(part, labels, knows, np.concatenate(logits), np.concatenate(unknown))


def cross_fitted_mix(
    checked: Checked, label: str, seed: int, asked_in: NDArray[np.str_] | None = None
) -> NDArray[np.float64]:
    """Probabilities [rows] by mixes that did not see the row; ``asked_in`` as in ``out_of_fold``."""
    part = checked.part
    languages = part.languages if asked_in is None else asked_in
    return out_of_fold(checked.logits_of(label), part.truth(label), part.languages, languages, seed)


def fit_head(checked: Checked, label: str, train: Part, settings: RecipeSettings, seed: int) -> EnsembleHead:
    """Mixed and calibrated on all rows; the records are of mixes that did not see the row."""
    part, members = checked.part, checked.knows.shape[1]
    truth = part.truth(label)
    known = truth >= 0
    logits, target, tags = checked.logits_of(label)[known], (truth[known] == 1), part.languages[known]
    overall, mixes = fit_mixes(logits, target.astype(np.float64), tags)
    found = cross_fitted_mix(checked, label, seed)[known]
    odds = np.log(np.clip(found, _TINY, 1 - _TINY)) - np.log1p(-np.clip(found, _TINY, 1 - _TINY))
    validation = Validation(odds, target, tags, part.sources[known])
    places = checked.known(label)
    own: list[OwnLines | None] = [None] * members
    for column, place in enumerate(places.tolist()):
        line, lines = fit_lines(logits[:, column], target.astype(np.float64), tags)
        own[place] = OwnLines(line=line, lines=lines)
    return EnsembleHead(
        label=label,
        mix=_spread(overall, places, members),
        mixes={tag: _spread(mix, places, members) for tag, mix in mixes.items()},
        own=tuple(own),
        records=build_records(validation, found, (train.truth(label), train.languages, train.weak), settings, seed),
    )


def source_metrics(checked: Checked, kinds: Sequence[str], seed: int) -> tuple[Metric, ...]:
    """AUC by label and source: of the mix, by fits without the row, and of each member by itself."""
    found = []
    for label in checked.labels:
        truth = checked.part.truth(label)
        columns = {"validation_auc": cross_fitted_mix(checked, label, seed)}
        logits = checked.logits_of(label)
        for column, place in enumerate(checked.known(label).tolist()):
            columns[f"validation_auc_of_{kinds[place]}"] = logits[:, column]
        for source in np.unique(checked.part.sources[truth >= 0]).tolist():
            rows = (truth >= 0) & (checked.part.sources == source)
            found += [
                Metric(name=name, scope=f"{label}/{source}", value=round(value, 4))
                for name, scores in columns.items()
                if min((truth[rows] == 1).sum(), (truth[rows] == 0).sum()) >= _FEWEST
                and (value := auc(scores[rows], truth[rows] == 1)) is not None
            ]
    return tuple(found)


def _spread(mix: Mix, places: NDArray[np.intp], members: int) -> Mix:
    """With a slope of 0 for each member that does not know the label."""
    slopes = np.zeros(members)
    slopes[places] = mix.slopes
    return Mix(slopes=tuple(slopes.tolist()), offset=mix.offset)
