"""Cells and tables of the results page; names that come from data cannot break out of them."""

import re
from collections.abc import Iterable

from models.evaluation.report import Figure


def table(head: list[str], rows: Iterable[list[str]]) -> str:
    """Empty without rows."""
    lines = [" | ".join(row) for row in rows]
    ruled = [" | ".join(head), " | ".join("---" for _ in head), *lines]
    return "\n".join(f"| {line} |" for line in ruled) if lines else ""


def figure(found: Figure | None, *, signed: bool = False) -> str:
    """The value, with its interval where there is one; a dash for None."""
    if found is None:
        return "-"
    value = f"{found.value:+.3f}" if signed else f"{found.value:.3f}"
    return value if found.low is None or found.high is None else f"{value} ({found.low:.3f} to {found.high:.3f})"


def number(found: Figure | None) -> str:
    """The value alone."""
    return "-" if found is None else f"{found.value:.3f}"


def plain(text: str, most: int = 60) -> str:
    """Names come from data: nothing in them may end a cell or begin a tag."""
    return re.sub(r"[^\w .,:;()+/=@%-]", "?", text)[:most]
