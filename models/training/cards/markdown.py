"""Markdown that names from data cannot break out of."""

from collections.abc import Iterable, Sequence

from models.training.quality_cells import plain

__all__ = ["interval", "number", "page", "paragraphs", "plain", "table"]

_EDIT = "<!-- Written by `python -m models.training.card`; edit that, not this. -->"


def page(title: str, parts: Iterable[str]) -> str:
    """A whole page; empty parts are left out."""
    return paragraphs([f"# {title}", _EDIT, *parts]) + "\n"


def paragraphs(parts: Iterable[str]) -> str:
    """Parts with a blank line between them; empty ones are left out."""
    return "\n\n".join(filter(None, parts))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Cells come clean: what is from data goes through ``plain`` before."""
    return "\n".join([_line(head), "|" + "---|" * len(head), *map(_line, rows)])


def number(value: float | None) -> str:
    """Three places, or a dash."""
    return "-" if value is None else f"{value:.3f}"


def interval(low: float | None, high: float | None) -> str:
    """Both ends, or a dash where one is missing."""
    return "-" if low is None or high is None else f"{low:.3f} to {high:.3f}"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
