"""The quality page as comma-separated values that no spreadsheet takes for formulas."""

import csv
import io

from human_review.quality.estimate import Estimate
from human_review.quality.summary import MEASURES, Row, Summary

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_PARTS = ("n", "value", "low", "high")
_ESTIMATES = ("precision", "miss_rate", "prevalence", "missed")


def inert(cell: str | float | None) -> str | float:
    """A cell that spreadsheets show as it is: words that would begin a formula get an apostrophe, numbers stay.

    Control characters are dropped.
    """
    if not isinstance(cell, str):
        return "" if cell is None else cell
    plain = "".join(sign for sign in cell if sign.isprintable() or sign in "\t\r\n")
    return f"'{plain}" if plain.lstrip().startswith(_FORMULA) or plain.startswith(_FORMULA) else plain


def as_csv(summary: Summary, rows: tuple[Row, ...]) -> str:
    """One line a label and language. A number that is missing has too few observations behind it."""
    names = [*_ESTIMATES, *(f"agreement_{name}" for name in MEASURES)]
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_MINIMAL, lineterminator="\r\n")
    writer.writerow(["computed_at", "days", "label", "language", "decided", "answers", "several", "split",
                     *(f"{name}_{part}" for name in names for part in _PARTS)])  # fmt: skip
    for row in rows:
        found = [getattr(row, name) for name in _ESTIMATES] + [row.agreement[name] for name in MEASURES]
        cells = [summary.computed_at.isoformat(), summary.days, row.label, row.language, row.decided, row.answers,
                 row.several, row.split, *_cells(found)]  # fmt: skip
        writer.writerow([inert(cell) for cell in cells])
    return out.getvalue()


def _cells(found: list[Estimate]) -> list[float | None]:
    return [getattr(one, part) for one in found for part in _PARTS]
