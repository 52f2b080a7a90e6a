"""Checks on made-up sentences: is a group taken for hate, or a language for harmless, or a word for what is meant?"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models.evaluation.curves import stratified_auc
from models.evaluation.report import ALL, Cell, Contrasted, Figure, Identity, Insults, figure
from models.evaluation.resample import resamples
from models.evaluation.scored import Scored, System, detected
from models.evaluation.slices import Bootstrap, shares_at
from models.probes.probes import Contrast, Swap, contrast, identity_probes, insult_probes
from models.probes.probes import swaps as all_swaps
from models.probes.swaps import Gap, gaps
from models.tags import base_tag
from models.thresholds import Thresholds

PROBED = ("toxicity", "hate")  # what naming a group must not look like
INSULTED = ("toxicity",)  # what an insult is
MEANT = ("toxicity", "threat")  # what the contrast sentences say of themselves


class Sentence(Protocol):
    """One made-up sentence; ``models.probes.probes`` makes them."""

    @property
    def text(self) -> str: ...
    @property
    def lang(self) -> str: ...


class Probe(Sentence, Protocol):
    """One that is harmful or not."""

    @property
    def harmful(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Probes:
    """Sentences that were kept out of training."""

    identity: Sequence[Probe]  # harmful ones are left out: the check is on false alarms
    insults: Sequence[Probe]  # harmful: an insult; else a neutral word in the same frame
    swaps: Sequence[Swap] = ()  # the same harmless sentence with one group after another
    contrast: Sequence[Contrast] = ()  # sentences that share words, harmful in one meaning only

    @classmethod
    def own(cls) -> "Probes":
        """The probe half of this project's templates."""
        return cls(identity_probes("probe"), insult_probes("probe"), all_swaps("probe"), contrast("probe"))


def identity_cells(
    system: System, probes: Probes, cells: Iterable[Cell], thresholds: Mapping[str, Thresholds], bootstrap: Bootstrap
) -> list[Identity]:
    """For the labels of ``PROBED`` by language, "all" first; ``cells`` are the system's own."""
    sentences = [probe for probe in probes.identity if not probe.harmful]
    languages, scored = _scored(system, sentences)
    overall = {cell.label: cell for cell in cells if cell.language == ALL and cell.source == ALL}
    found = []
    for at, label in _heads(system, PROBED):
        limits = thresholds.get(label, Thresholds())
        for language in _languages(languages):
            scores = scored.probabilities[(languages == language) | (language == ALL), at]
            at_review, at_act = shares_at(scores, limits, bootstrap)
            benign = overall.get(label)
            found.append(
                Identity(
                    label=label,
                    language=language,
                    at_review=at_review,
                    at_act=at_act,
                    times_review=_times(at_review, benign.fpr_at_review if benign else None),
                    times_act=_times(at_act, benign.fpr_at_act if benign else None),
                )
            )
    return found


def swap_cells(system: System, probes: Probes, thresholds: Mapping[str, Thresholds]) -> list[Gap]:
    """For the labels of ``PROBED`` by language: how far groups lie apart in the same sentences."""
    if not probes.swaps:
        return []
    texts = [swap.text for swap in probes.swaps]
    found = system.score(texts, detected(texts)).probabilities
    scores = {label: found[:, at].tolist() for at, label in _heads(system, PROBED)}
    return gaps(probes.swaps, scores, {label: thresholds.get(label, Thresholds()).review_from for label in scores})


def insult_cells(system: System, probes: Probes, bootstrap: Bootstrap) -> list[Insults]:
    """For the labels of ``INSULTED`` by language; the AUC is None without both insults and neutral sentences."""
    languages, scored = _scored(system, probes.insults)
    harmful = np.array([probe.harmful for probe in probes.insults], np.bool_)
    return [
        Insults(
            label=label,
            language=told.language,
            insults=told.positives,
            neutral=told.negatives,
            auc=told.auc,
        )
        for at, label in _heads(system, INSULTED)
        for told in _told_apart(scored.probabilities[:, at], harmful, languages, bootstrap)
    ]


def contrast_cells(system: System, probes: Probes, bootstrap: Bootstrap) -> list[Contrasted]:
    """For the labels of ``MEANT`` by language; sentences of which a label is not known are left out for it."""
    languages, scored = _scored(system, probes.contrast)
    found = []
    for at, label in _heads(system, MEANT):
        said = [sentence.labels[label] for sentence in probes.contrast]
        known = np.array([value is not None for value in said], np.bool_)
        truth = np.array([value == 1 for value in said], np.bool_)
        found += [
            Contrasted(
                label=label,
                language=told.language,
                meant=told.positives,
                not_meant=told.negatives,
                auc=told.auc,
            )
            for told in _told_apart(scored.probabilities[known, at], truth[known], languages[known], bootstrap)
        ]
    return found


@dataclass(frozen=True, slots=True)
class _Told:
    """How well the two kinds of sentences of a language are told apart."""

    language: str
    positives: int
    negatives: int
    auc: Figure | None


def _told_apart(
    scores: NDArray[np.float64], truth: NDArray[np.bool_], languages: NDArray[np.str_], bootstrap: Bootstrap
) -> Iterator[_Told]:
    for language in _languages(languages):
        here = (languages == language) | (language == ALL)
        kinds = truth[here]
        auc = _auc(scores[here], kinds, languages[here], bootstrap)
        yield _Told(language, int(kinds.sum()), int((~kinds).sum()), auc)


def _auc(
    scores: NDArray[np.float64], truth: NDArray[np.bool_], languages: NDArray[np.str_], bootstrap: Bootstrap
) -> Figure | None:
    """Over pairs of one language, so that telling languages apart earns nothing."""
    strata = np.unique(languages, return_inverse=True)[1]
    drawn = resamples(strata * 2 + truth, bootstrap.times, bootstrap.seed)
    return figure(np.concatenate([stratified_auc(scores, truth, strata, counts) for counts in drawn]), truth.size)


def _scored(system: System, probes: Sequence[Sentence]) -> tuple[NDArray[np.str_], Scored]:
    languages = np.array([base_tag(probe.lang) for probe in probes], np.str_)
    texts = [probe.text for probe in probes]
    return languages, system.score(texts, detected(texts))


def _heads(system: System, labels: tuple[str, ...]) -> list[tuple[int, str]]:
    return [(at, label) for at, label in enumerate(system.labels) if label in labels]


def _languages(languages: NDArray[np.str_]) -> list[str]:
    return [ALL, *sorted(set(languages.tolist()))] if languages.size else []


def _times(rate: Figure | None, benign: Figure | None) -> float | None:
    if rate is None or benign is None or not benign.value:
        return None
    return round(rate.value / benign.value, 3)
