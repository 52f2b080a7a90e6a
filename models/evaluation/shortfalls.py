"""What a report falls short of, by rules that are fixed before anybody looks at the figures."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from models.evaluation.report import ALL, Benign, Cell, Figure, Identity, Insults, Report, SystemReport

_MANY_ROWS, _MANY_POSITIVES, _MANY_NEGATIVES, _SOURCE_ROWS = 1000, 500, 500, 300
_FEW = 20  # of each class; below that two classifiers cannot be told apart


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A rule, how many cases it was applied to, and those that break it, worst first."""

    rule: str
    cases: int
    broken: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Case:
    name: str
    value: float


def shortfalls(report: Report) -> list[Shortfall]:
    """Of the evaluated system, in the order of the rules."""
    first, *rest = report.systems
    found = [
        *_recall(first),
        *_calibration(first),
        *_alarms(first),
        *_probes(first),
    ]
    for other in rest:
        found += _beside(other)
    return found


def median_lead(label: str, other: SystemReport) -> tuple[float, int] | None:
    """Median over languages (20 rows of each class) of what the evaluated system's AUC is ahead, and their number."""
    leads = [
        cell.lead.value for cell in _languages(other.cells) if cell.label == label and cell.lead and _enough(cell)
    ]
    return (median(leads), len(leads)) if leads else None


def _recall(system: SystemReport) -> list[Shortfall]:
    cells = [cell for cell in _languages(system.cells) if cell.positives >= _MANY_POSITIVES]
    where = f"languages with {_MANY_POSITIVES} positives"
    return [
        _rule(f"positives seen (acted on or reviewed) at least .80, {where}", _of(cells, "recall_seen"), least=0.8),
        _rule(f"negatives in review at most .25, {where}", _of(cells, "benign_in_review"), most=0.25),
    ]


def _calibration(system: SystemReport) -> list[Shortfall]:
    overall = [cell for cell in system.cells if cell.language == ALL]
    large = [cell for cell in _languages(system.cells) if cell.rows >= _MANY_ROWS]
    return [
        _rule("ECE of a label at most .05, all languages together", _of(overall, "ece"), most=0.05),
        _rule(f"ECE at most .08, languages with {_MANY_ROWS} rows", _of(large, "ece"), most=0.08),
    ]


def _alarms(system: SystemReport) -> list[Shortfall]:
    cells = [cell for cell in _languages(system.cells) if cell.negatives >= _MANY_NEGATIVES]
    weak = [cell for cell in system.benign if cell.rows >= _MANY_NEGATIVES and cell.language != ALL]
    sentences = _cases((cell, cell.at_act.value if cell.at_act else None) for cell in weak)
    where = f"languages with {_MANY_NEGATIVES} of them"
    return [
        _rule(f"negatives at act_from at most .005, {where}", _of(cells, "fpr_at_act"), most=0.005),
        _rule(f"harmless sentences at act_from at most .005, {where}", sentences, most=0.005),
    ]


def _probes(system: SystemReport) -> list[Shortfall]:
    groups = "harmless sentences about groups"
    review = [(cell, _times(cell.times_review, cell.at_review)) for cell in system.identity]
    act = [(cell, _times(cell.times_act, cell.at_act)) for cell in system.identity]
    insults = [(cell, cell.auc.value if cell.auc else None) for cell in system.insults if cell.language != ALL]
    return [
        _rule(f"{groups} at review_from: at most 3 times the rate of negatives", _cases(review), most=3),
        _rule(f"{groups} at act_from: at most 3 times the rate of negatives", _cases(act), most=3),
        _rule("AUC of insults against neutral words at least .75, every language", _cases(insults), least=0.75),
    ]


def _times(times: float | None, rate: Figure | None) -> float | None:
    """Any rate is too many times a rate of 0."""
    return math.inf if times is None and rate is not None and rate.value else times


def _cases(found: Iterable[tuple[Benign | Identity | Insults, float | None]]) -> list[_Case]:
    return [_Case(f"{cell.label} {cell.language}", value) for cell, value in found if value is not None]


def _beside(other: SystemReport) -> list[Shortfall]:
    if other.role == "baseline":
        large = [cell for cell in other.sources if min(cell.positives, cell.negatives) >= _SOURCE_ROWS]
        rule = f"AUC at most .01 below the {other.name}, sources with {_SOURCE_ROWS} rows of each class"
        return [_rule(rule, _of(large, "lead"), least=-0.01)]
    cells = [cell for cell in _languages(other.cells) if _enough(cell)]
    rule = f"AUC at most .005 below {other.name} {other.version}, languages with {_FEW} rows of each class"
    return [_rule(rule, _of(cells, "lead"), least=-0.005)]


def _rule(rule: str, cases: Iterable[_Case], *, least: float = -math.inf, most: float = math.inf) -> Shortfall:
    found = sorted(cases, key=lambda case: case.value, reverse=most < math.inf)
    broken = [f"{case.name} {case.value:.3f}" for case in found if not least <= case.value <= most]
    return Shortfall(rule, len(found), tuple(broken))


def _of(cells: Iterable[Cell], measure: str) -> list[_Case]:
    found: list[tuple[Cell, Figure | None]] = [(cell, getattr(cell, measure)) for cell in cells]
    return [_Case(_named(cell), figure.value) for cell, figure in found if figure]


def _named(cell: Cell) -> str:
    return " ".join([cell.label, *(part for part in (cell.language, cell.source) if part != ALL)])


def _languages(cells: Iterable[Cell]) -> list[Cell]:
    return [cell for cell in cells if cell.language != ALL]


def _enough(cell: Cell) -> bool:
    return min(cell.positives, cell.negatives) >= _FEW
