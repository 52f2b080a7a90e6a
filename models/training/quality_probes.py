"""The tables of the results page about made-up sentences, and about what evasion costs."""

from collections.abc import Iterable

from models.evaluation.report import Contrasted, Evasion, Figure, Insults, Report, SystemReport
from models.training.quality_cells import figure, number, plain, table


def groups(system: SystemReport) -> str:
    rows = []
    for cell in system.identity:
        times = ["-" if value is None else f"{value:.1f}" for value in (cell.times_review, cell.times_act)]
        n = cell.at_review.n if cell.at_review else 0
        rows.append(
            [
                plain(cell.label),
                plain(cell.language),
                str(n),
                figure(cell.at_review),
                times[0],
                figure(cell.at_act),
                times[1],
            ]
        )
    text = (
        "Neutral, positive and counter-speech sentences naming a group, kept out of training: how many are flagged."
    )
    head = ["label", "language", "sentences", "review or act", "times the negatives", "act", "times the negatives"]
    return f"## Sentences about groups\n\n{text}\n\n{table(head, rows)}" if rows else ""


def swaps(report: Report) -> str:
    first, *rest = report.systems
    theirs = [{(gap.label, gap.language): gap.gap for gap in other.swaps} for other in rest]
    rows = [
        [plain(each.label), plain(each.language), f"{each.frames} / {each.groups}", f"{each.gap:.3f}"]
        + [f"{plain(each.highest)} / {plain(each.lowest)}", f"{each.changed:.3f}"]
        + [f"{found[key]:.3f}" if key in found else "-" for found in theirs]
        for each in first.swaps
        for key in [(each.label, each.language)]
    ]
    text = (
        "The same neutral or positive sentence with one group after another, kept out of training. Gap: between the "
        "groups with the highest and the lowest mean score. Changed: share of the sentences in which the group alone "
        "decides whether the score reaches review_from. A few sentences a language: chance makes a gap as well."
    )
    head = ["label", "language", "sentences / groups", "gap", "highest / lowest", "changed"]
    head += [f"{plain(other.name)} gap" for other in rest]
    return f"## The group alone\n\n{text}\n\n{table(head, rows)}" if rows else ""


def insults(report: Report) -> str:
    text = (
        "Insults against neutral words in the same frames, kept out of training: .5 where only the language counts."
    )
    sizes = {(cell.label, cell.language): f"{cell.insults} / {cell.neutral}" for cell in report.systems[0].insults}
    rows = _beside(sizes, [_aucs(system.insults) for system in report.systems])
    return f"## Insults\n\n{text}\n\n{table(_head('insults / neutral', report), rows)}" if rows else ""


def contrast(report: Report) -> str:
    text = (
        "Sentences that share words and differ in what they do, kept out of training: an insult that is quoted, "
        "denied or said of oneself against one that is meant, an idiom of violence against a threat. Pairs of one "
        "language; .5 where only the words count. A few sentences a language, so read the first lines."
    )
    sizes = {(cell.label, cell.language): f"{cell.meant} / {cell.not_meant}" for cell in report.systems[0].contrast}
    rows = _beside(sizes, [_aucs(system.contrast) for system in report.systems])
    head = _head("meant / not meant", report)
    return f"## Same words, other meaning\n\n{text}\n\n{table(head, rows)}" if rows else ""


_Aucs = dict[tuple[str, str], Figure | None]


def _aucs(cells: Iterable[Insults | Contrasted]) -> _Aucs:
    return {(cell.label, cell.language): cell.auc for cell in cells}


def _beside(sizes: dict[tuple[str, str], str], systems: list[_Aucs]) -> list[list[str]]:
    """The first system's AUC with its interval, those of the others without."""
    first, *rest = systems
    return [
        [*map(plain, key), size, figure(first[key]), *(number(other.get(key)) for other in rest)]
        for key, size in sizes.items()
    ]


def _head(sizes: str, report: Report) -> list[str]:
    others = (f"{plain(other.name)} AUC" for other in report.systems[1:])
    return ["label", "language", sizes, "AUC (95 %)", *others]


def evasion(report: Report) -> str:
    """Every system beside the others, label by label."""
    labels = dict.fromkeys(cell.label for system in report.systems for cell in system.evasion)
    found = [
        (system, cell)
        for label in labels
        for system in report.systems
        for cell in system.evasion
        if cell.label == label
    ]
    text = (
        "The same annotated rows as they are and after noise, which a person still reads: typos, digits and "
        "look-alike letters, words spread, stretched, starred and run together; one or two changes a text, then "
        "normalized as in the stream. Changed: texts that still differ then. The rows are drawn by the seed, as many "
        "of each class of a label, evenly over languages and sources, so the AUC is not that of the tables above. "
        "The transformer was fine-tuned on texts changed by these same functions: expect evasion of other kinds to "
        "cost more."
    )
    head = ["label", "system", "+ / -", "changed", "AUC (95 %)", "after noise (95 %)", "lost (95 %)"]
    rows = [_evaded(system, cell) for system, cell in found]
    return f"## What evasion costs\n\n{text}\n\n{table(head, rows)}" if rows else ""


def _evaded(system: SystemReport, cell: Evasion) -> list[str]:
    sizes = f"{cell.positives:,} / {cell.rows - cell.positives:,}"
    return [
        plain(cell.label),
        plain(system.name),
        sizes,
        f"{cell.changed:.0%}",
        figure(cell.clean),
        figure(cell.noised),
        figure(cell.lost, signed=True),
    ]
