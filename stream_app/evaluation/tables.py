"""What of a report fits a terminal; ``--json`` has the rest. What comes from data is shown as plain text."""

from collections.abc import Iterator

from rich.table import Table
from rich.text import Text

from models.evaluation.report import ALL, Cell, Figure, Report, SystemReport

_SHOWN = 15  # lines of the table of harmless sentences
_FEWEST = 30  # of them, to count as a language there
_COLUMNS = ("language", "+ / -", "AUC (95 %)")
_MEASURES = {
    "average_precision": "AP",
    "f1_at_review": "F1",
    "recall_at_1_percent_fpr": "R@1%",
    "recall_at_5_percent_fpr": "R@5%",
    "ece": "ECE",
    "recall_seen": "seen",
    "benign_in_review": "benign rev.",
    "fpr_at_act": "FPR act",
    "recall_at_95_percent_precision": "R@P95",
    "recall_at_act": "R act",
    "precision_at_act": "P act",
}
LEGEND = (
    "Columns named after other systems: their AUC. F1: at review_from. R@: recall at that rate of false positives. "
    "seen: positives acted on or reviewed. benign rev.: negatives in review. FPR act: negatives at act_from. "
    "R@P95: recall at 95 % precision. R act, P act: recall and precision of what is acted on. "
    "All intervals are in --json."
)


def tables(report: Report) -> Iterator[tuple[str, Table]]:
    """Titles and tables: each label, then what happens to items, harmless sentences, levels, probes."""
    first = report.systems[0]
    for label in dict.fromkeys(cell.label for cell in first.cells):
        yield plain(f"{label}: {first.name} {first.version}", 120), _label(label, report)
    yield "what happens to annotated items, all labels together", _shares(first)
    yield f"harmless sentences that are flagged, the worst languages with {_FEWEST} of them", _benign(first)
    if first.levels:
        yield "items by the level that decided", _levels(first)
    if first.identity or first.insults:
        yield "sentences that name groups: share flagged; insults against neutral words: AUC", _probes(first)
    if first.contrast:
        yield "same words, other meaning: AUC (95 %)", _contrast(first)
    if first.evasion:
        yield "what evasion costs: AUC of the same rows as they are and after noise (95 %)", _evasion(report)


def plain(text: str, most: int = 40) -> str:
    """Without what could steer a terminal."""
    return "".join(char if char.isprintable() else "?" for char in text)[:most]


def number(figure: Figure | None) -> str:
    """Three digits, empty for None."""
    return "" if figure is None else f"{figure.value:.3f}".removeprefix("0")


def with_interval(figure: Figure | None) -> str:
    """The value, then the interval where there is one."""
    if figure is None or figure.low is None or figure.high is None:
        return number(figure)
    ends = (f"{end:.3f}".removeprefix("0") for end in (figure.low, figure.high))
    return f"{number(figure)} ({'-'.join(ends)})"


def by_rows(cells: tuple[Cell, ...], label: str) -> list[Cell]:
    """The cells of a label that have both classes, "all" first, then by rows."""
    return sorted((cell for cell in cells if cell.label == label and cell.auc), key=lambda cell: -cell.rows)


def _table(*columns: str) -> Table:
    table = Table(box=None)
    for at, name in enumerate(columns):
        table.add_column(Text(name), no_wrap=True, justify="left" if at == 0 else "right")
    return table


def _add(table: Table, *cells: str) -> None:
    table.add_row(*(Text(plain(cell)) for cell in cells))


def _label(label: str, report: Report) -> Table:
    first, *rest = report.systems
    names = [plain(system.name, 16) for system in rest]
    table = _table(*_COLUMNS, *names, *_MEASURES.values())
    for cell in by_rows(first.cells, label):
        beside = [number(other.auc) if (other := _same(cell, system)) else "" for system in rest]
        measures = [number(getattr(cell, name)) for name in _MEASURES]
        sizes = f"{cell.positives:,} / {cell.negatives:,}"
        _add(table, cell.language, sizes, with_interval(cell.auc), *beside, *measures)
    return table


def _same(cell: Cell, system: SystemReport) -> Cell | None:
    return next(
        (other for other in system.cells if (other.label, other.language) == (cell.label, cell.language)), None
    )


def _shares(system: SystemReport) -> Table:
    table = _table("items", "rows", "allow", "review", "act")
    for share in system.shares:
        if share.language == ALL:
            kind = "harmful" if share.harmful else "harmless"
            _add(table, kind, f"{share.rows:,}", number(share.allow), number(share.review), number(share.act))
    return table


def _benign(system: SystemReport) -> Table:
    table = _table("language", "label", "rows", "review", "act")
    found = [cell for cell in system.benign if cell.rows >= _FEWEST or cell.language == ALL]
    found.sort(key=lambda cell: (cell.language != ALL, -(cell.at_review.value if cell.at_review else 0)))
    for cell in found[:_SHOWN]:
        _add(table, cell.language, cell.label, f"{cell.rows:,}", number(cell.at_review), number(cell.at_act))
    return table


def _levels(system: SystemReport) -> Table:
    table = _table("level", "share", "asked", "s / 1,000 asked", "CPU s / 1,000")
    for level in system.levels:
        asked = "" if level.asked is None else f"{level.asked:.1%}"
        seconds = ("" if n is None else f"{n:.3f}" for n in (level.seconds_per_1000, level.cpu_seconds_per_1000))
        _add(table, level.level, f"{level.share:.1%}", asked, *seconds)
    return table


def _probes(system: SystemReport) -> Table:
    groups = {(cell.label, cell.language): cell for cell in system.identity}
    insults = {(cell.label, cell.language): cell.auc for cell in system.insults}
    named = list(dict.fromkeys(label for label, _ in groups))
    called = list(dict.fromkeys(label for label, _ in insults))
    heads = [head for label in named for head in (f"{label} review", f"{label} act")]
    table = _table("language", *heads, *(f"{label} AUC (95 %)" for label in called))
    languages = {language for _, language in (*groups, *insults)}
    for language in sorted(languages, key=lambda tag: (tag != ALL, tag)):
        cells = [groups.get((label, language)) for label in named]
        shares = [
            number(each) for cell in cells for each in ((cell.at_review, cell.at_act) if cell else (None, None))
        ]
        _add(table, language, *shares, *(with_interval(insults.get((label, language))) for label in called))
    return table


def _contrast(system: SystemReport) -> Table:
    table = _table("language", "label", "meant / not", "AUC (95 %)")
    for cell in system.contrast:
        _add(table, cell.language, cell.label, f"{cell.meant} / {cell.not_meant}", with_interval(cell.auc))
    return table


def _evasion(report: Report) -> Table:
    table = _table("system", "label", "rows", "as they are", "after noise", "lost")
    for system in report.systems:
        for cell in system.evasion:
            figures = map(with_interval, (cell.clean, cell.noised, cell.lost))
            _add(table, system.name, cell.label, f"{cell.rows:,}", *figures)
    return table
