"""What a report falls short of, by rules that are fixed before anybody looks at the figures."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from models.evaluation.report import ALL, Benign, Cell, Figure, Identity, Insults, Report, Share, SystemReport

_MANY_ROWS, _MANY_POSITIVES, _MANY_NEGATIVES, _SOURCE_ROWS = 1000, 500, 500, 300
_FEW = 20  # of each class; below that two classifiers cannot be told apart
# What ships, as manifests name it before the dot: linear.v1.
_LEVEL_0, _LEVEL_1, _BOTH = "linear", "transformer", "ensemble"


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
        *_items(first),
        *_probes(first),
    ]
    for other in rest:
        found += _beside(other)
    return found + _between_levels(report)


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


def _items(system: SystemReport) -> list[Shortfall]:
    shares = [share for share in system.shares if share.language != ALL]
    harmful = [share for share in shares if share.harmful and share.rows >= _MANY_POSITIVES]
    harmless = [share for share in shares if not share.harmful and share.rows >= _MANY_NEGATIVES]
    harmed = {share.language for share in harmful}
    beside = [share for share in shares if not share.harmful and share.language in harmed]
    where = f"all labels together, languages with {_MANY_NEGATIVES} of them"
    seen = f"all labels together, languages with {_MANY_POSITIVES} of them"
    other = f"all labels together, languages with {_MANY_POSITIVES} harmful ones"
    return [
        _rule(f"harmful items seen (acted on or reviewed) at least .80, {seen}", _seen(harmful), least=0.8),
        _rule(f"harmless items in review at most .25, {other}", _of_shares(beside, "review"), most=0.25),
        _rule(f"harmless items in review at most .25, {where}", _of_shares(harmless, "review"), most=0.25),
        _rule(f"harmless items acted on at most .005, {where}", _of_shares(harmless, "act"), most=0.005),
    ]


def _seen(shares: Iterable[Share]) -> list[_Case]:
    return [_Case(share.language, round(1 - share.allow.value, 5)) for share in shares if share.allow]


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
        large = [cell for cell in other.sources if _enough(cell, _SOURCE_ROWS)]
        rule = f"AUC at most .01 below the {other.name}, sources with {_SOURCE_ROWS} rows of each class"
        return [_rule(rule, _of(large, "lead"), least=-0.01)]
    cells = [cell for cell in _languages(other.cells) if _enough(cell)]
    rule = f"AUC at most .005 below {other.name} {other.version}, languages with {_FEW} rows of each class"
    return [_rule(rule, _of(cells, "lead"), least=-0.005)]


def _between_levels(report: Report) -> list[Shortfall]:
    """What the shipped levels owe each other and the baseline; without a case where one of them was not compared."""
    level_0, level_1 = _artifact(report, _LEVEL_0), _artifact(report, _LEVEL_1)
    baseline = next((system for system in report.systems if system.role == "baseline"), None)
    lower, upper = _called(level_0, _LEVEL_0), _called(level_1, _LEVEL_1)
    both = _artifact(report, _BOTH)
    together, apart = (
        [(cell, lead) for cell, lead in _ahead(level, level_0) if cell.language != ALL and _enough(cell)]
        for level in (both, level_1)
    )
    sources = [
        (cell, lead) for cell, lead in _ahead(level_0, baseline) if cell.source != ALL and _enough(cell, _SOURCE_ROWS)
    ]
    where = f"languages with {_FEW} rows of each class"
    below = f"AUC of {lower} at most .01 below the n-gram baseline, sources with {_SOURCE_ROWS} rows of each class"
    return [
        _rule(f"AUC ahead of {lower}: median of {where} at least .01", _leads(level_0), least=0.01, digits=4),
        *_alone(both, lower, where, together),
        _rule(
            f"AUC of {upper} ahead of {lower}: median of {where} at least .02", _medians(apart), least=0.02, digits=4
        ),
        _rule(f"AUC of {upper} at most .005 below {lower}, {where}", _differences(apart), least=-0.005),
        _rule(below, _differences(sources), least=-0.01),
    ]


def _alone(both: SystemReport | None, lower: str, where: str, found: list[tuple[Cell, float]]) -> list[Shortfall]:
    """Of the ensemble where it decides every text, none having left before it; nothing where it was not compared."""
    if both is None:
        return []
    rule = f"AUC of {_called(both, _BOTH)} ahead of {lower}: median of {where} at least .01"
    return [_rule(rule, _medians(found), least=0.01, digits=4)]


def _artifact(report: Report, kind: str) -> SystemReport | None:
    return next((system for system in report.systems if system.name.partition(".")[0] == kind), None)


def _called(system: SystemReport | None, otherwise: str) -> str:
    return f"{system.name} {system.version}" if system else otherwise


def _ahead(upper: SystemReport | None, lower: SystemReport | None) -> list[tuple[Cell, float]]:
    """The cells of which both have an AUC, and how far the first is ahead."""
    if upper is None or lower is None:
        return []
    theirs = {_slice(cell): cell.auc.value for cell in (*lower.cells, *lower.sources) if cell.auc}
    ours = [(cell, cell.auc.value) for cell in (*upper.cells, *upper.sources) if cell.auc and _slice(cell) in theirs]
    return [(cell, round(auc - theirs[_slice(cell)], 5)) for cell, auc in ours]


def _slice(cell: Cell) -> tuple[str, str, str]:
    return cell.label, cell.language, cell.source


def _leads(lower: SystemReport | None) -> list[_Case]:
    if lower is None:
        return []
    found = {cell.label: median_lead(cell.label, lower) for cell in lower.cells}
    return [_Case(label, lead[0]) for label, lead in found.items() if lead]


def _medians(found: list[tuple[Cell, float]]) -> list[_Case]:
    labels = dict.fromkeys(cell.label for cell, _ in found)
    return [_Case(label, median(lead for cell, lead in found if cell.label == label)) for label in labels]


def _differences(found: list[tuple[Cell, float]]) -> list[_Case]:
    return [_Case(_named(cell), lead) for cell, lead in found]


def _rule(
    rule: str, cases: Iterable[_Case], *, least: float = -math.inf, most: float = math.inf, digits: int = 3
) -> Shortfall:
    found = sorted(cases, key=lambda case: case.value, reverse=most < math.inf)
    broken = [f"{case.name} {case.value:.{digits}f}" for case in found if not least <= case.value <= most]
    return Shortfall(rule, len(found), tuple(broken))


def _of(cells: Iterable[Cell], measure: str) -> list[_Case]:
    found: list[tuple[Cell, Figure | None]] = [(cell, getattr(cell, measure)) for cell in cells]
    return [_Case(_named(cell), figure.value) for cell, figure in found if figure]


def _of_shares(shares: Iterable[Share], measure: str) -> list[_Case]:
    found: list[tuple[Share, Figure | None]] = [(share, getattr(share, measure)) for share in shares]
    return [_Case(share.language, figure.value) for share, figure in found if figure]


def _named(cell: Cell) -> str:
    return " ".join([cell.label, *(part for part in (cell.language, cell.source) if part != ALL)])


def _languages(cells: Iterable[Cell]) -> list[Cell]:
    return [cell for cell in cells if cell.language != ALL]


def _enough(cell: Cell, fewest: int = _FEW) -> bool:
    return min(cell.positives, cell.negatives) >= fewest
