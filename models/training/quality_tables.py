"""The tables of the results page."""

from models.evaluation.report import ALL, Benign, Cell, Point, Report, SystemReport
from models.evaluation.shortfalls import median_lead
from models.training.quality_cells import figure, number, plain, table

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
        [plain(cell.language), _sizes(cell), *(figure(getattr(cell, name)) for name in measures)] for cell in cells
    ]
    return table(["language", "+ / -", *measures.values()], rows)


def _beside(cells: list[Cell], other: SystemReport) -> str:
    theirs = {(cell.label, cell.language): cell for cell in other.cells}
    rows = []
    for cell in cells:
        found = theirs.get((cell.label, cell.language))
        if found:
            pairs = [f"{number(getattr(cell, name))} / {number(getattr(found, name))}" for name in _BESIDE]
            rows.append([plain(cell.language), *pairs, figure(found.lead, signed=True)])
    name = f"{plain(other.name)} {plain(other.version)}"
    return f"Ours / {name}:\n\n{table(['language', *_BESIDE.values(), 'AUC ahead (95 %)'], rows)}" if rows else ""


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
                    figure(cell.auc),
                    *(number(other.auc if other else None) for other in beside),
                ]
            )
    return table(["source", "+ / -", "AUC (95 %)", *(f"{plain(other.name)} AUC" for other in rest)], rows)


def _reliability(cells: list[Cell]) -> str:
    bins = max((len(cell.reliability) for cell in cells), default=0)
    rows = [
        [plain(cell.language), *map(_point, cell.reliability), *[""] * (bins - len(cell.reliability))]
        for cell in cells
    ]
    text = f"Reliability, mean score / share of positives / rows in bins of equal mass; languages of {_MANY:,} rows."
    return f"{text}\n\n{table(['language', *(str(at + 1) for at in range(bins))], rows)}" if bins else ""


def _point(point: Point) -> str:
    stated, observed = (f"{share:.2f}".removeprefix("0") for share in (point.stated, point.observed))
    return f"{stated} / {observed} / {point.n}"


def items(system: SystemReport) -> str:
    rows = [
        [
            plain(s.language),
            "harmful" if s.harmful else "harmless",
            f"{s.rows:,}",
            *map(figure, (s.allow, s.review, s.act)),
        ]
        for s in system.shares
        if s.rows >= _FEWEST or s.language == ALL
    ]
    head = ["language", "items", "rows", "allow", "review", "act"]
    text = (
        "What happens to annotated items, all labels together. Harmful: any label holds. Harmless: none does, and "
        "toxicity is annotated, or spam is all that is. The others are unknown and left out."
    )
    return f"## Items\n\n{text}\n\n{table(head, rows)}"


def harmless(system: SystemReport) -> str:
    overall = [cell for cell in system.benign if cell.language == ALL]
    listed = [cell for cell in system.benign if cell.language != ALL and cell.rows >= _FEWEST]
    listed.sort(key=lambda cell: -_value(cell))
    rows = [
        [plain(cell.language), plain(cell.label), f"{cell.rows:,}", figure(cell.at_review), figure(cell.at_act)]
        for cell in [*overall, *listed[:_LISTED]]
    ]
    text = f"Taken for harmless, annotated by nobody; the worst {_LISTED} languages with {_FEWEST} or more."
    return f"## Harmless sentences\n\n{text}\n\n{table(['language', 'label', 'rows', 'review or act', 'act'], rows)}"


def _value(cell: Benign) -> float:
    return cell.at_review.value if cell.at_review else 0.0


def _sizes(cell: Cell) -> str:
    return f"{cell.positives:,} / {cell.negatives:,}"
