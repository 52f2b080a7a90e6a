"""The tables of the results page."""

import re
from collections.abc import Iterable

from models.evaluation.report import ALL, Benign, Cell, Figure, Point, Report, SystemReport
from models.evaluation.shortfalls import median_lead

_FEWEST = 30  # harmless sentences, for a language to be listed
_LISTED = 20  # worst languages
_MANY = 1000  # rows, for a language to have a reliability curve
_RANKING = {
    "auc": "AUC (95 %)",
    "auc_plain": "over all pairs",
    "average_precision": "average precision",
    "recall_at_1_percent_fpr": "recall at 1 % FPR",
    "recall_at_5_percent_fpr": "recall at 5 % FPR",
    "recall_at_95_percent_precision": "recall at 95 % precision",
}
_DECIDING = {
    "ece": "ECE (95 %)",
    "f1_at_review": "F1 at review_from",
    "f1_at_act": "F1 at act_from",
    "recall_at_act": "positives acted on",
    "precision_at_act": "precision of acting",
    "recall_seen": "positives seen",
    "benign_in_review": "negatives in review",
    "fpr_at_act": "negatives at act_from",
}
_BESIDE = {"auc": "AUC", "average_precision": "AP", "recall_at_5_percent_fpr": "R@5%", "ece": "ECE"}


def of_label(label: str, report: Report) -> str:
    first, *rest = report.systems
    by_rows = sorted((cell for cell in first.cells if cell.label == label), key=lambda cell: -cell.rows)
    measured = [cell for cell in by_rows if cell.auc]
    one_sided = [
        f"{plain(cell.language)} ({cell.positives:,} / {cell.negatives:,})" for cell in by_rows if not cell.auc
    ]
    parts = [f"## {plain(label)}", _leads(label, rest), _cells(measured, _RANKING), _cells(measured, _DECIDING)]
    parts += [_beside(measured, other) for other in rest]
    parts.append(_sources(label, first, rest))
    parts.append(_reliability([cell for cell in measured if cell.language == ALL or cell.rows >= _MANY]))
    if one_sided:
        parts.append(f"Without rows of both classes (+ / -): {', '.join(one_sided)}.")
    return "\n\n".join(part for part in parts if part)


def _leads(label: str, rest: list[SystemReport]) -> str:
    found = [(other, median_lead(label, other)) for other in rest]
    named = [(f"{plain(other.name)} {plain(other.version)}", lead) for other, lead in found if lead]
    return "\n".join(
        f"AUC ahead of {name}: {lead:+.4f} in the median of {count} languages." for name, (lead, count) in named
    )


def _cells(cells: list[Cell], measures: dict[str, str]) -> str:
    rows = [
        [plain(cell.language), _sizes(cell), *(_figure(getattr(cell, name)) for name in measures)] for cell in cells
    ]
    return _table(["language", "+ / -", *measures.values()], rows)


def _beside(cells: list[Cell], other: SystemReport) -> str:
    theirs = {(cell.label, cell.language): cell for cell in other.cells}
    rows = []
    for cell in cells:
        found = theirs.get((cell.label, cell.language))
        if found:
            pairs = [f"{_number(getattr(cell, name))} / {_number(getattr(found, name))}" for name in _BESIDE]
            rows.append([plain(cell.language), *pairs, _figure(found.lead, signed=True)])
    name = f"{plain(other.name)} {plain(other.version)}"
    return f"Ours / {name}:\n\n{_table(['language', *_BESIDE.values(), 'AUC ahead (95 %)'], rows)}" if rows else ""


def _sources(label: str, first: SystemReport, rest: list[SystemReport]) -> str:
    theirs = [{(cell.label, cell.source): cell for cell in other.sources} for other in rest]
    rows = []
    for cell in sorted(first.sources, key=lambda cell: -cell.rows):
        if cell.label == label and cell.auc:
            beside = [found.get((label, cell.source)) for found in theirs]
            rows.append(
                [
                    plain(cell.source),
                    _sizes(cell),
                    _figure(cell.auc),
                    *(_number(other.auc if other else None) for other in beside),
                ]
            )
    return _table(["source", "+ / -", "AUC (95 %)", *(f"{plain(other.name)} AUC" for other in rest)], rows)


