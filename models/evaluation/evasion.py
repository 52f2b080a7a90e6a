"""What evasion costs: the same annotated rows as they are, and changed so that machines do not read them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.evaluation.curves import stratified_auc
from models.evaluation.report import Evasion, figure
from models.evaluation.resample import resamples
from models.evaluation.rows import Rows
from models.evaluation.scored import Scored, System, detected
from models.evaluation.slices import Bootstrap
from models.noise import noisy

_MOST = 2000  # rows; a system scores so many more


@dataclass(frozen=True, slots=True)
class Noised:
    """Some rows of an evaluation, by their places, and their texts after noise."""

    places: NDArray[np.intp]
    texts: list[str]
    languages: list[str]  # as detected after noise


def noised(
    rows: Rows, labels: Sequence[str], normal: Callable[[str], str], *, seed: int = 0, most: int = _MOST
) -> Noised:
    """At most ``most`` annotated rows; ``normal`` is what the stream does to a text before it is scored."""
    random = np.random.default_rng(seed)
    places = _drawn(rows, labels, random, most)
    texts = [normal(noisy(rows.texts[place], random)) for place in places]
    return Noised(places, texts, detected(texts))


def evasion_cells(system: System, scored: Scored, rows: Rows, changed: Noised, bootstrap: Bootstrap) -> list[Evasion]:
    """By label, all languages together; ``scored`` are the system's scores of all ``rows``."""
    if not changed.places.size:
        return []
    before = scored.probabilities[changed.places]
    after = system.score(changed.texts, changed.languages).probabilities
    differ = np.array(
        [rows.texts[place] != text for place, text in zip(changed.places, changed.texts, strict=True)], np.bool_
    )
    found = []
    for at, label in enumerate(system.labels):
        truth = rows.truth(label)[changed.places]
        known = truth >= 0
        sources = np.unique(rows.sources[changed.places][known], return_inverse=True)[1]
        columns = (before[known, at], after[known, at])
        found.append(_cell(label, truth[known] == 1, sources, columns, differ[known], bootstrap))
    return [cell for cell in found if cell.rows]


def _cell(
    label: str,
    truth: NDArray[np.bool_],
    sources: NDArray[np.intp],
    columns: tuple[NDArray[np.float64], NDArray[np.float64]],
    differ: NDArray[np.bool_],
    bootstrap: Bootstrap,
) -> Evasion:
    """Both AUCs and their difference on the same resamples."""
    parts: list[list[NDArray[np.float64]]] = [[], []]
    for counts in resamples(sources * 2 + truth, bootstrap.times, bootstrap.seed) if truth.size else ():
        for part, scores in zip(parts, columns, strict=True):
            part.append(stratified_auc(scores, truth, sources, counts))
    clean, noisy_ = (np.concatenate(part) if part else np.zeros(0) for part in parts)
    return Evasion(
        label=label,
        rows=truth.size,
        positives=int(truth.sum()),
        changed=round(float(differ.mean()), 5) if truth.size else 0.0,
        clean=figure(clean, truth.size),
        noised=figure(noisy_, truth.size),
        lost=figure(clean - noisy_, truth.size),
    )


def _drawn(rows: Rows, labels: Sequence[str], random: np.random.Generator, most: int) -> NDArray[np.intp]:
    """The same number of each class of each label, evenly over languages and sources.

    Of sources that hold both classes only: pairs of one source are what the AUC counts.
    """
    groups = np.unique(np.stack([rows.languages, rows.sources]), axis=1, return_inverse=True)[1].ravel()
    chosen = np.zeros(len(rows.texts), np.bool_)
    for label in labels:
        truth = np.where(rows.weak, -1, rows.truth(label))
        both = np.intersect1d(groups[truth == 1], groups[truth == 0])
        for value in (1, 0):
            places = np.flatnonzero((truth == value) & np.isin(groups, both))
            chosen[_evenly(places, groups, random)[: most // (2 * len(labels))]] = True
    return np.flatnonzero(chosen)


def _evenly(places: NDArray[np.intp], groups: NDArray[np.intp], random: np.random.Generator) -> NDArray[np.intp]:
    """Shuffled, then one of each group in turn for as long as it lasts."""
    places = random.permutation(places)
    rank = np.zeros(places.size, np.intp)
    for group in np.unique(groups[places]):
        here = groups[places] == group
        rank[here] = np.arange(here.sum())
    return places[np.argsort(rank, kind="stable")]
