"""Quality of classifiers on labelled rows: by label, language and source, with intervals, side by side."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from models.classifier import Classifier
from models.evaluation.evasion import Noised, evasion_cells
from models.evaluation.probes import Probes, contrast_cells, identity_cells, insult_cells, swap_cells
from models.evaluation.report import ALL, Cell, LevelShare, Report, SystemReport
from models.evaluation.rows import LabelledText, Rows
from models.evaluation.scored import Cost, Scored, System, detected, of_classifier
from models.evaluation.slices import Bootstrap, benign_cells, label_cells, share_cells
from models.thresholds import Thresholds

Progress = Callable[[str], None]


def evaluate(
    classifier: Classifier,
    rows: Iterable[LabelledText],
    *,
    thresholds: Mapping[str, Thresholds] | None = None,
    bootstrap: int = 500,
    seed: int = 0,
) -> Report:
    """One classifier alone, without probes; see ``compare``."""
    return compare([of_classifier(classifier)], Rows.of(rows), thresholds=thresholds, bootstrap=bootstrap, seed=seed)


def compare(
    systems: Sequence[System],
    rows: Rows,
    *,
    thresholds: Mapping[str, Thresholds] | None = None,
    bootstrap: int = 500,
    seed: int = 0,
    probes: Probes | None = None,
    changed: Noised | None = None,
    progress: Progress = lambda _: None,
) -> Report:
    """Score every row under the language that is detected, as in the stream, and measure.

    Results are told apart by the languages of the data. A label of None leaves the row out for it.

    The first system is the one evaluated; the others stand beside it, measured on the same rows and resamples.
    Weak rows count in the tables of harmless sentences only. ``thresholds`` by label, 0.5 where it says nothing.
    ``changed``, from ``noised`` of the same rows, is what evasion is measured on.
    """
    limits, draws = dict(thresholds or {}), Bootstrap(bootstrap, seed)
    progress(f"detecting the language of {len(rows.texts)} texts")
    tags = detected(rows.texts)
    scores, speeds = [], []
    for system in systems:
        progress(f"scoring {len(rows.texts)} texts with {system.name}")
        began = time.perf_counter()
        scores.append((system, system.score(rows.texts, tags)))
        speeds.append(len(rows.texts) / (time.perf_counter() - began))
    cells: list[list[Cell]] = [[] for _ in systems]
    for label in dict.fromkeys(label for system in systems for label in system.labels):
        progress(f"measuring {label}")
        for found in label_cells(label, rows, scores, limits.get(label, Thresholds()), draws):
            for own, cell in zip(cells, found, strict=True):
                if cell is not None:
                    own.append(cell)
    reports = []
    for (system, scored), own, speed in zip(scores, cells, speeds, strict=True):
        progress(f"scoring made-up and noised texts with {system.name}")
        reports.append(_report(system, scored, own, rows, limits, draws, probes, changed, speed))
    return Report(
        rows=len(rows.texts),
        weak_rows=int(rows.weak.sum()),
        bootstrap=bootstrap,
        seed=seed,
        thresholds=limits,
        systems=tuple(reports),
    )


def _report(
    system: System,
    scored: Scored,
    cells: list[Cell],
    rows: Rows,
    limits: dict[str, Thresholds],
    draws: Bootstrap,
    probes: Probes | None,
    changed: Noised | None,
    speed: float,
) -> SystemReport:
    benign = [
        cell
        for at, label in enumerate(system.labels)
        for cell in benign_cells(label, rows, scored, at, limits.get(label, Thresholds()), draws)
    ]
    return SystemReport(
        role=system.role,
        name=system.name,
        version=system.version,
        texts_per_second=round(speed, 1),
        cells=tuple(cell for cell in cells if cell.source == ALL),
        sources=tuple(cell for cell in cells if cell.source != ALL),
        benign=tuple(benign),
        shares=tuple(share_cells(rows, system, scored, limits, draws)),
        levels=_levels(scored),
        identity=tuple(identity_cells(system, probes, cells, limits, draws)) if probes else (),
        insults=tuple(insult_cells(system, probes, draws)) if probes else (),
        swaps=tuple(swap_cells(system, probes, limits)) if probes else (),
        contrast=tuple(contrast_cells(system, probes, draws)) if probes else (),
        evasion=tuple(evasion_cells(system, scored, rows, changed, draws)) if changed else (),
    )


def _levels(scored: Scored) -> tuple[LevelShare, ...]:
    if not scored.levels:
        return ()
    costs = {cost.level: cost for cost in scored.costs}
    return tuple(
        _level(level, scored.levels, costs.get(level)) for level in dict.fromkeys([*costs, *sorted(scored.levels)])
    )


def _level(level: str, decided: tuple[str, ...], cost: Cost | None) -> LevelShare:
    share = round(decided.count(level) / len(decided), 5)
    if cost is None:
        return LevelShare(level=level, share=share)
    return LevelShare(
        level=level,
        share=share,
        asked=round(cost.texts / len(decided), 5),
        seconds_per_1000=round(1000 * cost.wall_seconds / cost.texts, 5) if cost.texts else None,
        cpu_seconds_per_1000=round(1000 * cost.cpu_seconds / cost.texts, 5) if cost.texts else None,
    )