def _reliability(cells: list[Cell]) -> str:
    bins = max((len(cell.reliability) for cell in cells), default=0)
    rows = [
        [plain(cell.language), *map(_point, cell.reliability), *[""] * (bins - len(cell.reliability))]
        for cell in cells
    ]
    text = f"Reliability, mean score / share of positives / rows in bins of equal mass; languages of {_MANY:,} rows."
    return f"{text}\n\n{_table(['language', *(str(at + 1) for at in range(bins))], rows)}" if bins else ""


def _point(point: Point) -> str:
    stated, observed = (f"{share:.2f}".removeprefix("0") for share in (point.stated, point.observed))
    return f"{stated} / {observed} / {point.n}"


def items(system: SystemReport) -> str:
    rows = [
        [
            plain(s.language),
            "harmful" if s.harmful else "harmless",
            f"{s.rows:,}",
            *map(_figure, (s.allow, s.review, s.act)),
        ]
        for s in system.shares
        if s.rows >= _FEWEST or s.language == ALL
    ]
    head = ["language", "items", "rows", "allow", "review", "act"]
    text = (
        "What happens to annotated items, all labels together. Harmful: any label holds. Harmless: none does, and "
        "toxicity is annotated, or spam is all that is. The others are unknown and left out."
    )
    return f"## Items\n\n{text}\n\n{_table(head, rows)}"


def harmless(system: SystemReport) -> str:
    overall = [cell for cell in system.benign if cell.language == ALL]
    listed = [cell for cell in system.benign if cell.language != ALL and cell.rows >= _FEWEST]
    listed.sort(key=lambda cell: -_value(cell))
    rows = [
        [plain(cell.language), plain(cell.label), f"{cell.rows:,}", _figure(cell.at_review), _figure(cell.at_act)]
        for cell in [*overall, *listed[:_LISTED]]
    ]
    text = f"Taken for harmless, annotated by nobody; the worst {_LISTED} languages with {_FEWEST} or more."
    return f"## Harmless sentences\n\n{text}\n\n{_table(['language', 'label', 'rows', 'review or act', 'act'], rows)}"


def _value(cell: Benign) -> float:
    return cell.at_review.value if cell.at_review else 0.0


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
                _figure(cell.at_review),
                times[0],
                _figure(cell.at_act),
                times[1],
            ]
        )
    text = (
        "Neutral, positive and counter-speech sentences naming a group, kept out of training: how many are flagged."
    )
    head = ["label", "language", "sentences", "review or act", "times the negatives", "act", "times the negatives"]
    return f"## Sentences about groups\n\n{text}\n\n{_table(head, rows)}" if rows else ""


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
    return f"## The group alone\n\n{text}\n\n{_table(head, rows)}" if rows else ""


def insults(report: Report) -> str:
    first, *rest = report.systems
    theirs = [{(cell.label, cell.language): cell.auc for cell in other.insults} for other in rest]
    rows = [
        [plain(cell.label), plain(cell.language), f"{cell.insults} / {cell.neutral}", _figure(cell.auc)]
        + [_number(found.get((cell.label, cell.language))) for found in theirs]
        for cell in first.insults
    ]
    text = (
        "Insults against neutral words in the same frames, kept out of training: .5 where only the language counts."
    )
    head = ["label", "language", "insults / neutral", "AUC (95 %)", *(f"{plain(other.name)} AUC" for other in rest)]
    return f"## Insults\n\n{text}\n\n{_table(head, rows)}" if rows else ""


def _table(head: list[str], rows: Iterable[list[str]]) -> str:
    lines = [" | ".join(row) for row in rows]
    return (
        "\n".join(f"| {line} |" for line in (" | ".join(head), " | ".join("---" for _ in head), *lines))
        if lines
        else ""
    )


def _sizes(cell: Cell) -> str:
    return f"{cell.positives:,} / {cell.negatives:,}"


def _figure(figure: Figure | None, *, signed: bool = False) -> str:
    if figure is None:
        return "-"
    value = f"{figure.value:+.3f}" if signed else f"{figure.value:.3f}"
    return value if figure.low is None or figure.high is None else f"{value} ({figure.low:.3f} to {figure.high:.3f})"


def _number(figure: Figure | None) -> str:
    return "-" if figure is None else f"{figure.value:.3f}"


def plain(text: str, most: int = 60) -> str:
    """Names come from data: nothing in them may end a cell or begin a tag."""
    return re.sub(r"[^\w .,:;()+/=@%-]", "?", text)[:most]
