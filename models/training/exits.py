"""Fits where texts may leave the lower level early without a different outcome than the next level's.

A text's outcome under a label is to be allowed, reviewed or acted on. Leaving early is an error where the two levels
disagree on the outcome of any label. For a language, bands are made from a number m: each label's tail of low scores
and its tail of high scores each reach as far as they hold at most m texts whose outcome under that label changes. The
error budget, a share of all texts, is then spent where one changed text buys the most texts that leave early.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.exits import EXITS_FORMAT, Band, Exits, LanguageExits, sealed
from models.thresholds import Thresholds

TARGET = 0.005
FEWEST_ROWS = 300  # with evidence at the lower level, for a language to leave early at all
_LANGUAGE_CAP = 2.0  # a single language may spend at most so many times the target of its own texts
_STEPS = 40
_SHRINK = 0.8
_TRIES = 12

Matrix = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Answers:
    """What one level says of the validation texts; arrays [rows, labels]."""

    labels: tuple[str, ...]
    probabilities: Matrix
    evidence: Flags


@dataclass(frozen=True, slots=True)
class _Rows:
    """Texts of one language; ``scores``, ``evidence`` and ``changed`` are [rows, labels of the lower level]."""

    scores: Matrix
    evidence: Flags
    changed: Flags
    any_changed: Flags  # [rows], over the labels of both levels

    def some(self, chosen: Flags) -> "_Rows":
        return _Rows(self.scores[chosen], self.evidence[chosen], self.changed[chosen], self.any_changed[chosen])


@dataclass(frozen=True, slots=True)
class _Point:
    """What the bands of one language give: [labels] of bands, how many texts leave, how many of them change."""

    bands: tuple[Band, ...]
    left: int
    changed: int


_Languages = dict[str, _Rows]
_NOTHING = _Point((), 0, 0)


def fit_exits(
    lower: Answers,
    upper: Answers,
    languages: NDArray[np.str_],
    thresholds: Mapping[str, Thresholds],
    *,
    versions: tuple[str, str],
    target: float = TARGET,
    seed: int = 7,
) -> Exits:
    """Bands by which at most ``target`` of the texts leave early with another outcome than the upper level's.

    ``languages`` [rows] are base tags as detected; ``versions`` are those of the lower and the upper artifact. The
    share is checked on halves of the rows with bands fitted on the other halves, and the budget is made smaller
    until it holds there as well; where that does not succeed, no language leaves early.
    """
    open_ = lower.evidence.any(axis=1)
    changed = _changed(lower, upper, thresholds)
    rows = _Rows(
        lower.probabilities, lower.evidence, changed[:, : len(lower.labels)], np.logical_or.reduce(changed, axis=1)
    )
    tags = sorted(set(languages[open_].tolist()))
    groups = {tag: rows.some(open_ & (languages == tag)) for tag in tags}
    kept = {tag: group for tag, group in groups.items() if len(group.scores) >= FEWEST_ROWS}
    total = int(open_.sum())
    scale, held_out = _scale(kept, target, total, seed)
    found = _spend(kept, scale * target, total)
    return sealed(
        Exits(
            format_version=EXITS_FORMAT,
            lower=versions[0],
            upper=versions[1],
            thresholds=dict(thresholds),
            target=target,
            rows=total,
            left=round(sum(point.left for point in found.values()) / max(total, 1), 4),
            changed=round(held_out, 5),
            languages={tag: _entry(lower.labels, kept[tag], point) for tag, point in found.items() if point.left},
        )
    )


def _changed(lower: Answers, upper: Answers, thresholds: Mapping[str, Thresholds]) -> Flags:
    """Whether the outcomes differ, [rows, labels]: the lower level's labels first, then the upper one's others."""
    labels = (*lower.labels, *(label for label in upper.labels if label not in lower.labels))
    columns = []
    for label in labels:
        rule = thresholds.get(label)
        outcomes = [
            _outcomes(side, label, rule) if rule else np.zeros(len(lower.evidence)) for side in (lower, upper)
        ]
        columns.append(outcomes[0] != outcomes[1])
    return np.stack(columns, axis=1)


def _outcomes(side: Answers, label: str, rule: Thresholds) -> NDArray[np.float64]:
    """0 allow, 1 review, 2 act, for each row."""
    unproven = np.full(len(side.evidence), float(rule.review_without_evidence))
    if label not in side.labels:
        return unproven
    column = side.labels.index(label)
    scores = side.probabilities[:, column]
    proven = (scores >= rule.review_from).astype(np.float64) + (scores >= rule.act_from)
    return np.where(side.evidence[:, column], proven, unproven)


def _scale(groups: _Languages, target: float, total: int, seed: int) -> tuple[float, float]:
    """The share of the budget that holds on rows that were not fitted on, and the share that changes there."""
    random = np.random.default_rng(seed)
    halves = {tag: random.permutation(len(group.scores)) % 2 == 0 for tag, group in groups.items()}
    scale = 1.0
    for _ in range(_TRIES):
        changed = 0
        for side in (True, False):
            fitted_on = {tag: group.some(halves[tag] == side) for tag, group in groups.items()}
            checked_on = {tag: group.some(halves[tag] != side) for tag, group in groups.items()}
            points = _spend(fitted_on, scale * target, total / 2)
            changed += sum(_measure(checked_on[tag], point.bands).changed for tag, point in points.items())
        if changed <= target * total:
            return scale, changed / max(total, 1)
        scale *= _SHRINK
    return 0.0, 0.0


def _spend(groups: _Languages, share: float, total: float) -> dict[str, _Point]:
    """The point of each language: again and again the step that lets the most texts leave for each one changed."""
    curves = {tag: _curve(group, share) for tag, group in groups.items()}
    chosen = dict.fromkeys(groups, _NOTHING)
    budget = share * total if share else -1.0
    while True:
        spent = sum(point.changed for point in chosen.values())
        steps = [
            (_worth(chosen[tag], point), tag, point)
            for tag, curve in curves.items()
            for point in curve
            if point.left > chosen[tag].left and spent - chosen[tag].changed + point.changed <= budget
        ]
        if not steps:
            return chosen
        _, tag, point = max(steps, key=lambda step: step[0])
        chosen[tag] = point


def _worth(now: _Point, then: _Point) -> tuple[float, int]:
    """Texts that leave for each changed one; among equals, more texts."""
    more = then.left - now.left
    cost = then.changed - now.changed
    return (more / cost if cost > 0 else float("inf")), more


def _curve(rows: _Rows, share: float) -> list[_Point]:
    """Points with more and more texts that leave, up to the cap of a language."""
    most = _LANGUAGE_CAP * share * len(rows.scores)
    counts = sorted({0, *np.geomspace(1.0, max(most, 1.0), _STEPS).astype(int).tolist()})
    points = [_measure(rows, _bands(rows, count)) for count in counts]
    return [point for point in points if point.changed <= most]


def _bands(rows: _Rows, count: int) -> tuple[Band, ...]:
    return tuple(_band(rows, label, count) for label in range(rows.scores.shape[1]))


def _band(rows: _Rows, label: int, count: int) -> Band:
    """From the changed text after the first ``count`` from below to that after the first ``count`` from above."""
    errors = np.sort(rows.scores[rows.changed[:, label] & rows.evidence[:, label], label])
    if errors.size <= count:
        return 0.5, 0.5  # the tails meet, so nothing but a single score is left between them
    low, high = float(errors[count]), float(errors[-1 - count])
    return (low, high) if low <= high else ((low + high) / 2, (low + high) / 2)


def _measure(rows: _Rows, bands: tuple[Band, ...]) -> _Point:
    if not bands:
        return _NOTHING
    low, high = np.array(bands).T
    inside = (rows.scores >= low) & (rows.scores <= high) & rows.evidence
    left = ~inside.any(axis=1)
    return _Point(bands, int(left.sum()), int((left & rows.any_changed).sum()))


def _entry(labels: tuple[str, ...], rows: _Rows, point: _Point) -> LanguageExits:
    proven: list[bool] = np.logical_or.reduce(rows.evidence, axis=0).tolist()
    bands = {
        label: (_down(low), _up(high))
        for label, (low, high), known in zip(labels, point.bands, proven, strict=True)
        if known
    }
    return LanguageExits(rows=len(rows.scores), left=point.left, changed=point.changed, bands=bands)


def _down(value: float) -> float:
    """Rounded so that the band grows."""
    return float(max(0.0, np.floor(value * 1e6) / 1e6))


def _up(value: float) -> float:
    return float(min(1.0, np.ceil(value * 1e6) / 1e6))
